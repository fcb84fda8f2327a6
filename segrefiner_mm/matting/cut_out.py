"""Cutting objects out of an image, without the colours of the background."""

from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.matting.pymatting_package import pymatting_package
from segrefiner_mm.windows import Box

# Margin around an object from which its colours are estimated, in pixels.
AROUND = 16


def cut_out(
    image: npt.NDArray[np.uint8], alpha: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Cut an object out, without the colours of its background.

    Pixels along the edge mix the colours of object and background. There, the
    colour of the object is estimated from the surrounding pixels (multi-level
    estimation, Germer et al., arXiv 2006.14970).

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        alpha (np.ndarray): (H, W) float32, 0 to 1, from :func:`alpha_matte`.

    Returns:
        np.ndarray: (H, W, 4) uint8: blue, green, red and alpha (0 to 255), in
        OpenCV's order for a PNG file. Colours are not premultiplied, and are 0
        where alpha is 0.

    Raises:
        InputError: If the shapes do not match, or PyMatting is not installed.

    Examples:
        >>> cv2.imwrite('object.png', cut_out(image, alpha))
    """
    if alpha.ndim != 2 or image.shape != (*alpha.shape, 3):
        raise InputError(
            'a cut-out needs an image (H, W, 3) and its alpha (H, W), got '
            f'{image.shape} and {alpha.shape}'
        )
    height, width = alpha.shape
    result = np.zeros((height, width, 4), np.uint8)
    rows, columns = (np.flatnonzero((alpha > 0).any(axis)) for axis in (1, 0))
    if not len(rows):
        return result
    box = Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    window = box.grow(AROUND, height, width).slices()
    opacity = alpha[window]
    colours = _foreground(image[window], opacity)
    solid = opacity >= 1
    colours[solid] = image[window][solid]
    part = result[window]
    part[..., :3] = np.where(opacity[..., None] > 0, colours, 0)
    part[..., 3] = np.rint(opacity * 255)
    part[part[..., 3] == 0] = 0
    return result


def _foreground(image: Any, alpha: Any) -> Any:
    if ((alpha <= 0) | (alpha >= 1)).all():
        return image.copy()
    solver = pymatting_package()
    colours = solver.estimate_foreground_ml(
        image.astype(np.float64) / 255, alpha.astype(np.float64)
    )
    return np.rint(colours.clip(0, 1) * 255).astype(np.uint8)
