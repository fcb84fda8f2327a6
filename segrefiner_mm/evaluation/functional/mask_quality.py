"""Quality of one mask, of its area and of its boundary."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

BoolMask = npt.NDArray[np.bool_]

MBA_RADII = 5
DILATION_RATIO = 0.02


def mask_quality(gt: BoolMask, pred: BoolMask) -> dict[str, float]:
    """Compare a mask with the true mask.

    Args:
        gt (np.ndarray): True mask, (H, W), bool or with values 0 and 1.
        pred (np.ndarray): Predicted mask, (H, W), bool or with values 0 and 1.

    Returns:
        dict[str, float]: ``iou``, ``boundary_iou`` and ``mba`` (mean boundary
        accuracy), 0 to 1.

    Raises:
        ValueError: If the shapes differ or are not (H, W).

    Examples:
        >>> mask_quality(np.eye(4, dtype=bool), np.eye(4, dtype=bool))['iou']
        1.0
    """
    if gt.ndim != 2 or gt.shape != pred.shape:
        raise ValueError(
            f'expected two masks (H, W), got {gt.shape} and {pred.shape}'
        )
    gt, pred = gt.astype(bool), pred.astype(bool)
    return dict(
        iou=mask_iou(gt, pred),
        boundary_iou=boundary_iou(gt, pred),
        mba=mean_boundary_accuracy(gt, pred),
    )


def mask_iou(gt: BoolMask, pred: BoolMask) -> float:
    """Compute the intersection over union.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.

    Returns:
        float: 0 to 1; 1 for two empty masks.
    """
    union = np.count_nonzero(gt | pred)
    return np.count_nonzero(gt & pred) / union if union else 1.0


def boundary_iou(
    gt: BoolMask, pred: BoolMask, dilation_ratio: float = DILATION_RATIO
) -> float:
    """Compute Boundary IoU (arXiv 2103.16562), the IoU of inner edges.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.
        dilation_ratio (float): Width of the edges, as a fraction of the image
            diagonal. Defaults to 0.02.

    Returns:
        float: 0 to 1; 1 for two empty masks.
    """
    width = boundary_width(gt.shape, dilation_ratio)
    return mask_iou(inner_edge(gt, width), inner_edge(pred, width))


def boundary_f(
    gt: BoolMask, pred: BoolMask, tolerance: float = 0.008
) -> float:
    """Compute the boundary F-measure of DAVIS (CVPR 2016, section 5.1).

    Precision and recall are measured on boundaries one pixel wide. A pixel is
    correct if its distance to the other boundary is within the tolerance.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.
        tolerance (float): Largest distance, as a fraction of the image
            diagonal. Defaults to 0.008.

    Returns:
        float: 0 to 1. If a mask has no boundary, 1 if both masks are equal,
        else 0.
    """
    radius = math.ceil(tolerance * math.hypot(*gt.shape))
    edges = outline(gt), outline(pred)
    lengths = [np.count_nonzero(edge) for edge in edges]
    if not all(lengths):
        # A mask without a boundary is empty or full.
        return float(bool((gt == pred).all()))
    right, hit = (
        np.count_nonzero(one & _near(other, radius))
        for one, other in (edges[::-1], edges)
    )
    precision, recall = right / lengths[1], hit / lengths[0]
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def mean_boundary_accuracy(gt: BoolMask, pred: BoolMask) -> float:
    """Compute mean boundary accuracy, mBA (CascadePSP, arXiv 2005.02551).

    The mBA is the fraction of correct pixels in a band around the true edge,
    averaged over five widths of the band, which scale with the image.

    Args:
        gt (np.ndarray): True mask, (H, W) bool.
        pred (np.ndarray): Predicted mask, (H, W) bool.

    Returns:
        float: 0 to 1. For a true mask without an edge, empty or full, 1 if the
        prediction is equal, else 0. An empty prediction for a true mask with
        an edge has the outer half of the band correct, as in the published
        script.
    """
    right = gt == pred
    largest = sum(gt.shape) / 300
    accuracies = []
    for index in range(MBA_RADII):
        radius = 1 + int((largest - 1) / MBA_RADII * index)
        side = 2 * radius + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        band = cv2.morphologyEx(
            gt.astype(np.uint8), cv2.MORPH_GRADIENT, kernel
        ).astype(bool)
        if band.any():
            accuracies.append(float(right[band].mean()))
    if not accuracies:
        return float(bool(right.all()))
    return sum(accuracies) / len(accuracies)


def boundary_width(
    shape: Sequence[int], dilation_ratio: float = DILATION_RATIO
) -> int:
    """Return the width of a boundary in pixels, at least 1.

    Args:
        shape (Sequence[int]): Height and width of the image.
        dilation_ratio (float): Fraction of the diagonal. Defaults to 0.02, as
            in all tables of Boundary IoU.

    Returns:
        int: Width in pixels.
    """
    return max(round(dilation_ratio * math.hypot(*shape)), 1)


def outline(mask: BoolMask) -> BoolMask:
    """Mark pixels that differ from the right, lower or lower right neighbour.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool.
    """
    edge = np.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    edge[:-1] |= mask[:-1] != mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return edge


def _near(edge: BoolMask, radius: int) -> BoolMask:
    """Mark pixels within a radius of an edge that is not empty."""
    distance = cv2.distanceTransform(
        (~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    return distance <= radius


def inner_edge(mask: BoolMask, width: int) -> BoolMask:
    """Mark mask pixels within ``width`` of the outside or the image border.

    Args:
        mask (np.ndarray): (H, W) bool.
        width (int): Width of the edge, in rows and columns, 1 or more.

    Returns:
        np.ndarray: (H, W) bool.
    """
    side = 2 * width + 1
    # The time of a box filter, unlike erosion, does not depend on its side.
    around = cv2.boxFilter(
        mask.view(np.uint8),
        cv2.CV_32S,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    return mask & (around < side * side)
