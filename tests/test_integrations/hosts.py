"""Small real models of mmdet and mmseg, and a drawn data set for both."""

import copy
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner

import segrefiner_mm  # noqa: F401  (lets configs inherit from mmseg)
from segrefiner_mm.io.rle import decode_mask, encode_mask
from tests.helpers import GOLDEN, blocky, draw_object, tiny_model_cfg


def refiner(min_area: int) -> dict:
    """The golden network, in its fastest form."""
    windows = dict(type='ObjectWindows', min_area=min_area)
    cfg = tiny_model_cfg(windows=windows, num_steps=1, model_size=64)
    return dict(cfg, checkpoint=str(GOLDEN / 'tiny_upstream.pth'))


KEEPER = refiner(min_area=10**9)  # changes nothing
CHANGER = refiner(min_area=100)
SIZE = 96, 128
CLASSES = ('near', 'far')
CHANNELS = [16, 32, 64, 128]  # of the stages of a ResNet-18, a quarter


def need_hosts() -> None:
    """Skip a module where mmdet or mmseg is not installed.

    An installation that is broken, as one without mmcv's ops, is an error.
    """
    for name in ('mmdet', 'mmseg'):
        if find_spec(name) is None:
            pytest.skip(f'{name} is not installed', allow_module_level=True)
    for name in ('mmcv.ops', 'mmdet.models', 'mmseg.models'):
        import_module(name)


def write_scenes(folder: Path, count: int = 4) -> Path:
    """``img/``, ``label/`` with 0 to 2, and ``coco.json``."""
    for name in ('img', 'label'):
        (folder / name).mkdir(parents=True)
    rng = np.random.default_rng(3)
    coco: dict = dict(
        images=[],
        annotations=[],
        categories=[dict(id=i, name=n) for i, n in enumerate(CLASSES, 1)],
    )
    height, width = SIZE
    for index in range(count):
        image, mask = draw_object(rng, *SIZE)
        name = f'{index:03d}'
        label = mask * (1 + index % 2)
        cv2.imwrite(str(folder / 'img' / f'{name}.png'), image)
        cv2.imwrite(str(folder / 'label' / f'{name}.png'), label)
        coco['images'].append(
            dict(id=index, file_name=f'{name}.png', height=height, width=width)
        )
        coco['annotations'].append(
            dict(
                id=index + 1,
                image_id=index,
                category_id=1 + index % 2,
                iscrowd=0,
                area=int(mask.sum()),
                bbox=list(cv2.boundingRect(mask)),
                segmentation=encode_mask(mask),
            )
        )
    (folder / 'coco.json').write_text(json.dumps(coco))
    return folder


def predictions(cfg: Config, checkpoint: str) -> list:
    """Data samples of the test loop."""
    cfg = copy.deepcopy(cfg)
    cfg.load_from = checkpoint
    cfg.test_evaluator = cfg.val_evaluator = []
    runner = Runner.from_cfg(cfg)
    runner.load_or_resume()
    model = runner.model.eval()
    with torch.no_grad():
        loader = runner.build_dataloader(cfg.test_dataloader)
        return [s for batch in loader for s in model.test_step(batch)]


def refined(
    cfg: Config, wrapper: str, refiner: object, **options: Any
) -> Config:
    """A config with the refiner added, as a user adds it."""
    cfg = cfg.copy()
    cfg.model = dict(
        cfg.model,
        type=f'segrefiner_mm.{wrapper}',
        base_type=cfg.model.type,
        refiner=refiner,
        **options,
    )
    return cfg


def write_results(folder: Path, count: int) -> Path:
    """``results.json`` of the first scenes, as a coarse model sees them."""
    content = json.loads((folder / 'coco.json').read_text())
    results = [
        dict(
            image_id=annotation['image_id'],
            category_id=annotation['category_id'],
            score=0.9 - 0.1 * number,
            segmentation=encode_mask(
                blocky(decode_mask(annotation['segmentation']))
            ),
        )
        for number, annotation in enumerate(content['annotations'][:count])
    ]
    file = folder / 'results.json'
    file.write_text(json.dumps(results))
    return file


def inherit(base: str) -> Config:
    """A config of an installed package."""
    return Config.fromstring(f'_base_ = {base!r}', '.py')


def mask_rcnn(data: Path) -> Config:
    """Mask R-CNN as mmdet ships it, shallow, for small images."""
    cfg = inherit('mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py')
    _shrink_resnet(cfg.model)
    cfg.model.neck.update(in_channels=CHANNELS, out_channels=64)
    cfg.model.rpn_head.update(in_channels=64, feat_channels=64)
    for head in ('bbox_head', 'mask_head'):
        cfg.model.roi_head[head].update(num_classes=len(CLASSES))
        cfg.model.roi_head[head].in_channels = 64
    for part in ('bbox_roi_extractor', 'mask_roi_extractor'):
        cfg.model.roi_head[part].out_channels = 64
    cfg.model.roi_head.bbox_head.fc_out_channels = 64
    # A thousand proposals an image take most of the time.
    cfg.model.test_cfg.rpn.update(nms_pre=60, max_per_img=30)
    cfg.model.test_cfg.rcnn.update(max_per_img=6, score_thr=0.0)
    return _for_scenes(cfg, data)


