"""Every config that adds the refiner to a model of mmdet or mmseg."""

import cv2
import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, init_default_scope

from tests.helpers import ROOT, draw_object
from tests.test_integrations.hosts import need_hosts

need_hosts()

CONFIGS = [
    path
    for host in ('mmdet', 'mmseg')
    for path in sorted((ROOT / 'configs' / host).glob('*.py'))
]


# Two refiners on the same host differ in their own config alone, so that the
# second one is slow, for the time that it takes to build the host.
@pytest.mark.parametrize(
    'path',
    [
        pytest.param(
            path,
            id=path.stem,
            marks=[pytest.mark.slow] if path.stem.endswith('tiny') else [],
        )
        for path in CONFIGS
    ],
)
def test_builds_and_predicts(path, tmp_path):
    """The real architectures on a small image."""
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    if cfg.default_scope == 'mmseg':
        cfg.model.pretrained = None
        for part in (cfg.model.backbone, cfg.model.decode_head):
            if part.get('norm_cfg', {}).get('type') == 'SyncBN':
                part.norm_cfg = dict(type='BN')
    model = MODELS.build(cfg.model).eval()
    model.settings = model.refiner.settings(model_size=64, num_steps=1)
    image, _ = draw_object(np.random.default_rng(0))
    file = tmp_path / 'image.png'
    cv2.imwrite(str(file), image)
    pipeline = [
        step
        for step in cfg.test_dataloader.dataset.pipeline
        if 'Annotations' not in step.type
    ]
    for step in pipeline:
        if step.type == 'Resize':
            step.scale = (192, 128)
    data = Compose(pipeline)(dict(img_path=str(file), img_id=0))
    with torch.no_grad():
        [sample] = model.test_step(pseudo_collate([data]))
    if 'pred_sem_seg' in sample:
        assert sample.pred_sem_seg.data.shape == (1, *image.shape[:2])
        return
    if 'pred_panoptic_seg' in sample:
        ids = sample.pred_panoptic_seg.sem_seg
        assert ids.shape == (1, *image.shape[:2])
        return
    assert sample.pred_instances.masks.shape[1:] == image.shape[:2]
    assert sample.pred_instances.masks.dtype == torch.bool


def test_all_are_listed():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    listed = [
        model['Config']
        for file in index['Import']
        for model in yaml.safe_load((ROOT / file).read_text())['Models']
    ]
    assert len(listed) == len(set(listed))
    assert {str(path.relative_to(ROOT)) for path in CONFIGS} <= set(listed)
    assert all((ROOT / config).is_file() for config in listed)
