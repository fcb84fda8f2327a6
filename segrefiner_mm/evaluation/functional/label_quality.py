"""Quality of label maps."""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.mask_quality import boundary_width

LabelMap = npt.NDArray[np.integer[Any]]
# The largest that 16 bits hold beside the label of ignored pixels.
MOST_LABEL = 65_534


def label_overlaps(
    gt: LabelMap, pred: LabelMap, num_classes: int, ignore: int = 255
) -> npt.NDArray[np.int64]:
    """Count intersections and unions of the areas and boundaries of classes.

    Boundaries are those of Boundary IoU (arXiv 2103.16562), computed for all
    classes at once: a pixel is near the boundary of its class if another label
    or the image border is within 2 % of the image's diagonal. Pixels that the
    ground truth ignores are ignored in both.

    Args:
        gt (np.ndarray): True labels, (H, W), 0 to ``num_classes - 1`` or
            ``ignore``.
        pred (np.ndarray): Predicted labels, same shape, 0 to 65,534.
        num_classes (int): Number of classes, at most 65,534.
        ignore (int): Label of pixels that do not count. Defaults to 255.

    Returns:
        np.ndarray: (4, num_classes) int64: intersections and unions of the
        areas, then of the boundaries.

    Raises:
        InputError: If the shapes differ, or a predicted label is out of range
            where it counts.
    """
    if gt.shape != pred.shape:
        raise InputError(
            f'label maps of {gt.shape} and {pred.shape} pixels cannot be '
            'compared'
        )
    counted = gt != ignore
    beyond = counted & ((pred < 0) | (pred > MOST_LABEL))
    if beyond.any():
        raise InputError(
            f'the predicted label {pred[beyond][0]} is not within 0 to '
            f'{MOST_LABEL}'
        )
    # OpenCV can filter 16 bits; ignored pixels get a label of their own.
    truth, predicted = (
        np.where(counted, labels, num_classes).astype(np.uint16)
        for labels in (gt, pred)
    )
    edges = [near_boundary(labels) & counted for labels in (truth, predicted)]
    everywhere = [counted, counted]
    return np.concatenate(
        [
            _overlaps(truth, predicted, where, num_classes)
            for where in (everywhere, edges)
        ]
    )


def near_boundary(labels: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    """Mark pixels near another label or the image border.

    Near is within 2 % of the image's diagonal.

    Args:
        labels (np.ndarray): (H, W) uint16, below 65535.

    Returns:
        np.ndarray: (H, W) bool.
    """
    width = boundary_width(labels.shape)
    # A frame of another label, which a minimum or a maximum will find.
    framed = cv2.copyMakeBorder(
        labels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=np.iinfo(np.uint16).max
    )
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    lowest, highest = cv2.erode(framed, kernel), cv2.dilate(framed, kernel)
    return (lowest != highest)[1:-1, 1:-1]


def label_figures(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    """Average over the classes of a data set.

    Args:
        counts (np.ndarray): (4, num_classes), the sum of the results of
            :func:`label_overlaps`.

    Returns:
        dict[str, float]: ``mIoU`` and ``boundary_mIoU``, 0 to 1, over the
        classes in the ground truth or the predictions; NaN if there are none.
    """
    return {
        name: float(np.nanmean(ious)) if (ious >= 0).any() else math.nan
        for name, ious in label_ious(counts).items()
    }


def label_ious(
    counts: npt.NDArray[np.int64],
) -> dict[str, npt.NDArray[np.float64]]:
    """Compute IoU and Boundary IoU of every class; NaN for absent classes.

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
    predicted: LabelMap,
    where: list[npt.NDArray[np.bool_]],
    num_classes: int,
) -> npt.NDArray[np.int64]:
    """Count intersections and unions of every class in some pixels."""
    in_truth, in_predicted = where
    same = in_truth & in_predicted & (truth == predicted)
    both, true, other = (
        np.bincount(labels, minlength=num_classes)[:num_classes]
        for labels in (truth[same], truth[in_truth], predicted[in_predicted])
    )
    return np.stack([both, true + other - both])
