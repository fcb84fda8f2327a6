"""``tools/train.py`` as a user runs it, and mistakes that users make."""

import runpy

import pytest
import torch

from tests.helpers import ROOT
from tests.test_tools.recipes import TRAIN, train, write_recipe


@pytest.fixture
def config(tmp_path):
    return write_recipe(
        'segrefiner_tiny',
        tmp_path,
        train_cfg__max_iters=2,
        train_cfg__val_interval=100,
        default_hooks__checkpoint__interval=2,
    )


def test_it_goes_on_from_its_last_checkpoint(config, tmp_path):
    work_dir = tmp_path / 'work'
    process = train(config, '--work-dir', work_dir)
    assert process.returncode == 0, process.stderr
    again = train(
        config,
        *('--work-dir', work_dir, '--resume'),
        *('--cfg-options', 'train_cfg.max_iters=4'),
    )
    assert again.returncode == 0, again.stderr
    assert 'resumed epoch: 0, iter: 2' in again.stdout
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


def test_weights_to_start_from_are_not_forgotten_by_resume(config, tmp_path):
    """There is nothing to resume yet, so load_from counts, and fails."""
    for name in ('none.pth', 'none.safetensors'):
        options = '--cfg-options', f'load_from={tmp_path / name}', '--resume'
        process = train(config, '--work-dir', tmp_path / 'work', *options)
        assert process.returncode == 2
        assert name in process.stderr


def test_one_set_of_weights_to_start_from(config, tmp_path):
    options = 'model.checkpoint=segrefiner-tiny', 'load_from=other.pth'
    process = train(config, '--cfg-options', *options)
    assert process.returncode == 2
    assert 'two sets of weights' in process.stderr
    assert 'add load_from=None' in process.stderr


def test_configs_for_tests_alone_are_refused():
    process = train(ROOT / 'configs' / 'segrefiner' / 'segrefiner_hr_dis.py')
    assert process.returncode == 2
    assert 'segrefiner_hr_dis.py has nothing to train on' in process.stderr


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('resume', "key=value, got 'resume'"),
        ('param_scheduler.9.end=1', '--cfg-options do not fit'),
    ],
)
def test_options_that_cannot_be(config, option, message):
    process = train(config, '--cfg-options', option)
    assert process.returncode == 2
    assert message in process.stderr
    assert 'Traceback' not in process.stderr


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('optim_wrapper.optimizer.lr=-1', 'Invalid learning rate'),
        ('optim_wrapper.optimizer.type=Adamm', 'of optim_wrapper does'),
        ('model.head.denoiser.colour=red', 'colour'),
        ('model.test_cfg.model_size=63', 'model_size must be a multiple'),
        ('train_dataloader.batch_size=none', 'none'),
        ('train_dataloader.dataset.pipeline.1.area=4', 'area'),
        ('train_dataloader=here', 'of train_dataloader does'),
        ('param_scheduler.0.type=Later', 'Later'),
        ('val_evaluator.type=Best', 'Best'),
        ('default_hooks.colour=None', "'assert hook is not None' fails"),
    ],
)
def test_wrong_settings_end_in_one_line(
    config, tmp_path, monkeypatch, capsys, option, message
):
    """Of any part, in the same process, which is fast."""
    assert main(config, tmp_path, monkeypatch, option) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith('train: error: ')
    assert message in error


def test_a_bug_in_a_step_keeps_its_traceback(config, tmp_path, monkeypatch):
    def step(*_, **__):
        raise ValueError('a bug')

    monkeypatch.setattr('segrefiner_mm.models.SegRefiner.train_step', step)
    with pytest.raises(ValueError, match=r'^a bug$'):
        main(config, tmp_path, monkeypatch)


def main(config, work_dir, monkeypatch, *options):
    """``tools/train.py``, without a process of its own."""
    argv = ['train.py', str(config), '--work-dir', str(work_dir / 'work')]
    argv += ['--cfg-options', *options] if options else []
    monkeypatch.setattr('sys.argv', argv)
    monkeypatch.setenv('LOCAL_RANK', '0')
    return runpy.run_path(str(TRAIN))['main']()


@pytest.mark.parametrize(
    'content', [None, 'model = dict(', "_base_ = 'no.py'"]
)
def test_configs_that_are_not_there_or_broken(tmp_path, content):
    config = tmp_path / 'nothing.py'
    if content is not None:
        config.write_text(content)
    process = train(config)
    assert process.returncode == 2
    assert 'nothing.py' in process.stderr
    assert 'Traceback' not in process.stderr
