"""Coarse against refined masks, as an evaluator of the runner."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from segrefiner_mm.evaluation.functional import mask_quality
from segrefiner_mm.registry import METRICS

QUALITIES = ('iou', 'boundary_iou', 'mba')


@METRICS.register_module()
class MaskQualityMetric(BaseMetric):
    """IoU, Boundary IoU and mBA of coarse and refined masks, side by side.

    ``iou``, ``boundary_iou`` and ``mba`` are means over the refined masks,
    ``coarse_*`` those of the masks that they were made from, all 0 to 1;
    ``harmed`` is the share of masks that refinement made worse, ``changed``
    the share of those that it changed at all, which a guard keeps low.

    Args:
        harm (float): Loss of IoU, 0 to 1, that counts as made worse. Defaults
            to 0.02.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'refine'``.
    """

    default_prefix = 'refine'

    def __init__(
        self,
        harm: float = 0.02,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.harm = harm

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Compare the masks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): With ``gt_instances``,
                ``coarse_instances`` and ``pred_instances``, ``masks``
                (N, H, W) each.
        """
        for sample in data_samples:
            gt, coarse, refined = (
                sample[f'{name}_instances']['masks'].cpu().numpy()
                for name in ('gt', 'coarse', 'pred')
            )
            rows = [
                [
                    [*_qualities(true, before), 0.0],
                    [*_qualities(true, after), (before != after).any()],
                ]
                for true, before, after in zip(
                    gt, coarse, refined, strict=True
                )
            ]
            self.results.append(rows)

    def compute_metrics(self, results: list[list]) -> dict[str, float]:
        """Average over all masks.

        Args:
            results (list[list]): From :meth:`process`, one entry per image.

        Returns:
            dict[str, float]: See the class.
        """
        rows = np.array([row for rows in results for row in rows])
        if not len(rows):
            return {}
        coarse, refined = rows.mean(axis=0)
        before = [f'coarse_{name}' for name in QUALITIES]
        figures = dict(zip(QUALITIES, refined.tolist(), strict=False))
        figures |= zip(before, coarse.tolist(), strict=False)
        losses = rows[:, 0, 0] - rows[:, 1, 0]
        figures['harmed'] = float((losses > self.harm).mean())
        figures['changed'] = float(refined[-1])
        return figures


def _qualities(gt: np.ndarray, mask: np.ndarray) -> list[float]:
    figures = mask_quality(gt, mask)
    return [figures[name] for name in QUALITIES]
