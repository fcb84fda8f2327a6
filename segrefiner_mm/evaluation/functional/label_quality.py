"""Quality of maps with one label per pixel."""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.mask_quality import boundary_width

LabelMap = npt.NDArray[np.integer[Any]]


def label_overlaps(
    gt: LabelMap, pred: LabelMap, num_classes: int, ignore: int = 255
) -> npt.NDArray[np.int64]:
    """Intersections and unions of every class, of areas and of boundaries.

    Boundaries are those of Boundary IoU (arXiv 2103.16562), found for all
    classes at once: a pixel is near the boundary of its class if there is
    another label within 2 % of the image's diagonal, or the image ends.
    Pixels that the truth ignores are ignored in both.

    Args:
        gt (np.ndarray): True labels, (H, W), 0 to ``num_classes - 1`` or
            ``ignore``.
        pred (np.ndarray): Predicted labels, same shape.
        num_classes (int): Number of classes.
        ignore (int): Label of pixels that do not count. Defaults to 255.

    Returns:
        np.ndarray: (4, num_classes) int64: intersections and unions of the
        areas, then of the boundaries.

    Raises:
        InputError: If the shapes differ.
    """
    if gt.shape != pred.shape:
        raise InputError(
            f'label maps of {gt.shape} and {pred.shape} pixels cannot be '
            'compared'
        )
    counted = gt != ignore
    # As 16 bits, which OpenCV can filter; the ignored get a label of theirs.
    truth, found = (
        np.where(counted, labels, num_classes).astype(np.uint16)
        for labels in (gt, pred)
    )
    edges = [near_boundary(labels) & counted for labels in (truth, found)]
    everywhere = [counted, counted]
    return np.concatenate(
        [
            _overlaps(truth, found, where, num_classes)
            for where in (everywhere, edges)
        ]
    )


def near_boundary(labels: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    """Pixels within 2 % of the image's diagonal of another label or the end.

    Args:
        labels (np.ndarray): (H, W) uint16, below 65535.

    Returns:
        np.ndarray: (H, W) bool.
    """
    width = boundary_width(labels.shape)
    # Another label all around, which a minimum or a maximum will find.
    framed = cv2.copyMakeBorder(
        labels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=np.iinfo(np.uint16).max
    )
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    lowest, highest = cv2.erode(framed, kernel), cv2.dilate(framed, kernel)
    return (lowest != highest)[1:-1, 1:-1]


def label_figures(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    """Means over the classes of a data set.

    Args:
        counts (np.ndarray): (4, num_classes), the sum of what
            :func:`label_overlaps` found.

    Returns:
        dict[str, float]: ``mIoU`` and ``boundary_mIoU``, 0 to 1, over the
        classes that are in the truth or in the predictions; nan without any.
    """
    return {
        name: float(np.nanmean(ious)) if (ious >= 0).any() else math.nan
        for name, ious in label_ious(counts).items()
    }


def label_ious(
    counts: npt.NDArray[np.int64],
) -> dict[str, npt.NDArray[np.float64]]:
    """IoU and Boundary IoU of every class, nan where it is nowhere.

    Args:
        counts (np.ndarray): See :func:`label_figures`.

    Returns:
        dict[str, np.ndarray]: ``mIoU`` and ``boundary_mIoU``, each
        (num_classes,).
    """
    area, edge = counts[:2], counts[2:]
    with np.errstate(invalid='ignore'):  # 0 / 0 is nan
        return dict(mIoU=area[0] / area[1], boundary_mIoU=edge[0] / edge[1])


def _overlaps(
    truth: LabelMap,
    found: LabelMap,
    where: list[npt.NDArray[np.bool_]],
    num_classes: int,
) -> npt.NDArray[np.int64]:
    """Intersections and unions of every class, in these pixels."""
    in_truth, in_found = where
    same = in_truth & in_found & (truth == found)
    both, true, other = (
        np.bincount(labels, minlength=num_classes)[:num_classes]
        for labels in (truth[same], truth[in_truth], found[in_found])
    )
    return np.stack([both, true + other - both])
