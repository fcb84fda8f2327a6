"""Jumps of an edge from frame to frame beyond its motion."""

from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.evaluation.functional.mask_quality import outline
from segrefiner_mm.evaluation.functional.moved_mask import moved_mask


def boundary_flicker(
    before: npt.NDArray[np.bool_],
    now: npt.NDArray[np.bool_],
    flow: npt.NDArray[Any],
) -> float:
    """Compute how far an edge jumps from one frame to the next, on average.

    The mask of the previous frame is moved by the flow. The area in which the
    moved mask differs from the mask of the frame, divided by the mean length
    of both edges, is the mean distance between the edges. A viewer sees jumps
    that motion does not explain as flicker. No true mask is needed. Pixels
    that came into view do not count.

    Args:
        before (np.ndarray): Mask of the previous frame, (H, W) bool.
        now (np.ndarray): Mask of the frame, (H, W) bool.
        flow (np.ndarray): See :func:`moved_mask`.

    Returns:
        float: Mean distance in pixels, 0 or more; 0 for two masks without an
        edge.

    Raises:
        ValueError: If the shapes do not match.

    Examples:
        >>> mask = np.zeros((8, 8), bool)
        >>> mask[2:6, 2:6] = True
        >>> boundary_flicker(mask, mask, np.zeros((8, 8, 2), np.float32))
        0.0
    """
    moved, known = moved_mask(before, flow)
    edges = [outline(moved) & known, outline(now) & known]
    length = sum(int(np.count_nonzero(edge)) for edge in edges) / 2
    if not length:
        return 0.0
    return np.count_nonzero((moved ^ now) & known) / length
