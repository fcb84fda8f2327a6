"""Models that are fitted here predict coarsely; refined, they score higher."""

import copy
import json
from runpy import run_path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

from segrefiner_mm.io.rle import encode_mask
from tests.helpers import ROOT
from tests.test_integrations.hosts import (
    mask_rcnn,
    need_hosts,
    refined,
    segmentor,
)

need_hosts()

SIZE = 192, 256


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Twelve textured objects, each before a texture."""
    folder = tmp_path_factory.mktemp('fitted') / 'data'
    for name in ('img', 'label'):
        (folder / name).mkdir(parents=True)
    draw = run_path(str(ROOT / 'tools' / 'dataset_tools' / 'draw_scenes.py'))
    rng = np.random.default_rng(0)
    coco = dict(images=[], annotations=[], categories=[])
    coco['categories'] = [dict(id=1, name='near'), dict(id=2, name='far')]
    for index in range(12):
        cover = np.zeros(SIZE)
        while not 4000 < (cover > 0.5).sum() < 15000:
            cover = draw['shape'](rng, *SIZE)
        mask = (cover > 0.5).astype(np.uint8)
        cover = cover[..., None]
        image = draw['texture'](rng, *SIZE) * (1 - cover)
        image += draw['texture'](rng, *SIZE) * cover
        name = f'{index:03d}.png'
        cv2.imwrite(str(folder / 'img' / name), image.clip(0, 255))
        cv2.imwrite(str(folder / 'label' / name), mask)
        size = dict(height=SIZE[0], width=SIZE[1])
        coco['images'].append(dict(id=index, file_name=name, **size))
        coco['annotations'].append(
            dict(
                id=index + 1,
                image_id=index,
                category_id=1,
                iscrowd=0,
                area=int(mask.sum()),
                bbox=list(cv2.boundingRect(mask)),
                segmentation=encode_mask(mask),
            )
        )
    (folder / 'coco.json').write_text(json.dumps(coco))
    return folder


def fit(cfg, loader, iterations, rate):
    """Weights after some steps of AdamW."""
    model = MODELS.build(cfg.model).train()
    batches = list(Runner.build_dataloader(loader))
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for iteration in range(iterations):
        batch = copy.deepcopy(batches[iteration % len(batches)])
        losses = model(**model.data_preprocessor(batch, True), mode='loss')
        loss, _ = model.parse_losses(losses)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    return model.state_dict()


def figures(cfg, weights):
    runner = Runner.from_cfg(copy.deepcopy(cfg))
    runner.model.load_state_dict(weights)
    return runner.test()


@pytest.mark.slow
def test_mean_iou_of_a_segmentor_rises(data):
    init_default_scope('mmseg')
    cfg = segmentor(data, num_classes=2)
    cfg.model.backbone.update(strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1))
    # As wide as published: it has to learn something.
    cfg.model.backbone.update(stem_channels=64, base_channels=64)
    cfg.model.decode_head.update(in_channels=512, channels=64)
    dataset = cfg.test_dataloader.dataset
    dataset.metainfo = dict(classes=('ground', 'near'), palette=[[0] * 3] * 2)
    dataset.pipeline[1].scale = (128, 96)
    weights = fit(cfg, cfg.test_dataloader, iterations=60, rate=1e-3)
    before = figures(cfg, weights)['mIoU']
    better = refined(cfg, 'RefinedSegmentor', 'segrefiner-tiny')
    assert figures(better, weights)['mIoU'] > before + 1  # of 100


@pytest.mark.slow
def test_mask_and_boundary_ap_of_a_detector_rise(data):
    init_default_scope('mmdet')
    cfg = mask_rcnn(data)
    cfg.model.backbone.norm_cfg = dict(type='BN')
    cfg.model.backbone.norm_eval = False
    cfg.model.train_cfg.rcnn.sampler.num = 24
    cfg.model.train_cfg.rpn.sampler.num = 64
    cfg.model.train_cfg.rpn_proposal.max_per_img = 100
    cfg.model.test_cfg.rpn.max_per_img = 50
    cfg.model.test_cfg.rcnn.update(max_per_img=2, score_thr=0.1)
    cfg.test_dataloader.dataset.pipeline[1].scale = (192, 144)
    loader = copy.deepcopy(cfg.test_dataloader)
    loader.dataset.test_mode = False
    load, resize, annotate, _ = loader.dataset.pipeline
    pack = dict(type='PackDetInputs')
    loader.dataset.pipeline = [load, annotate, resize, pack]
    weights = fit(cfg, loader, iterations=150, rate=4e-4)
    cfg.test_evaluator = cfg.val_evaluator = dict(
        type='segrefiner_mm.CocoBoundaryMetric',
        ann_file=str(data / 'coco.json'),
    )
    before = figures(cfg, weights)
    better = refined(cfg, 'RefinedDetector', 'segrefiner-tiny')
    after = figures(better, weights)
    assert before['coco/segm_AP'] > 0.1  # it has learned something
    for kind in ('segm', 'boundary'):
        assert after[f'coco/{kind}_AP'] > before[f'coco/{kind}_AP'] + 0.02
