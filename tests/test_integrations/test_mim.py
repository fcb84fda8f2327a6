"""The commands of mim, where onedl-mim or openmim is installed."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from tests.helpers import ROOT
from tests.test_integrations.hosts import (
    KEEPER,
    mask_rcnn,
    need_hosts,
    refined,
    write_scenes,
)
from tests.test_tools.recipes import write_recipe

MIM = Path(sys.executable).with_name('mim')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MIM.is_file(), reason='mim is not installed'),
]
need_hosts()


def mim(*argv):
    """Run mim; its whole output."""
    process = subprocess.run(
        [MIM, *map(str, argv)],
        capture_output=True,
        text=True,
        timeout=500,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    output = process.stdout + process.stderr
    assert process.returncode == 0, output
    return output


def test_search():
    found = mim('search', 'segrefiner_mm')
    assert 'segrefiner_tiny' in found
    assert 'mask-rcnn_r50_fpn_1x_coco_segrefiner-tiny' in found


def test_train(tmp_path):
    config = write_recipe(
        'segrefiner_tiny',
        tmp_path,
        train_cfg__max_iters=2,
        train_cfg__val_interval=100,
        default_hooks__checkpoint__interval=2,
    )
    mim('train', 'segrefiner_mm', config, '--work-dir', tmp_path / 'work')
    assert (tmp_path / 'work' / 'iter_2.pth').is_file()


def test_test_of_this_package(tmp_path):
    scenes = write_scenes(tmp_path / 'data', 2)
    (scenes / 'results.json').write_text('[]')
    config = tmp_path / 'config.py'
    config.write_text(
        f"""
_base_ = '{ROOT}/configs/segrefiner/segrefiner_lr_coco.py'
model = dict(head=dict(denoiser=dict(
    model_channels=32, num_res_blocks=1, channel_mult=(1, 1, 2, 2, 4),
    attention_strides=(16,))))
test_dataloader = dict(num_workers=0, dataset=dict(
    data_root='{scenes}', ann_file='coco.json',
    data_prefix=dict(img='img'), results_file='{scenes}/results.json'))
test_evaluator = dict(ann_file='{scenes}/coco.json')
work_dir = '{tmp_path}/work'
"""
    )
    options = ['--checkpoint', 'segrefiner-tiny']
    printed = mim('test', 'segrefiner_mm', config, *options)
    assert 'coco/boundary_AP' in printed


def test_test_of_mmdet(tmp_path):
    """Nothing but the config names this package."""
    init_default_scope('mmdet')
    cfg = mask_rcnn(write_scenes(tmp_path / 'data', 2))
    checkpoint = tmp_path / 'mask_rcnn.pth'
    torch.save(MODELS.build(cfg.model).state_dict(), checkpoint)
    config = tmp_path / 'config.py'
    refined(cfg, 'RefinedDetector', KEEPER).dump(config)
    options = ['--checkpoint', checkpoint]
    printed = mim('test', 'onedl-mmdetection', config, *options)
    assert 'coco/segm_mAP' in printed
