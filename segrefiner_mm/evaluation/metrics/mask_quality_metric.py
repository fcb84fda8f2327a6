"""Quality of coarse and refined masks, side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.evaluator import BaseMetric

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional.dis5k_measures import (
    measures_of_dis,
)
from segrefiner_mm.evaluation.functional.mask_set import (
    mask_row,
    mask_set_figures,
)
from segrefiner_mm.evaluation.metrics.coarse_and_refined import SIDES, name_of
from segrefiner_mm.registry import METRICS


@METRICS.register_module()
class MaskQualityMetric(BaseMetric):
    """IoU, Boundary IoU and other measures of coarse and refined masks.

    ``iou``, ``boundary_iou``, ``mba`` and ``boundary_f`` are means over the
    refined masks. ``set_iou`` is the sum of all intersections divided by the
    sum of all unions, which papers call IoU. ``coarse_*`` are the figures of
    the coarse masks. ``harmed`` is the fraction of masks that refinement made
    worse, and ``changed`` the fraction of masks that refinement changed at
    all, which a guard keeps low. All are 0 to 1. Without masks, there are no
    figures.

    For label maps see :class:`SemanticBoundaryMetric`, for panoptic maps
    :class:`PanopticBoundaryMetric`.

    Args:
        harm (float): A mask is made worse if it loses more IoU than this, 0
            to 1. Defaults to 0.02.
        dis (bool): Whether to give the measures of DIS5K too: ``max_f``,
            ``weighted_f``, ``mae``, ``s_measure``, ``e_measure`` and, in
            clicks, ``hce``. They take seconds for a large mask. Defaults to
            False.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'refine'``.

    Raises:
        InputError: If ``dis`` is set and pysodmetrics is not installed.
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

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Compare the masks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): With ``gt_instances``,
                ``coarse_instances`` and ``pred_instances``, ``masks``
                (N, H, W) each.

        Raises:
            InputError: If ``masks`` are missing, or differ in number or size.
        """
        for sample in data_samples:
            name = name_of(sample)
            masks = []
            for part in ('gt', 'coarse', 'pred'):
                instances = sample.get(f'{part}_instances')
                if instances is None or 'masks' not in instances:
                    raise InputError(f'{name}: {part}_instances has no masks')
                masks.append(instances['masks'].bool().cpu().numpy())
            if len({len(part) for part in masks}) > 1:
                raise InputError(
                    f'{name}: the numbers of true, coarse and refined masks '
                    f'differ: {", ".join(str(len(part)) for part in masks)}'
                )
            try:
                # mmengine expects one entry per image.
                rows = [self._compare(*m) for m in zip(*masks, strict=True)]
            except InputError as error:
                raise InputError(f'{name}: {error}') from None
            self.results.append(rows)

    def compute_metrics(self, results: list[list[Any]]) -> dict[str, float]:
        """Average over all masks.

        Args:
            results (list[list[dict]]): From :meth:`process`, one entry per
                image.

        Returns:
            dict[str, float]: Figures by name; see the class.
        """
        rows = [row for image in results for row in image]
        if not rows:
            return {}
        figures = {}
        for side, prefix in SIDES:
            own = mask_set_figures([row[side] for row in rows])
            figures.update({prefix + name: v for name, v in own.items()})
        log_comparison(figures)
        losses = [row['coarse']['iou'] - row['pred']['iou'] for row in rows]
        harmed = np.array(losses) > self.harm
        changed = [row['changed'] for row in rows]
        return figures | dict(
            harmed=float(harmed.mean()), changed=float(np.mean(changed))
        )

    def _compare(
        self,
        gt: npt.NDArray[Any],
        coarse: npt.NDArray[Any],
        refined: npt.NDArray[Any],
    ) -> dict[str, Any]:
        return dict(
            coarse=mask_row(gt, coarse, self.dis),
            pred=mask_row(gt, refined, self.dis),
            changed=bool((coarse != refined).any()),
        )
