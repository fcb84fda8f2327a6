"""Made-up losses and IoUs; a real collapse is in tests/test_tools."""

from types import SimpleNamespace

import pytest
import torch

from segrefiner_mm.engine import CollapseWatchdogHook
from segrefiner_mm.errors import TrainingCollapsedError


def run(hook, losses, iou=0.9, coarse_iou=0.7):
    """Feed the hook; the number of iterations that it let through."""
    runner = SimpleNamespace(
        iter=0,
        work_dir='work',
        optim_wrapper=SimpleNamespace(get_lr=lambda: {'lr': [0.25]}),
    )
    hook.before_train(runner)
    for runner.iter, loss in enumerate(losses):
        outputs = dict(loss=loss, iou=iou, coarse_iou=coarse_iou)
        tensors = {k: torch.tensor(float(v)) for k, v in outputs.items()}
        hook.after_train_iter(runner, 0, outputs=tensors)


def test_a_healthy_run_goes_on():
    run(CollapseWatchdogHook(interval=1, window=2, begin=0), [1.0] * 50)


@pytest.mark.parametrize('loss', [float('nan'), float('inf')])
def test_a_loss_that_is_no_number(loss):
    hook = CollapseWatchdogHook(interval=5)
    with pytest.raises(
        TrainingCollapsedError, match=r'by iteration 10: the loss is (nan|inf)'
    ) as stopped:
        run(hook, [1.0] * 7 + [loss] + [1.0] * 20)
    assert 'learning rate is 0.25' in str(stopped.value)


def test_a_loss_that_explodes():
    hook = CollapseWatchdogHook(interval=2)
    with pytest.raises(
        TrainingCollapsedError, match='the loss is 30, at first it was 1'
    ):
        run(hook, [1.0] * 6 + [30.0] * 4)


def test_guesses_far_worse_than_the_coarse_masks():
    hook = CollapseWatchdogHook(interval=2, window=6, begin=20)
    with pytest.raises(TrainingCollapsedError, match='by iteration 20') as e:
        run(hook, [1.0] * 50, iou=0.1)
    assert 'IoU of 0.100' in str(e.value)
    assert '0.700' in str(e.value)


def test_all_foreground_is_a_collapse():
    """Such guesses have an IoU of 0.25 where objects fill a quarter."""
    hook = CollapseWatchdogHook(interval=1, window=4, begin=0)
    with pytest.raises(TrainingCollapsedError, match=r'IoU of 0\.250'):
        run(hook, [1.0] * 10, iou=0.25)


def test_a_beginner_is_given_time():
    hook = CollapseWatchdogHook(interval=2, window=6, begin=60)
    run(hook, [1.0] * 50, iou=0.0)


def test_settings_are_checked():
    with pytest.raises(ValueError, match='interval must be >= 1'):
        CollapseWatchdogHook(interval=0)
