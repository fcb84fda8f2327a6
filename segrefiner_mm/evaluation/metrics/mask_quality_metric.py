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
    ``set_iou`` is the sum of all intersections over that of all unions, which
    papers call IoU, ``coarse_*`` are those of the masks that they were made
    from, all 0 to 1;
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
            # One entry per image, which mmengine counts by.
            rows = [
                dict(
                    coarse=_qualities(true, before),
                    refined=_qualities(true, after),
                    changed=bool((before != after).any()),
                )
                for true, before, after in zip(
                    gt, coarse, refined, strict=True
                )
            ]
            self.results.append(rows)

    def compute_metrics(self, results: list[list]) -> dict[str, float]:
        """Average over all masks.

        Args:
            results (list[list[dict]]): From :meth:`process`, one entry per
                image.

        Returns:
            dict[str, float]: See the class.
        """
        rows = [row for image in results for row in image]
        if not rows:
            return {}
        coarse = np.array([row['coarse'] for row in rows])
        refined = np.array([row['refined'] for row in rows])
        losses = coarse[:, 0] - refined[:, 0]
        return {
            **_means('', refined),
            **_means('coarse_', coarse),
            'harmed': float((losses > self.harm).mean()),
            'changed': float(np.mean([row['changed'] for row in rows])),
        }


def _means(prefix: str, rows: np.ndarray) -> dict[str, float]:
    *means, both, either = rows.mean(axis=0).tolist()
    figures = dict(zip(QUALITIES, means, strict=True))
    figures['set_iou'] = both / either if either else 1.0
    return {f'{prefix}{name}': value for name, value in figures.items()}


def _qualities(gt: np.ndarray, mask: np.ndarray) -> list[float]:
    """Its figures, and the sizes of intersection and union."""
    figures = mask_quality(gt, mask)
    overlap = np.count_nonzero(gt & mask), np.count_nonzero(gt | mask)
    return [*(figures[name] for name in QUALITIES), *overlap]
