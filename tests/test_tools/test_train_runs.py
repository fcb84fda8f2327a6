"""Runs that are broken off, shared out, fed badly, or that collapse."""

import json

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.models.checkpoint import read_state_dict
from tests.test_tools.recipes import scalars, train, write_recipe

EXACT = dict(
    optim_wrapper__enabled=False,  # float32
    train_cfg__max_iters=6,
    train_cfg__val_interval=100,
    default_hooks__checkpoint__interval=3,
)
# Averages the losses of all processes, which the log does not.
HOOK = """
import json
from mmengine.dist import all_reduce, get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class WriteLosses(Hook):
    def __init__(self, path):
        self.path, self.losses = path, []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        loss = outputs['loss'].detach().clone()
        all_reduce(loss, 'mean')
        self.losses.append(loss.item())

    def after_train(self, runner):
        if get_rank() == 0:
            open(self.path, 'w').write(json.dumps(self.losses))
"""


def test_a_resumed_run_is_the_unbroken_one(tmp_path):
    """With workers, on the slope of the cosine, with a moving average."""
    config = write_recipe(
        'segrefiner_tiny',
        tmp_path,
        **EXACT,
        train_dataloader__num_workers=1,
        param_scheduler__1__begin=1,
        param_scheduler__1__T_max=10,
    )
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    first = train(config, '--work-dir', whole)
    assert first.returncode == 0, first.stderr
    options = '--work-dir', resumed, '--resume', whole / 'iter_3.pth'
    second = train(config, *options)
    assert second.returncode == 0, second.stderr
    losses = [
        {line['step']: line['loss'] for line in scalars(run) if 'loss' in line}
        for run in (whole, resumed)
    ]
    assert sorted(losses[1]) == [4, 5, 6]
    assert all(losses[0][step] == losses[1][step] for step in (4, 5, 6))
    weights = [read_state_dict(run / 'iter_6.pth') for run in (whole, resumed)]
    assert all(torch.equal(weights[0][n], weights[1][n]) for n in weights[0])


@pytest.mark.slow
def test_two_processes_are_one_with_the_same_total_batch(tmp_path):
    (tmp_path / 'write_losses.py').write_text(HOOK)
    losses = []
    for processes in (1, 2):
        work_dir = tmp_path / f'work{processes}'
        config = write_recipe(
            'segrefiner_tiny',
            tmp_path / str(processes),
            **EXACT,
            train_dataloader__batch_size=8 // processes,
            custom_imports=dict(imports=['write_losses']),
            custom_hooks=[
                dict(
                    type='mmengine.WriteLosses',
                    path=str(tmp_path / f'{processes}.json'),
                )
            ],
        )
        config = config.rename(tmp_path / f'{processes}.py')
        process = train(config, '--work-dir', work_dir, processes=processes)
        assert process.returncode == 0, process.stderr
        losses.append(json.loads((tmp_path / f'{processes}.json').read_text()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert len(set(losses[0])) == 6


@pytest.mark.slow
def test_a_run_that_collapses_stops_and_says_so(tmp_path):
    config = write_recipe(
        'segrefiner_tiny',
        tmp_path,
        optim_wrapper__optimizer__lr=1.0,
        train_cfg__max_iters=400,
    )
    process = train(config, '--work-dir', tmp_path / 'work')
    assert process.returncode == 1, process.stderr[-2000:]
    message = process.stderr.splitlines()[-1]
    assert message.startswith('train: stopped: training collapsed by iter')
    assert 'learning rate' in message
    assert 'load_from' in message
    assert 'Traceback' not in process.stderr
    assert len(scalars(tmp_path / 'work')) < 100


def test_bad_data_in_a_worker(tmp_path):
    """Some files are bad: named, and trained without. All are: exit 2."""
    config = write_recipe(
        'segrefiner_tiny',
        tmp_path,
        train_cfg__max_iters=4,
        train_cfg__val_interval=100,
        train_dataloader__num_workers=2,
    )
    data = tmp_path / 'FolderRefineDataset' / '12'
    (data / 'images' / '000.jpg').write_bytes(b'broken')
    cv2.imwrite(str(data / 'masks' / '001.png'), np.zeros((96, 128)))
    process = train(config, '--work-dir', tmp_path / 'some')
    assert process.returncode == 0, process.stderr
    for name in ('000.jpg', '001.png'):
        lines = process.stdout.splitlines()
        assert any('skipped' in line and name in line for line in lines)
    for path in (data / 'images').iterdir():
        path.write_bytes(b'broken')
    process = train(config, '--work-dir', tmp_path / 'none')
    assert process.returncode == 2
    assert 'samples in a row could not be used' in process.stderr
    assert 'Traceback' not in process.stderr
