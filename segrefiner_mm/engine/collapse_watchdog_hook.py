"""Stops a training run that has collapsed."""

import math
from collections import deque
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from segrefiner_mm.errors import TrainingCollapsedError
from segrefiner_mm.registry import HOOKS


@HOOKS.register_module()
class CollapseWatchdogHook(Hook):
    """Stops with an explanation when training can no longer succeed.

    That is so when the loss is not a finite number, or when the guessed masks
    have been far worse than the coarse ones that the network was shown. All
    processes agree on it, so that none is left waiting.

    Args:
        interval (int): Iterations between looks; each costs one
            synchronisation with the device. Defaults to 10.
        window (int): Iterations that the IoU is averaged over. Defaults to
            100.
        min_share (float): Smallest IoU of the guesses, as a part of that of
            the coarse masks. Defaults to 0.3.
        begin (int): Iterations before which the IoU is not looked at, as a
            network that knows nothing must learn to copy first. Defaults to
            500.
    """

    # Before checkpoints are saved.
    priority = 'NORMAL'

    def __init__(
        self,
        interval: int = 10,
        window: int = 100,
        min_share: float = 0.3,
        begin: int = 500,
    ) -> None:
        for name, value in dict(interval=interval, window=window).items():
            if value < 1:
                raise ValueError(f'{name} must be >= 1, got {value}')
        self.interval = interval
        self.min_share = min_share
        self.begin = begin
        self.looks: deque[tuple[float, float]] = deque(
            maxlen=max(window // interval, 1)
        )
        self._sums: torch.Tensor | None = None

    def before_train(self, runner: Runner) -> None:
        """Begin anew."""
        self.looks.clear()
        self._sums = None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Sum up on the device; look now and then.

        Raises:
            TrainingCollapsedError: If the run has collapsed.
        """
        if not outputs:
            return
        names = ('loss', 'iou', 'coarse_iou')
        zero = torch.zeros(())
        figures = torch.stack(
            [outputs.get(name, zero).detach().float() for name in names]
        )
        self._sums = figures if self._sums is None else self._sums + figures
        if self.every_n_train_iters(runner, self.interval):
            self._look(runner)

    def _look(self, runner: Runner) -> None:
        sums, self._sums = self._sums, None
        all_reduce(sums)
        assert sums is not None
        loss, iou, coarse = (sums / self.interval / get_world_size()).tolist()
        iteration = runner.iter + 1
        if not math.isfinite(loss):
            raise TrainingCollapsedError(
                f'training collapsed by iteration {iteration}: the loss is '
                f'{loss}. {_advice(runner)}'
            )
        self.looks.append((iou, coarse))
        if iteration < self.begin or len(self.looks) < self.looks.maxlen:
            return
        iou, coarse = (sum(c) / len(self.looks) for c in zip(*self.looks))
        if iou < self.min_share * coarse:
            raise TrainingCollapsedError(
                f'training collapsed by iteration {iteration}: the guessed '
                f'masks have an IoU of {iou:.3f} with the true ones, the '
                f'coarse masks that they are made from {coarse:.3f}. '
                f'{_advice(runner)}'
            )


def _advice(runner: Runner) -> str:
    rate = runner.optim_wrapper.get_lr()['lr'][0]
    return (
        f'The learning rate is {rate:.3g} now: lower it, keep warm-up and '
        'gradient clipping on, and start from the last good checkpoint in '
        f'{runner.work_dir}, if there is one, by load_from.'
    )