def solov2(data: Path) -> Config:
    """SOLOv2, whose masks are floats where it finds nothing."""
    cfg = inherit('mmdet::solov2/solov2_r50_fpn_1x_coco.py')
    _shrink_resnet(cfg.model)
    cfg.model.neck.in_channels = CHANNELS
    cfg.model.mask_head.num_classes = len(CLASSES)
    cfg.model.mask_head.feat_channels = 64
    cfg.model.test_cfg.update(score_thr=0.99, max_per_img=6)
    return _for_scenes(cfg, data)


def mask2former(data: Path) -> Config:
    """Mask2Former for panoptic segmentation: 2 things and 1 stuff class."""
    cfg = inherit(
        'mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco-panoptic.py'
    )
    model = cfg.model
    _shrink_resnet(model)
    model.panoptic_head.in_channels = CHANNELS
    for part in (model.panoptic_head, model.panoptic_fusion_head):
        part.num_things_classes, part.num_stuff_classes = 2, 1
    model.panoptic_head.loss_cls.class_weight = [1.0] * 3 + [0.1]
    model.panoptic_head.num_queries = 8
    model.panoptic_head.transformer_decoder.num_layers = 1
    model.panoptic_head.pixel_decoder.encoder.num_layers = 1
    model.test_cfg.max_per_image = 6
    model.test_cfg.object_mask_thr = 0.0
    model.test_cfg.iou_thr = 0.0
    model.data_preprocessor.batch_augments = None
    return _for_scenes(cfg, data)


def segmentor(
    data: Path, num_classes: int = 3, binary: bool = False
) -> Config:
    """PSPNet as mmseg ships it, shallow, for small images."""
    cfg = inherit(
        'mmseg::pspnet/pspnet_r18-d8_4xb2-80k_cityscapes-512x1024.py'
    )
    cfg.model.pretrained = None
    norm = dict(type='BN')
    cfg.norm_cfg = cfg.model.backbone.norm_cfg = norm
    cfg.model.backbone.update(stem_channels=16, base_channels=16)
    cfg.model.decode_head.update(
        norm_cfg=norm, num_classes=num_classes, in_channels=128, channels=128
    )
    if binary:
        cfg.model.decode_head.update(
            num_classes=2,
            out_channels=1,
            threshold=0.3,
            loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True),
        )
    cfg.model.auxiliary_head = None
    cfg.model.data_preprocessor.size = None
    cfg.model.data_preprocessor.size_divisor = 32
    dataset = dict(
        type='BaseSegDataset',
        data_root=str(data),
        data_prefix=dict(img_path='img', seg_map_path='label'),
        img_suffix='.png',
        seg_map_suffix='.png',
        metainfo=dict(
            classes=('ground', *CLASSES),
            palette=[[0, 0, 0], [200, 0, 0], [0, 200, 0]],
        ),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(160, 120), keep_ratio=True),
            dict(type='LoadAnnotations'),
            dict(type='PackSegInputs'),
        ],
    )
    cfg.train_dataloader = cfg.train_cfg = None
    cfg.optim_wrapper = cfg.param_scheduler = None
    cfg.test_pipeline = dataset['pipeline']
    loader = dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dataset,
    )
    cfg.test_dataloader = cfg.val_dataloader = ConfigDict(loader)
    cfg.val_evaluator = cfg.test_evaluator = dict(
        type='IoUMetric', iou_metrics=['mIoU']
    )
    cfg.work_dir = str(data / 'work')
    return cfg


def _shrink_resnet(model: ConfigDict) -> None:
    model.backbone.update(
        depth=18,
        stem_channels=16,
        base_channels=16,
        init_cfg=None,
        frozen_stages=-1,
    )


def _for_scenes(cfg: Config, data: Path) -> Config:
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(160, 120), keep_ratio=True),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(
            type='PackDetInputs',
            meta_keys=(
                'img_id',
                'img_path',
                'ori_shape',
                'img_shape',
                'scale_factor',
            ),
        ),
    ]
    loader = dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='CocoDataset',
            data_root=str(data),
            ann_file='coco.json',
            data_prefix=dict(img='img/'),
            metainfo=dict(classes=CLASSES),
            test_mode=True,
            pipeline=pipeline,
        ),
    )
    cfg.train_dataloader = cfg.train_cfg = None
    cfg.optim_wrapper = cfg.param_scheduler = None
    cfg.test_dataloader = cfg.val_dataloader = ConfigDict(loader)
    cfg.val_evaluator = cfg.test_evaluator = dict(
        type='CocoMetric',
        ann_file=str(data / 'coco.json'),
        metric=['segm'],
    )
    cfg.work_dir = str(data / 'work')
    return cfg
