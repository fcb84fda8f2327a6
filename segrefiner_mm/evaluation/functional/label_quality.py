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

    Boundaries are defined as for Boundary IoU (arXiv 2103.16562), for all
    classes at once: a pixel is near the boundary of its class if another label
    or the image border is within 2 % of the image's diagonal. Pixels that are
    ignored in the ground truth are ignored in the prediction too.

    Args:
        gt (np.ndarray): True labels, (H, W) int, 0 to ``num_classes - 1`` or
            ``ignore``.
        pred (np.ndarray): Predicted labels, (H, W) int, 0 to 65,534; labels
            from ``num_classes`` match no class.
        num_classes (int): Number of classes, at most 65,534.
        ignore (int): True label of pixels that do not count. Defaults to 255.

    Returns:
        np.ndarray: (4, num_classes) int64, in pixels: intersections and unions
        of the areas, then of the boundaries.

    Raises:
        InputError: If the shapes differ, or a predicted label is out of range
            in a pixel that counts.
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

    A pixel is near if another label or the border is at most 2 % of the
    image's diagonal away, in rows and in columns.

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
    """Average IoU and Boundary IoU over the classes of a data set.

    Args:
        counts (np.ndarray): (4, num_classes), the sum of the results of
            :func:`label_overlaps`.

    Returns:
        dict[str, float]: ``mIoU`` and ``boundary_mIoU``, 0 to 1, over the
        classes that occur in the ground truth or the predictions; NaN if no
        class occurs.
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
        dict[str, np.ndarray]: ``mIoU`` (IoU of each class) and
        ``boundary_mIoU`` (Boundary IoU of each class), (num_classes,) float64,
        0 to 1.
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
    """Count intersections and unions of every class in the given pixels."""
    in_truth, in_predicted = where
    same = in_truth & in_predicted & (truth == predicted)
    both, true, other = (
        np.bincount(labels, minlength=num_classes)[:num_classes]
        for labels in (truth[same], truth[in_truth], predicted[in_predicted])
    )
    return np.stack([both, true + other - both])
