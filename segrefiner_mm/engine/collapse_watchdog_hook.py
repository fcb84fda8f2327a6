"""A hook that stops a training run that has collapsed."""

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
    """Stops a training run that can no longer succeed, and explains why.

    The run is stopped if the loss is not finite or many times the loss at the
    start, or if the predicted masks are far worse than the coarse masks on
    average over ``window`` iterations. All processes decide together, so that
    none is left waiting.

    Args:
        interval (int): Iterations between checks, 1 or more; each check costs
            one device synchronisation. Defaults to 10.
        window (int): Iterations over which the IoU is averaged, 1 or more.
            Defaults to 100.
        max_growth (float): Largest loss, as a multiple of the loss at the
            first check. Defaults to 20.
        min_share (float): Smallest IoU of the predicted masks, as a fraction
            of the IoU of the coarse masks; a network that predicts foreground
            everywhere has about 0.3. Defaults to 0.6.
        begin (int): Iterations before the IoU is checked, as an untrained
            network must first learn to copy the coarse mask. Defaults to
            1000.

    Raises:
        ValueError: If ``interval`` or ``window`` is less than 1.
    """

    # Run before checkpoints are saved.
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
        """Discard the figures of an earlier run.

        Args:
            runner (Runner): Not used.
        """
        self.looks.clear()
        self._seen.clear()
        self._first_loss = None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Collect figures on the device, and check them at intervals.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Not used.
            data_batch (Any): Not used. Defaults to None.
            outputs (dict, optional): Scalar tensors ``loss``, ``iou`` and
                ``coarse_iou``; a missing IoU counts as 0. Defaults to None:
                nothing is checked.

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
        f'{runner.work_dir}, if there is one, with load_from.'
    )
