"""The alpha matte of a mask, solved in the band around its edge."""

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.matting.pymatting_package import pymatting_package
from segrefiner_mm.matting.trimap import trimap_of
from segrefiner_mm.windows import Box

Array = npt.NDArray[Any]

# Side of the blocks that are solved one by one; memory and time grow with it.
SIDE = 384
# Minimum margin that a block shares with its neighbours, in pixels.
MARGIN = 32
# Colour variance that counts as noise, for values from 0 to 1.
EPSILON = 1e-6
# Weights of the known pixels, and of the mask in the band, against the image.
KNOWN, PRIOR = 100.0, 0.01
# Residual of the solution, relative to the right-hand side.
TOLERANCE = 1e-5
# Band on either side of the edge: share of the root of the area, and limits.
SHARE, NARROWEST, WIDEST = 0.03, 4, 40


def alpha_matte(
    image: npt.NDArray[np.uint8],
    mask: npt.NDArray[np.bool_],
    band: int | None = None,
) -> npt.NDArray[np.float32]:
    """Estimate how much of every pixel belongs to an object.

    Alpha is unknown only in the band around the edge of the mask. There, it is
    computed by closed-form matting (Levin et al., 2008), with the mask as a
    weak prior. Large objects are processed block by block along their edge, so
    the time depends on the length of the edge.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): (H, W) bool, such as a refined mask.
        band (int, optional): Width of the band on either side of the edge, in
            pixels, 1 or more. Hair needs a band as wide as the hair is long.
            Defaults to None: :func:`default_band`.

    Returns:
        np.ndarray: (H, W) float32, 0 to 1; outside the band, exactly the
        mask.

    Raises:
        InputError: If the image is not uint8, the shapes do not match, the
            band is less than 1, PyMatting is not installed, or the equations
            of the band cannot be solved.

    Examples:
        >>> mask = segrefiner_mm.refine('photo.jpg', 'coarse_mask.png')
        >>> alpha = alpha_matte(cv2.imread('photo.jpg'), mask)
    """
    mask = np.asarray(mask).astype(bool)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        given = getattr(image, 'dtype', type(image).__name__)
        raise InputError(f'a matte needs an image of uint8, got {given}')
    if mask.ndim != 2 or image.shape != (*mask.shape, 3):
        raise InputError(
            'a matte needs an image (H, W, 3) and its mask (H, W), got '
            f'{image.shape} and {mask.shape}'
        )
    if band is None:
        band = default_band(mask)
    if band < 1:
        raise InputError(f'the band must be 1 pixel or more, got {band}')
    alpha = mask.astype(np.float32)
    if mask.all() or not mask.any():
        return alpha
    solver = pymatting_package()  # imports SciPy
    trimap = trimap_of(mask, band)
    margin = max(2 * band + 8, MARGIN)
    total, weights = np.zeros_like(alpha), np.zeros_like(alpha)
    for core, part in _parts(trimap == 0.5, margin):
        window = part.slices()
        solved = _solve(solver, image[window], mask[window], trimap[window])
        share = _ramp(core, part, margin)
        total[window] += share * solved
        weights[window] += share
    open_ = (trimap == 0.5) & (weights > 0)
    alpha[open_] = (total[open_] / weights[open_]).clip(0, 1)
    return alpha


def default_band(mask: npt.NDArray[np.bool_]) -> int:
    """Return the width of the band that suits a mask.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        int: Width on either side of the edge, in pixels: 3 % of the square
        root of the area of the mask, limited to 4 to 40.
    """
    side = math.sqrt(np.count_nonzero(mask))
    return min(max(round(SHARE * side), NARROWEST), WIDEST)


def _parts(is_open: Array, margin: int) -> Iterator[tuple[Box, Box]]:
    """Yield the blocks to solve, each without and with its margin."""
    height, width = is_open.shape
    x, y, w, h = cv2.boundingRect(is_open.astype(np.uint8))
    for top in _starts(y, h):
        for left in _starts(x, w):
            right = min(left + SIDE, x + w)
            core = Box(left, top, right, min(top + SIDE, y + h))
            if is_open[core.slices()].any():
                yield core, core.grow(margin, height, width)


def _starts(begin: int, length: int) -> range:
    return range(begin, begin + length, SIDE)


def _solve(solver: Any, image: Array, mask: Array, trimap: Array) -> Array:
    """Solve a block by closed-form matting, with the mask as a weak prior.

    The mask decides where the image is ambiguous, as with similar colours.
    """
    from scipy.sparse import diags

    colours = image[..., ::-1].astype(np.float64) / 255
    is_open = trimap == 0.5
    laplacian = solver.cf_laplacian(
        colours, epsilon=EPSILON, is_known=~is_open
    )
    weight = np.where(is_open, PRIOR, KNOWN).ravel()
    wanted = np.where(is_open, mask, trimap).ravel()
    system = (laplacian + diags(weight)).tocsc()
    try:
        alpha: Array = solver.cg(
            system,
            weight * wanted,
            M=solver.ichol(system),
            rtol=TOLERANCE,
            maxiter=2000,
        )
    except ValueError as error:  # no factor, or no convergence
        raise InputError(
            f'the alpha of this edge cannot be solved: {error}'
        ) from error
    return alpha.reshape(mask.shape).astype(np.float32)


def _ramp(core: Box, part: Box, margin: int) -> Array:
    """Return the weights of a block: 1 in its core, falling off outside."""
    inside = core.relative_to(part)
    away = []
    for begin, end, length in (
        (inside.y1, inside.y2, part.height),
        (inside.x1, inside.x2, part.width),
    ):
        place = np.arange(length)
        out = np.maximum(np.maximum(begin - place, place - end + 1), 0)
        # Beyond half of the margin, the border of the block is too near.
        away.append((1 - 2 * out / margin).clip(0, 1))
    return np.outer(*away).astype(np.float32)
