"""Errors of an alpha matte, as the benchmark of Rhemann et al. counts them."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIGMA = 1.4  # standard deviation of the Gaussian derivatives
STEP = 0.1  # step between the levels of the connectivity
TOLERANCE = 0.15


def alpha_errors(
    true: Array, alpha: Array, band: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Compare a matte with the true matte (Rhemann et al., CVPR 2009).

    Args:
        true (np.ndarray): True alpha, (H, W) float, 0 to 1.
        alpha (np.ndarray): Estimated alpha, (H, W) float, 0 to 1.
        band (np.ndarray): Pixels that count, (H, W) bool.

    Returns:
        dict[str, float]: ``sad``, the sum of absolute differences, in
        thousands; ``mse``, the mean squared difference; ``gradient``, the sum
        of squared differences of the gradient magnitudes, in thousands; and
        ``connectivity``, the sum of absolute differences of the degree to
        which pixels are connected to the foreground, in thousands.

    Raises:
        ValueError: If an array is not (H, W), the shapes differ, or no pixel
            counts.

    Examples:
        >>> alpha = np.linspace(0, 1, 16).reshape(4, 4)
        >>> alpha_errors(alpha, alpha, np.ones((4, 4), bool))['sad']
        0.0
    """
    if true.ndim != 2 or not true.shape == alpha.shape == band.shape:
        raise ValueError(
            f'expected three arrays (H, W), got {true.shape}, {alpha.shape} '
            f'and {band.shape}'
        )
    if not band.any():
        raise ValueError('no pixel counts: the band is empty')
    true, alpha = true.astype(np.float32), alpha.astype(np.float32)
    difference = np.abs(true - alpha)[band]
    slopes = _slope(true) - _slope(alpha)
    reach = np.abs(_connected(true, alpha))
    return dict(
        sad=float(difference.sum()) / 1000,
        mse=float(np.square(difference).mean()),
        gradient=float(np.square(slopes[band]).sum()) / 1000,
        connectivity=float(reach[band].sum()) / 1000,
    )


def _slope(alpha: Array) -> Array:
    """Return the gradient magnitude, by derivatives of a Gaussian."""
    reach = int(np.ceil(3 * SIGMA))
    place = np.arange(-reach, reach + 1, dtype=np.float64)
    smooth = np.exp(-np.square(place) / (2 * SIGMA**2))
    smooth /= smooth.sum()
    derive = -place / SIGMA**2 * smooth
    across = cv2.sepFilter2D(alpha, cv2.CV_32F, derive, smooth)
    down = cv2.sepFilter2D(alpha, cv2.CV_32F, smooth, derive)
    slope: Array = np.hypot(across, down)
    return slope


def _connected(true: Array, alpha: Array) -> Array:
    """Return the difference of the degrees of connectedness.

    A pixel is connected at a level if it belongs, at this and all lower
    levels, to the largest region in which both mattes reach the level. The
    excess of its alpha over its highest level is missing connectedness, if the
    excess is at least ``TOLERANCE``.
    """
    highest = np.zeros_like(true)
    lost = np.zeros(true.shape, bool)
    for level in np.arange(STEP, 1 + STEP / 2, STEP):
        both = (true >= level) & (alpha >= level)
        count, regions, stats, _ = cv2.connectedComponentsWithStats(
            both.astype(np.uint8), connectivity=4
        )
        largest = np.zeros_like(both)
        if count > 1:
            best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            largest = regions == best
        lost |= ~largest
        highest[~lost] = level
    degrees = []
    for matte in (true, alpha):
        excess = matte - highest
        degrees.append(1 - excess * (excess >= TOLERANCE))
    return degrees[0] - degrees[1]
