"""Cuts: frames that do not continue the previous frame."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.video.optical_flow import Motion

Array = npt.NDArray[Any]

# Distance of two histograms, 0 to 1, from which their frames differ.
APART = 0.5
BINS = 8


def colours_of(image: Array) -> Array:
    """Compute the colour histogram of a frame, resized to 96 x 96 pixels.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.

    Returns:
        np.ndarray: (512,) float32, fraction of the pixels in every bin, sum
        1; 8 bins per channel.
    """
    small = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    counts = cv2.calcHist(
        [small], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3
    ).ravel()
    return counts / counts.sum()


def is_cut(now: Array, before: Array, motion: Motion, limit: float) -> bool:
    """Return whether there is a cut between two frames.

    There is a cut if motion leaves a large share of the image unexplained.
    Half of that share is enough if the colours have changed as well: the
    Hellinger distance of their histograms is above 0.5.

    Args:
        now (np.ndarray): Histogram of the frame, from :func:`colours_of`.
        before (np.ndarray): Histogram of the previous frame.
        motion (Motion): Motion between the frames.
        limit (float): Lowest unexplained share of a cut, 0 to 1.

    Returns:
        bool: Whether there is a cut.
    """
    apart = float(np.sqrt(max(1.0 - np.sqrt(now * before).sum(), 0.0)))
    needed = limit / 2 if apart > APART else limit
    return motion.unexplained >= needed
