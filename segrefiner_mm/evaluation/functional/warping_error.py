"""Change of a mask from frame to frame beyond its motion."""

from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.evaluation.functional.mask_quality import mask_iou
from segrefiner_mm.evaluation.functional.moved_mask import moved_mask


def warping_error(
    before: npt.NDArray[np.bool_],
    now: npt.NDArray[np.bool_],
    flow: npt.NDArray[Any],
) -> float:
    """Compute 1 minus the IoU of two masks after motion compensation.

    The mask of the previous frame is moved by the flow. The IoU is the
    temporal consistency of Liu et al. (arXiv 2002.11433); the name is taken
    from the warping error of Lai et al. (arXiv 1808.00449). No true mask is
    needed. Pixels that came into view do not count.

    Args:
        before (np.ndarray): Mask of the previous frame, (H, W) bool.
        now (np.ndarray): Mask of the frame, (H, W) bool.
        flow (np.ndarray): See :func:`moved_mask`.

    Returns:
        float: 0 to 1; 0 for two empty masks.

    Raises:
        ValueError: If the shapes do not match.

    Examples:
        >>> mask = np.eye(4, dtype=bool)
        >>> warping_error(mask, mask, np.zeros((4, 4, 2), np.float32))
        0.0
    """
    moved, known = moved_mask(before, flow)
    return 1.0 - mask_iou(moved & known, now & known)
