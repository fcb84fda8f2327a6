"""Means over square neighbourhoods, and the pixels near an edge.

On a CPU, OpenCV's box filter and morphology are used, which are several times
as fast as PyTorch's pooling. On other devices, pooling is used.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

Array = npt.NDArray[Any]


def box_mean(values: Tensor, reach: int) -> Tensor:
    """Average over the pixels within ``reach`` rows and columns.

    Args:
        values (Tensor): (..., H, W) float32.
        reach (int): Rows and columns on each side, 0 or more.

    Returns:
        Tensor: (..., H, W) float32; pixels outside the input do not count.
    """
    if values.device.type != 'cpu':
        return pooled_mean(values, reach)
    height, width = values.shape[-2:]
    counts = np.outer(_counts(height, reach), _counts(width, reach))
    means = torch.empty_like(values, memory_format=torch.contiguous_format)
    for plane, mean in zip(_planes(values), _planes(means), strict=True):
        np.divide(box_sum(plane, reach), counts, out=mean)
    return means


def box_sum(values: Array, reach: int) -> Array:
    """Add up the pixels within ``reach`` rows and columns.

    Args:
        values (np.ndarray): (H, W) float32, or uint8 with values 0 and 1.
        reach (int): Rows and columns on each side, 0 or more.

    Returns:
        np.ndarray: (H, W), float32 for float32 and int32 for uint8. Pixels
        outside the input count as 0.
    """
    # OpenCV's running sums are float64, so they accumulate no error.
    depth = cv2.CV_32S if values.dtype == np.uint8 else cv2.CV_32F
    side = 2 * reach + 1
    return cv2.boxFilter(
        values,
        depth,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )


def near_edge(mask: Tensor, reach: int) -> Tensor:
    """Mark pixels within ``reach`` rows and columns of the other class.

    Args:
        mask (Tensor): (..., H, W) bool.
        reach (int): Rows and columns on each side, 1 or more.

    Returns:
        Tensor: (..., H, W) bool.
    """
    if mask.device.type != 'cpu':
        return pooled_edge(mask, reach)
    near = torch.empty_like(mask, memory_format=torch.contiguous_format)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    for plane, place in zip(_planes(mask), _planes(near), strict=True):
        place[:] = cv2.morphologyEx(
            plane.view(np.uint8), cv2.MORPH_GRADIENT, kernel
        )
    return near


def pooled_mean(values: Tensor, reach: int) -> Tensor:
    """Compute :func:`box_mean` by pooling, on any device.

    Args:
        values (Tensor): See :func:`box_mean`.
        reach (int): See :func:`box_mean`.

    Returns:
        Tensor: See :func:`box_mean`.
    """
    means = values.reshape(1, -1, *values.shape[-2:])
    # Separate passes over rows and columns are faster.
    for rows, columns in ((reach, 0), (0, reach)):
        side = 2 * rows + 1, 2 * columns + 1
        pad = rows, columns
        means = F.avg_pool2d(means, side, 1, pad, count_include_pad=False)
    return means.reshape(values.shape)


def pooled_edge(mask: Tensor, reach: int) -> Tensor:
    """Compute :func:`near_edge` by pooling, on any device.

    Args:
        mask (Tensor): See :func:`near_edge`.
        reach (int): See :func:`near_edge`.

    Returns:
        Tensor: See :func:`near_edge`.
    """
    # Both classes are near where the foreground fraction is neither 0 nor 1.
    share = pooled_mean(mask.float(), reach)
    return (share > 0) & (share < 1)


def _counts(length: int, reach: int) -> Array:
    """Count the pixels within ``reach`` of each pixel of a line."""
    places = np.arange(length)
    last = np.minimum(places + reach, length - 1)
    return (last - np.maximum(places - reach, 0) + 1).astype(np.float32)


def _planes(values: Tensor) -> Array:
    return values.detach().reshape(-1, *values.shape[-2:]).numpy()
