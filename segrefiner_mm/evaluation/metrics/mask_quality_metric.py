"""Coarse against refined masks, as an evaluator of the runner."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional import (
    average_dichotomous,
    boundary_f,
    dichotomous_quality,
    mask_quality,
)
from segrefiner_mm.evaluation.functional.dichotomous_quality import (
    measures_of_dis,
)
from segrefiner_mm.registry import METRICS

QUALITIES = ('iou', 'boundary_iou', 'mba', 'boundary_f')


@METRICS.register_module()
class MaskQualityMetric(BaseMetric):
    """IoU, Boundary IoU, mBA and more of coarse and refined masks.

    ``iou``, ``boundary_iou``, ``mba`` and ``boundary_f`` are means over the
    refined masks, ``set_iou`` is the sum of all intersections over that of
    all unions, which papers call IoU, ``coarse_*`` are those of the masks
    that they were made from, all 0 to 1; ``harmed`` is the share of masks
    that refinement made worse, ``changed`` the share of those that it changed
    at all, which a guard keeps low.

    For label maps there is :class:`SemanticBoundaryMetric`, for panoptic maps
    :class:`PanopticBoundaryMetric`.

    Args:
        harm (float): Loss of IoU, 0 to 1, that counts as made worse. Defaults
            to 0.02.
        dis (bool): Whether to give the measures of DIS5K too, ``max_f``,
            ``weighted_f``, ``mae``, ``s_measure``, ``e_measure`` and ``hce``,
            which takes seconds for a large mask. Defaults to False.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'refine'``.

    Raises:
        InputError: If ``dis`` is asked for and pysodmetrics is not installed.
    """

    default_prefix = 'refine'

    def __init__(
        self,
        harm: float = 0.02,
        dis: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.harm = harm
        self.dis = dis
        if dis:
            measures_of_dis()

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
                sample[f'{name}_instances']['masks'].bool().cpu().numpy()
                for name in ('gt', 'coarse', 'pred')
            )
            # One entry per image, which mmengine counts by.
            rows = [
                self._compare(true, before, after)
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
        figures = {}
        for kind, prefix in (('refined', ''), ('coarse', 'coarse_')):
            means = _means(np.array([row[kind] for row in rows]))
            if self.dis:
                own = np.array([row[f'{kind}_dis'] for row in rows])
                means.update(average_dichotomous(own))
            figures.update({prefix + name: v for name, v in means.items()})
        losses = [row['coarse'][0] - row['refined'][0] for row in rows]
        harmed = np.array(losses) > self.harm
        changed = [row['changed'] for row in rows]
        log_comparison(figures)
        return figures | dict(
            harmed=float(harmed.mean()), changed=float(np.mean(changed))
        )

    def _compare(
        self, gt: np.ndarray, coarse: np.ndarray, refined: np.ndarray
    ) -> dict[str, Any]:
        row: dict[str, Any] = dict(changed=bool((coarse != refined).any()))
        for kind, mask in (('coarse', coarse), ('refined', refined)):
            row[kind] = _qualities(gt, mask)
            if self.dis:
                row[f'{kind}_dis'] = dichotomous_quality(gt, mask)
        return row


def _means(rows: np.ndarray) -> dict[str, float]:
    *means, both, either = rows.mean(axis=0).tolist()
    figures = dict(zip(QUALITIES, means, strict=True))
    figures['set_iou'] = both / either if either else 1.0
    return figures


def _qualities(gt: np.ndarray, mask: np.ndarray) -> list[float]:
    """Its figures, and the sizes of intersection and union."""
    figures = mask_quality(gt, mask) | dict(boundary_f=boundary_f(gt, mask))
    overlap = np.count_nonzero(gt & mask), np.count_nonzero(gt | mask)
    return [*(figures[name] for name in QUALITIES), *overlap]
