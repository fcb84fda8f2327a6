"""Means over square neighbourhoods, and what lies near an edge.

On a CPU, OpenCV's running sums take the same time for every neighbourhood,
a hundredth of that of PyTorch's pooling. Other devices pool.
"""

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def box_mean(values: Tensor, reach: int) -> Tensor:
    """Average over the pixels within ``reach`` rows and columns.

    Args:
        values (Tensor): (..., H, W) float32.
        reach (int): 0 or more.

    Returns:
        Tensor: Same shape; pixels outside of the input are not counted.
    """
    if values.device.type != 'cpu':
        return pooled_mean(values, reach)
    height, width = values.shape[-2:]
    counts = np.outer(_counts(height, reach), _counts(width, reach))
    means = torch.empty_like(values, memory_format=torch.contiguous_format)
    side = 2 * reach + 1
    for plane, mean in zip(_planes(values), _planes(means), strict=True):
        # Sums in float64, so that none depends on what came before it.
        mean[:] = cv2.boxFilter(
            plane,
            cv2.CV_64F,
            (side, side),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )
        mean /= counts
    return means


def near_edge(mask: Tensor, reach: int) -> Tensor:
    """Mark pixels within ``reach`` rows and columns of the other label.

    Args:
        mask (Tensor): (..., H, W) bool.
        reach (int): Rows or columns, 1 or more.

    Returns:
        Tensor: Same shape, bool.
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
    """Run :func:`box_mean` by pooling, on any device.

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
    """Run :func:`near_edge` by pooling, on any device.

    Args:
        mask (Tensor): See :func:`near_edge`.
        reach (int): See :func:`near_edge`.

    Returns:
        Tensor: See :func:`near_edge`.
    """
    # Both labels are near where the foreground fraction is neither 0 nor 1.
    share = pooled_mean(mask.float(), reach)
    return (share > 0) & (share < 1)


def _counts(length: int, reach: int) -> np.ndarray:
    """Count the pixels within ``reach`` of each pixel of a line."""
    places = np.arange(length)
    last = np.minimum(places + reach, length - 1)
    return (last - np.maximum(places - reach, 0) + 1).astype(np.float32)


def _planes(values: Tensor) -> np.ndarray:
    return values.detach().reshape(-1, *values.shape[-2:]).numpy()
