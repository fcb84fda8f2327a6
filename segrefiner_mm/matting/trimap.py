"""The band around the edge of a mask, in which alpha is unknown."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# For parts that are thinner than the band: the share of the depth from which
# a pixel stays foreground, and the minimum depth for that, in pixels.
CORE, THINNEST = 0.7, 1.5


def trimap_of(mask: Array, band: int) -> Array:
    """Make a trimap of a mask.

    Pixels within the band on either side of the edge are unknown. Parts that
    are thinner than the band stay foreground along their middle.

    Args:
        mask (np.ndarray): (H, W) bool.
        band (int): Width of the band on either side of the edge, in pixels, 1
            or more.

    Returns:
        np.ndarray: (H, W) float64: 1 for foreground, 0 for background, 0.5 for
        unknown.
    """
    # Beyond the image, the mask continues as at its border.
    padded = np.pad(mask.astype(np.uint8), 1, mode='edge')
    inside, outside = (
        cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
        for part in (padded, 1 - padded)
    )
    trimap = np.full(mask.shape, 0.5)
    trimap[~mask & (outside > band)] = 0
    trimap[mask & (inside > band)] = 1
    kernel = np.ones((2 * band + 1, 2 * band + 1), np.uint8)
    depth = cv2.dilate(inside, kernel)
    thin = (depth <= band) & (depth >= THINNEST)
    trimap[mask & thin & (inside >= CORE * depth)] = 1
    return trimap
