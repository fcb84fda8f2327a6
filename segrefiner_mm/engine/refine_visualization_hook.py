"""A hook that draws refined masks during validation and testing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmcv
from mmengine.hooks import Hook
from mmengine.runner import Runner

from segrefiner_mm.registry import HOOKS
from segrefiner_mm.structures import RefineDataSample


@HOOKS.register_module()
class RefineVisualizationHook(Hook):
    """Draws outlines of coarse, true and refined masks of the first images.

    The images are read again from ``img_path`` of the samples, and drawn by
    the :class:`RefineVisualizer` of the runner, in the first process.

    Args:
        draw (bool): Whether to draw at all. Defaults to True.
        count (int): Maximum number of images per validation or test. Defaults
            to 8.
        draw_gt (bool): Whether to draw the true masks too. Defaults to True.
    """

    def __init__(
        self, draw: bool = True, count: int = 8, draw_gt: bool = True
    ) -> None:
        self.draw = draw
        self.count = count
        self.draw_gt = draw_gt
        self._drawn = 0

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Reset the number of drawn images."""
        self._drawn = 0

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[RefineDataSample] | dict[Any, Any] | None = None,
        mode: str = 'train',
    ) -> None:
        """Draw the samples that have just been refined."""
        if mode == 'train' or not self.draw or runner.rank != 0:
            return
        step = runner.iter if mode == 'val' else 0
        for sample in (outputs or ())[: self.count - self._drawn]:
            image = mmcv.imread(sample.img_path, channel_order='rgb')
            runner.visualizer.add_datasample(
                Path(sample.img_path).stem,
                image,
                sample,
                draw_gt=self.draw_gt,
                step=step,
            )
            self._drawn += 1
