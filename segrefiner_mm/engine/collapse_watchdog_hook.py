"""Stops a training run that has collapsed."""

import math
from collections import deque
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner

from segrefiner_mm.errors import TrainingCollapsedError
from segrefiner_mm.registry import HOOKS


@HOOKS.register_module()
class CollapseWatchdogHook(Hook):
    """Stops with an explanation when training can no longer succeed.

    That is so when the loss is not a finite number or many times what it was
    at first, or when the guessed masks have been far worse than the coarse
    ones that the network was shown. All processes agree on it, so that none
    is left waiting.

    Args:
        interval (int): Iterations between looks; each costs one
            synchronisation with the device. Defaults to 10.
        window (int): Iterations that the IoU is averaged over. Defaults to
            100.
        max_growth (float): Largest loss, as a multiple of that of the first
            look. Defaults to 20.
        min_share (float): Smallest IoU of the guesses, as a part of that of
            the coarse masks; all foreground has about 0.3. Defaults to 0.6.
        begin (int): Iterations before which the IoU is not looked at, as a
            network that knows nothing must learn to copy first. Defaults to
            1000.
    """

    # Before checkpoints are saved.
    priority = 'NORMAL'

    def __init__(
        self,
        interval: int = 10,
        window: int = 100,
        max_growth: float = 20.0,
        min_share: float = 0.6,
        begin: int = 1000,
    ) -> None:
        for name, value in dict(interval=interval, window=window).items():
            if value < 1:
                raise ValueError(f'{name} must be >= 1, got {value}')
        self.interval = interval
        self.max_growth = max_growth
        self.min_share = min_share
        self.begin = begin
        self.looks: deque[tuple[float, float]] = deque(
            maxlen=max(window // interval, 1)
        )
        self._seen: list[torch.Tensor] = []
        self._first_loss: float | None = None

    def before_train(self, runner: Runner) -> None:
        """Begin anew."""
        self.looks.clear()
        self._seen.clear()
        self._first_loss = None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Collect, on the device; look now and then.

        Raises:
            TrainingCollapsedError: If the run has collapsed.
        """
        if not outputs:
            return
        loss = outputs['loss'].detach().float()
        zero = loss.new_zeros(())
        shares = [outputs.get(name, zero) for name in ('iou', 'coarse_iou')]
        self._seen.append(torch.stack([loss, *shares]))
        if self.every_n_train_iters(runner, self.interval):
            self._look(runner)

    def _look(self, runner: Runner) -> None:
        mean = torch.stack(self._seen).mean(0)
        self._seen.clear()
        all_reduce(mean, 'mean')
        loss, iou, coarse_iou = mean.tolist()
        if not math.isfinite(loss):
            raise _collapse(runner, f'the loss is {loss}')
        if self._first_loss is None:
            self._first_loss = loss
        if loss > self.max_growth * self._first_loss:
            raise _collapse(
                runner,
                f'the loss is {loss:.3g}, at first it was '
                f'{self._first_loss:.3g}',
            )
        self.looks.append((iou, coarse_iou))
        full = len(self.looks) == self.looks.maxlen
        if runner.iter + 1 < self.begin or not full:
            return
        iou, coarse_iou = np.mean(self.looks, axis=0)
        if iou < self.min_share * coarse_iou:
            raise _collapse(
                runner,
                f'the guessed masks have an IoU of {iou:.3f} with the true '
                f'ones, the coarse masks that they are made from '
                f'{coarse_iou:.3f}',
            )


def _collapse(runner: Runner, what: str) -> TrainingCollapsedError:
    rate = runner.optim_wrapper.get_lr()['lr'][0]
    return TrainingCollapsedError(
        f'training collapsed by iteration {runner.iter + 1}: {what}. The '
        f'learning rate is {rate:.3g} now: lower it, keep warm-up and '
        'gradient clipping on, and start from the last good checkpoint in '
        f'{runner.work_dir}, if there is one, by load_from.'
    )
