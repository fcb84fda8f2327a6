"""Mask AP and Boundary AP by the rules of LVIS."""

from collections.abc import Callable
from typing import Any, ClassVar

from segrefiner_mm.evaluation.functional import evaluate_lvis
from segrefiner_mm.evaluation.metrics.coco_boundary_metric import (
    CocoBoundaryMetric,
)
from segrefiner_mm.registry import METRICS


@METRICS.register_module()
class LVISBoundaryMetric(CocoBoundaryMetric):
    """LVIS's mask AP and Boundary AP, with APr, APc and APf.

    The figures are those of :func:`evaluate_lvis`. The default ``prefix`` is
    ``'lvis'``.

    Args:
        *args: See :class:`CocoBoundaryMetric`.
        **kwargs: See :class:`CocoBoundaryMetric`.

    Raises:
        InputError: See :class:`CocoBoundaryMetric`.
    """

    default_prefix = 'lvis'
    evaluate_files: ClassVar[Callable[..., Any]] = staticmethod(evaluate_lvis)
    lvis: ClassVar[bool] = True
