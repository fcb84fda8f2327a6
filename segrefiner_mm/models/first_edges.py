"""The edges of the first step, where the chain agrees with it."""

import torch
from torch import Tensor

from segrefiner_mm.windows import edge_band


def with_first_edges(first: Tensor, last: Tensor, reach: int) -> Tensor:
    """Take the edges of the first step into the result of the last.

    The first step sees the coarse mask alone, and draws the sharper edges. The
    later ones doubt, and so undo its mistakes, but blunt its edges. Where both
    edges are close, they count as the same edge, and the first one is used.

    Args:
        first (Tensor): Logits of the first step, (B, 1, H, W).
        last (Tensor): Logits of the last step, same shape.
        reach (int): A pixel is taken from the first step if it is within so
            many pixels of both edges; 0 takes none.

    Returns:
        Tensor: Logits, same shape.
    """
    if not reach:
        return last
    near = edge_band(first >= 0, reach) * edge_band(last >= 0, reach)
    return torch.where(near > 0, first, last)
