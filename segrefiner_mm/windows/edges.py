"""Edges of masks: where they are, and how far the network believes in them."""

import torch
from torch import Tensor
from torch.nn import functional as F


def belief_in(coarse: Tensor, probs: Tensor) -> Tensor:
    """How far the network believes in the least credible part of an edge.

    The probability of the coarse labels is averaged along the coarse edge,
    over a window of a fifteenth of the crop; a twentieth of the edge has less
    than what is returned. So one wrong stretch shows in a long right edge.

    Args:
        coarse (Tensor): Coarse mask, (S, S) bool.
        probs (Tensor): Foreground probability, (S, S).

    Returns:
        Tensor: Scalar float32, 0 to 1; 1 for a mask without an edge.
    """
    reach = max(round(coarse.shape[-1] / 64), 1)
    band = edge_band(coarse, reach)
    labels = torch.where(coarse, probs, 1.0 - probs) * band

    def around(values: Tensor) -> Tensor:
        side = 4 * reach + 1
        window = F.avg_pool2d(values[None, None], side, 1, side // 2)
        return window[0, 0][band > 0]

    local = around(labels) / around(band)
    if not len(local):
        return probs.new_ones(())
    return local.quantile(0.05)


def edge_band(mask: Tensor, reach: int) -> Tensor:
    """Pixels from which the other label is ``reach`` pixels away or less.

    Args:
        mask (Tensor): (..., H, W) bool.
        reach (int): Rows or columns, 1 or more.

    Returns:
        Tensor: Same shape, float32, values 0 and 1.
    """

    def grown(labels: Tensor) -> Tensor:
        windows = labels.float().reshape(1, -1, *labels.shape[-2:])
        windows = F.max_pool2d(windows, 2 * reach + 1, 1, reach)
        return windows.reshape(labels.shape)

    return grown(mask) * grown(~mask)


def edge_pixels(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Pixels that differ from their left or upper neighbour, in reading order.

    Args:
        mask (Tensor): (H, W) bool.

    Returns:
        tuple[Tensor, Tensor]: Rows and columns, (N,) int64.
    """
    edge = torch.zeros_like(mask)
    edge[:, 1:] = mask[:, 1:] ^ mask[:, :-1]
    edge[1:] |= mask[1:] ^ mask[:-1]
    y, x = edge.nonzero(as_tuple=True)
    return y, x
