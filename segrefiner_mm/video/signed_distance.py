"""Edges of masks as signed distances, which can be averaged and warped."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Distances are clipped to this, in pixels.
REACH = 16.0


def signed_distance(mask: Array) -> Array:
    """Return the distance of every pixel from the edge of a mask.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) float32, in pixels, -16 to 16: positive inside; the
        edge itself, between two pixels, is 0.
    """
    pixels = mask.astype(np.uint8)
    if not pixels.any() or pixels.all():
        return np.full(mask.shape, REACH if pixels.any() else -REACH, 'f4')
    inside, outside = (
        cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_5)
        for part in (pixels, 1 - pixels)
    )
    distance = np.where(mask, inside - 0.5, 0.5 - outside)
    return distance.clip(-REACH, REACH).astype(np.float32)
