"""Outlines of masks on an image."""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

# BGR. Any two differ by 49 or more (CIE76), with normal colour vision and
# with each type of colour blindness as Machado et al. (2009) simulate it.
COARSE_COLOUR = (0, 120, 255)
REFINED_COLOUR = (255, 220, 60)
TRUE_COLOUR = (187, 238, 255)


def draw_outlines(
    image: npt.NDArray[np.uint8],
    coarse: Iterable[npt.NDArray[np.bool_]],
    refined: Iterable[npt.NDArray[np.bool_]],
    true: Iterable[npt.NDArray[np.bool_]] = (),
) -> npt.NDArray[np.uint8]:
    """Draw outlines: coarse orange, refined light blue, true pale yellow.

    Args:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        coarse (Iterable[np.ndarray]): Coarse masks, (H, W) bool each.
        refined (Iterable[np.ndarray]): Refined masks, (H, W) bool each.
        true (Iterable[np.ndarray]): True masks, (H, W) bool each. Defaults to
            ().

    Returns:
        np.ndarray: A new image, (H, W, 3) uint8 BGR.
    """
    canvas = image.copy()
    width = max(round(max(image.shape[:2]) / 400), 2)
    layers = (
        (true, TRUE_COLOUR),
        (coarse, COARSE_COLOUR),
        (refined, REFINED_COLOUR),
    )
    for masks, colour in layers:
        for mask in masks:
            contours, _ = cv2.findContours(
                mask.astype(np.uint8),
                cv2.RETR_CCOMP,
                cv2.CHAIN_APPROX_NONE,
            )
            cv2.drawContours(canvas, contours, -1, (0, 0, 0), width + 2)
            cv2.drawContours(canvas, contours, -1, colour, width)
    return canvas
