"""Edges of the first step where the last step agrees with them."""

import torch
from torch import Tensor

from segrefiner_mm.windows.box_means import near_edge


def with_first_edges(first: Tensor, last: Tensor, reach: int) -> Tensor:
    """Use the first step's logits where its edges and the last step's agree.

    The first step sees only the coarse mask, and predicts sharper edges. Later
    steps correct its mistakes, but blur its edges. Where the two edges are
    close, they count as the same edge, and the first one is used.

    Args:
        first (Tensor): Logits of the first step, (B, 1, H, W).
        last (Tensor): Logits of the last step, (B, 1, H, W).
        reach (int): Pixels within this many rows and columns of both edges
            are taken from the first step; 0 takes none.

    Returns:
        Tensor: Logits, (B, 1, H, W).
    """
    if not reach:
        return last
    near = near_edge(first >= 0, reach) & near_edge(last >= 0, reach)
    return torch.where(near, first, last)
