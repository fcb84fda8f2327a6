"""Quality of a set of masks."""

from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.dis5k_measures import (
    average_dichotomous,
    dichotomous_quality,
)
from segrefiner_mm.evaluation.functional.mask_quality import (
    BoolMask,
    boundary_f,
    mask_quality,
)

Row = dict[str, Any]


def mask_row(gt: BoolMask, pred: BoolMask, dis: bool = False) -> Row:
    """Measure one mask.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.
        dis (bool): Whether to add the measures of DIS5K. Defaults to False.

    Returns:
        dict: For :func:`mask_set_figures`: ``iou``, ``boundary_iou``, ``mba``
        and ``boundary_f``, 0 to 1; ``overlap``, the areas of intersection and
        union in pixels; and with ``dis`` also ``dis``, from
        :func:`dichotomous_quality`.

    Raises:
        InputError: If the shapes differ, or ``dis`` is set and pysodmetrics is
            not installed.
        ValueError: If the masks are not (H, W).
    """
    if gt.shape != pred.shape:
        raise InputError(
            f'a mask of {pred.shape[0]} x {pred.shape[1]} pixels, the true '
            f'one has {gt.shape[0]} x {gt.shape[1]}'
        )
    row: Row = mask_quality(gt, pred)
    row['boundary_f'] = boundary_f(gt, pred)
    row['overlap'] = np.count_nonzero(gt & pred), np.count_nonzero(gt | pred)
    if dis:
        row['dis'] = dichotomous_quality(gt, pred)
    return row


def mask_set_figures(rows: list[Row]) -> dict[str, float]:
    """Compute the figures of a set of masks.

    Args:
        rows (list[dict]): From :func:`mask_row`, at least one.

    Returns:
        dict[str, float]: Means of ``iou``, ``boundary_iou``, ``mba`` and
        ``boundary_f``; ``set_iou``, the sum of all intersections divided by
        the sum of all unions, 1 if all masks are empty; and if the rows have
        ``dis``, the figures of :func:`average_dichotomous`.
    """
    names = ('iou', 'boundary_iou', 'mba', 'boundary_f')
    figures = {n: float(np.mean([row[n] for row in rows])) for n in names}
    both, either = np.sum([row['overlap'] for row in rows], axis=0).tolist()
    figures['set_iou'] = both / either if either else 1.0
    if 'dis' in rows[0]:
        figures |= average_dichotomous(np.array([row['dis'] for row in rows]))
    return figures
