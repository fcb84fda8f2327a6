"""``tools/train.py`` as a user runs it, on drawn pairs, for a few steps."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.models.checkpoint import read_state_dict
from tests.helpers import ROOT, tiny_denoiser_cfg

CONFIG = """
_base_ = [
    '{root}/configs/segrefiner/segrefiner_tiny.py',
    '{root}/configs/_base_/datasets/folder_128.py',
    '{root}/configs/_base_/schedules/refine_20k.py',
]
model = dict(head=dict(denoiser=dict(_delete_=True, **{denoiser})))
train_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False,
    sampler=dict(batch_size=2), dataset=dict(data_root='{data}'),
)
train_cfg = dict(max_iters=2)
"""


@pytest.fixture
def config(tmp_path):
    for name in ('images', 'masks'):
        (tmp_path / name).mkdir()
    for index in range(4):
        image = np.full((100, 120, 3), 120, np.uint8)
        mask = np.zeros((100, 120), np.uint8)
        cv2.circle(mask, (60, 50), 20 + 3 * index, 255, -1)
        image[mask > 0] = 40
        cv2.imwrite(str(tmp_path / 'images' / f'{index}.png'), image)
        cv2.imwrite(str(tmp_path / 'masks' / f'{index}.png'), mask)
    path = tmp_path / 'config.py'
    path.write_text(
        CONFIG.format(root=ROOT, data=tmp_path, denoiser=tiny_denoiser_cfg())
    )
    return path


def train(config, *options):
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / 'train.py', config, *options],
        cwd=ROOT,
        env={'PYTHONPATH': str(ROOT), 'PATH': '', 'OMP_NUM_THREADS': '2'},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_run_and_its_checkpoint(config, tmp_path):
    work_dir = tmp_path / 'work'
    options = 'default_hooks.checkpoint.interval=2'
    process = train(config, '--work-dir', work_dir, '--cfg-options', options)
    assert process.returncode == 0, process.stderr
    weights = read_state_dict(work_dir / 'iter_2.pth')
    assert 'head.denoiser.time_embed.weight' in weights
    again = train(
        config,
        *('--work-dir', work_dir, '--resume'),
        *('--cfg-options', 'train_cfg.max_iters=4', options),
    )
    assert again.returncode == 0, again.stderr
    assert (work_dir / 'iter_4.pth').is_file()


def test_weights_that_carry_code_are_refused(config, tmp_path):
    class Code:
        def __reduce__(self):
            return open, (str(tmp_path / 'executed'), 'w')

    torch.save(dict(state_dict={}, code=Code()), tmp_path / 'evil.pth')
    options = f'load_from={tmp_path / "evil.pth"}'
    process = train(config, '--cfg-options', options)
    assert process.returncode == 2
    assert 'without executing code' in process.stderr
    assert not (tmp_path / 'executed').exists()


def test_options_without_a_value(config):
    process = train(config, '--cfg-options', 'resume')
    assert process.returncode == 2
    assert "key=value, got 'resume'" in process.stderr


def test_missing_config(tmp_path):
    process = train(tmp_path / 'nothing.py')
    assert process.returncode == 2
    assert 'nothing.py' in process.stderr
    assert 'Traceback' not in process.stderr
