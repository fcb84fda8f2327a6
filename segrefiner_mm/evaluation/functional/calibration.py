"""Calibration of soft maps: how often a probability is right."""

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.evaluation.functional.mask_quality import (
    BoolMask,
    boundary_width,
)

Floats = npt.NDArray[np.float32]
# Bins of the error, as is usual; the counts are finer.
BINS = 15
FINE = 100 * BINS


def edge_zone(mask: BoolMask) -> BoolMask:
    """Mark pixels near the edge of a mask, on both sides.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool, True for pixels no farther from the other
        class than 2 % of the diagonal of the image, the width of Boundary IoU.
        The border of the image is no edge.
    """
    reach = boundary_width(mask.shape)
    inside = mask.astype(np.uint8)
    near = np.zeros(mask.shape, bool)
    for label in (inside, 1 - inside):
        # Without the other label, nothing is near it.
        if label.all():
            return near
        far = cv2.distanceTransform(label, cv2.DIST_L2, cv2.DIST_MASK_5)
        near |= (label > 0) & (far <= reach)
    return near


class Reliability:
    """Counts how often a probability of the foreground is right.

    Attributes:
        counts (np.ndarray): Number of pixels in each of 1500 equal bins of the
            probability, (1500,) float64.
        sums (np.ndarray): Sum of the probabilities of each bin, (1500,)
            float64.
        right (np.ndarray): Number of foreground pixels in each bin, (1500,)
            float64.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(FINE)
        self.sums = np.zeros(FINE)
        self.right = np.zeros(FINE)

    def add(self, probs: Floats, truth: BoolMask) -> None:
        """Count pixels.

        Args:
            probs (np.ndarray): Probabilities of the foreground, (N,) float32,
                0 to 1.
            truth (np.ndarray): True foreground, (N,) bool.
        """
        bins = np.minimum((probs * FINE).astype(np.int64), FINE - 1)
        self.counts += np.bincount(bins, minlength=FINE)
        self.sums += np.bincount(bins, probs, FINE)
        self.right += np.bincount(bins, truth, FINE)

    def curve(self) -> tuple[Floats, Floats, Floats]:
        """Return the reliability diagram.

        Returns:
            tuple[np.ndarray, ...]: Mean probability, share of foreground and
            share of all pixels, for every bin that has pixels, of 15 equal
            bins; each (M,) float32, 0 to 1.
        """
        counts, sums, right = (
            values.reshape(BINS, -1).sum(1)
            for values in (self.counts, self.sums, self.right)
        )
        some = counts > 0
        return (
            (sums[some] / counts[some]).astype(np.float32),
            (right[some] / counts[some]).astype(np.float32),
            (counts[some] / counts.sum()).astype(np.float32),
        )

    def error(self) -> float:
        """Return the expected calibration error.

        Returns:
            float: Mean absolute difference between mean probability and share
            of foreground over 15 equal bins, weighted by their pixels, 0 to
            1; 0 without pixels.
        """
        said, true, share = self.curve()
        return float((np.abs(said - true) * share).sum())

    def best_temperature(self) -> float:
        """Return the temperature that makes the counted pixels most likely.

        Returns:
            float: Factor for the temperature with which the probabilities were
            made, 0.5 to 4, in steps of 0.05; 0.5 without pixels.
        """
        some = self.counts > 0
        said = (self.sums[some] / self.counts[some]).clip(1e-6, 1 - 1e-6)
        odds = np.log(said / (1 - said))
        right = self.right[some]
        wrong = self.counts[some] - right
        factors = np.arange(0.5, 4.001, 0.05)
        losses = [
            (right * np.logaddexp(0, -odds / factor)).sum()
            + (wrong * np.logaddexp(0, odds / factor)).sum()
            for factor in factors
        ]
        return float(round(factors[int(np.argmin(losses))], 2))
