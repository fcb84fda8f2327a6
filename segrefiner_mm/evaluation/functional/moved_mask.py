"""Warping the mask of the previous frame by the motion."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
BoolMask = npt.NDArray[np.bool_]


def moved_mask(before: BoolMask, flow: Array) -> tuple[BoolMask, BoolMask]:
    """Warp a mask from the previous frame to the current one.

    Args:
        before (np.ndarray): Mask of the previous frame, (H, W) bool.
        flow (np.ndarray): (H, W, 2) float32, in pixels: the content at (x, y)
            of the frame was at (x, y) + flow in the previous frame.

    Returns:
        tuple[np.ndarray, np.ndarray]: The moved mask, and the pixels that were
        inside the previous frame, (H, W) bool each.

    Raises:
        ValueError: If the shapes do not match.
    """
    if before.ndim != 2 or flow.shape != (*before.shape, 2):
        raise ValueError(
            f'expected a mask (H, W) and its flow (H, W, 2), got '
            f'{before.shape} and {flow.shape}'
        )
    height, width = before.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    soft = cv2.remap(
        before.astype(np.float32),
        x.astype('f4'),
        y.astype('f4'),
        cv2.INTER_LINEAR,
    )
    known = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return soft >= 0.5, known
