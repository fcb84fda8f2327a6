"""Every shipped config builds and predicts.

The numbers of parameters are those that the papers and the model card give.
"""

import pytest
import torch
from mmengine.config import Config

from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.windows import REFINED, RefineJob, compact_masks
from tests.helpers import ROOT

CONFIGS = sorted((ROOT / 'configs' / 'segrefiner').glob('segrefiner_*.py'))


def test_there_are_configs():
    assert {'segrefiner_tiny', 'segrefiner_lr', 'segrefiner_hr'} <= {
        path.stem for path in CONFIGS
    }


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_the_network_is_that_of_the_paper(path):
    """Without memory for its weights."""
    with torch.device('meta'):
        model = build_child(MODELS, Config.fromfile(path).model)
    parameters = sum(p.numel() for p in model.parameters())
    sizes = dict(tiny=3.24, lite=3.58, lr=118.60, hr=118.60)
    millions = sizes[path.stem.split('_')[1]]
    assert parameters / 1e6 == pytest.approx(millions, abs=0.005)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_builds_and_predicts(path):
    """Small windows, two steps, and a network of few channels and blocks."""
    cfg = Config.fromfile(path).model
    if cfg.head.denoiser.type == 'DenoiseUNet':
        cfg.head.denoiser.update(model_channels=32, num_res_blocks=1)
    model = build_child(MODELS, cfg).eval()
    settings = model.settings(model_size=64, num_steps=2, guard=None)
    image = torch.randint(0, 255, (3, 90, 120), dtype=torch.uint8)
    mask = torch.zeros(1, 90, 120, dtype=torch.bool)
    mask[:, 20:70, 30:80] = True
    job = RefineJob(image, compact_masks(mask), None)
    [(_, [refined])] = model.refine([job], settings)
    assert refined.verdict == REFINED
    assert 0 < refined.confidence <= 1
    assert refined.pixels.shape == (refined.box.height, refined.box.width)


def test_only_bundled_models_are_guarded_by_their_configs():
    guarded = {
        path.stem
        for path in CONFIGS
        if Config.fromfile(path).model.test_cfg.guard is not None
    }
    bundled = {
        path.stem
        for path in CONFIGS
        if path.stem.startswith(('segrefiner_lite', 'segrefiner_tiny'))
    }
    assert guarded == bundled


@pytest.mark.parametrize('name', ['segrefiner_lite', 'segrefiner_tiny'])
def test_bundled_weights_fit_their_config(name):
    from segrefiner_mm.models.checkpoint import load_weights

    cfg = Config.fromfile(ROOT / 'configs' / 'segrefiner' / f'{name}.py').model
    model = build_child(MODELS, cfg)
    load_weights(model, name.replace('_', '-'))
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters <= 4_000_000


@pytest.mark.parametrize('scope', ['mmengine', 'segrefiner_mm', 'other'])
def test_bare_names_resolve_under_any_default_scope(scope):
    from mmengine.registry import MODELS as ROOT_MODELS
    from mmengine.registry import DefaultScope

    cfg = Config.fromfile(CONFIGS[-1]).model
    with DefaultScope.overwrite_default_scope(scope):
        model = ROOT_MODELS.build(dict(cfg, type='segrefiner_mm.SegRefiner'))
    assert type(model).__name__ == 'SegRefiner'
