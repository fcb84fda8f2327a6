import pytest
import torch

from segrefiner_mm.models import RefineSettings
from segrefiner_mm.windows import (
    ObjectWindows,
    RefineJob,
    TiledWindows,
    compact_masks,
)


def test_published_settings_are_the_default():
    settings = RefineSettings.from_cfg(None)
    assert isinstance(settings.windows, ObjectWindows)
    assert (settings.windows.pad, settings.windows.min_area) == (20, 512)
    assert (settings.model_size, settings.batch_size) == (256, 32)


def test_overrides_win():
    cfg = dict(batch_size=4, windows=dict(type='ObjectWindows'))
    settings = RefineSettings.from_cfg(
        cfg, batch_size=2, windows=dict(type='TiledWindows')
    )
    assert settings.batch_size == 2
    assert isinstance(settings.windows, TiledWindows)


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(batchsize=2), r"\['batchsize'\]"),
        (dict(batch_size=0), 'batch_size must be >= 1'),
        (dict(batch_size=1.5), 'batch_size must be an integer'),
        (dict(num_steps=True), 'num_steps must be an integer'),
        (dict(edge_reach=-1), 'edge_reach must be >= 0'),
        (dict(edge_reach=1.5), 'edge_reach must be an integer'),
        (dict(seed='a'), 'seed must be an integer'),
        (dict(seed=2**70), r'seed must be 0 to 2\*\*63'),
        (dict(guard=object()), 'not a guard'),
        (dict(precision='int8'), "got 'int8'"),
        (dict(windows=object()), 'not a window plan'),
    ],
)
def test_mistakes_are_named(cfg, message):
    with pytest.raises(ValueError, match=message):
        RefineSettings.from_cfg(cfg)


@pytest.mark.parametrize('keep', [False, True])
def test_probabilities_are_kept_where_they_are_asked_for(tiny_model, keep):
    """Thousands of masks of one image would hold gigabytes of them."""
    mask = torch.zeros(1, 60, 60, dtype=torch.bool)
    mask[:, 10:50, 10:50] = True
    image = torch.zeros(3, 60, 60, dtype=torch.uint8)
    settings = tiny_model.settings(num_steps=1, keep_probs=keep)
    [(_, [refined])] = tiny_model.refine(
        [RefineJob(image, compact_masks(mask), None)], settings
    )
    assert refined.verdict == 'refined'
    assert (refined.probs is not None) == keep
