"""Who gets a pixel that several refined regions claim."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from segrefiner_mm.windows import REFINED, Box, CompactMask, RefinedMask
from segrefiner_mm.windows.resample import resize_bilinear

UNKNOWN = 0.5


class Region(NamedTuple):
    """A connected region of a label map.

    Attributes:
        label (int): Its label.
        mask (CompactMask): Its pixels.
    """

    label: int
    mask: CompactMask

    @property
    def is_object(self) -> bool:
        """Whether it looks like what the network knows.

        What fills more than half of the picture, or touches three of its
        sides, is what objects stand before.
        """
        height, width = self.mask.size
        box = self.mask.box
        ends = [box.x1 == 0, box.y1 == 0, box.x2 == width, box.y2 == height]
        return sum(ends) < 3 and self.mask.area <= height * width / 2


class LabelMerge:
    """Collects what became of the regions of a label map.

    A pixel goes to the region that claims it with the highest probability. A
    region that was left as it is claims its pixels as far as the network
    believes in its edge, or with one half where the network was not asked;
    what refined regions give up goes to the nearest of those. Regions that
    the network cannot see keep their pixels.

    Args:
        labels (np.ndarray): (H, W) integers.
        ignore (Sequence[int]): Labels whose pixels stay.
    """

    def __init__(self, labels: np.ndarray, ignore: Sequence[int]) -> None:
        self.labels = labels
        self._ignored = np.isin(labels, ignore)
        self._fixed = np.ones(labels.shape, bool)
        self._best = np.zeros(labels.shape, np.float32)
        self._winner = labels.copy()
        # Of regions that stay, how firmly; 0 elsewhere.
        self._belief = np.zeros(labels.shape, np.float32)

    def stays(self, region: Region, belief: float, at: Box) -> None:
        """Note a region that is left as it is, but not against all claims.

        Args:
            region (Region): Inside ``at``.
            belief (float): How firmly, 0.5 to 1.
            at (Box): The part of the label map that it was found in.
        """
        pixels = region.mask.pixels.numpy()
        window = _inside(at, region.mask.box).slices()
        self._fixed[window] &= ~pixels
        self._belief[window][pixels] = max(belief, UNKNOWN)

    def add(
        self, region: Region, outcome: RefinedMask, at: Box, core: Box
    ) -> None:
        """Note what became of a region.

        Args:
            region (Region): Inside ``at``.
            outcome (RefinedMask): From the refiner.
            at (Box): The part of the label map that the network saw.
            core (Box): The part of it that the outcome is good for.
        """
        if outcome.verdict != REFINED:
            if outcome.belief is not None:
                self.stays(region, outcome.belief.item(), at)
            return
        pixels = region.mask.pixels.numpy()
        self._fixed[_inside(at, region.mask.box).slices()] &= ~pixels
        window = _inside(at, outcome.box)
        shared = window.intersect(core)
        if shared is None:
            return
        scores = _scores(outcome).cpu().numpy()
        scores = scores[shared.relative_to(window).slices()]
        best = self._best[shared.slices()]
        wins = scores > best
        best[wins] = scores[wins]
        self._winner[shared.slices()][wins] = region.label

    def result(self) -> np.ndarray:
        """The refined label map: (H, W), one of the labels per pixel."""
        stays = self._belief > 0
        after = self.labels.copy()
        taken = self._best > self._belief
        after[taken] = self._winner[taken]
        if stays.any():
            # The nearest pixel of a region that stays, by its number.
            _, number = cv2.distanceTransformWithLabels(
                (~stays).astype(np.uint8),
                cv2.DIST_L2,
                cv2.DIST_MASK_5,
                labelType=cv2.DIST_LABEL_PIXEL,
            )
            label_of, belief_of = (
                np.zeros(number.max() + 1, values.dtype)
                for values in (self.labels, self._belief)
            )
            label_of[number[stays]] = self.labels[stays]
            belief_of[number[stays]] = self._belief[stays]
            given_up = ~stays & (1 - belief_of[number] > self._best)
            after[given_up] = label_of[number[given_up]]
        fixed = self._fixed | self._ignored
        after[fixed] = self.labels[fixed]
        after = without_strays(self.labels, after)
        # No label is lost: a segment without pixels would break its file.
        lost = np.isin(self.labels, np.setdiff1d(self.labels, after))
        after[lost] = self.labels[lost]
        return after


def without_strays(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Undo what has no connection with the coarse region of its label.

    Args:
        before (np.ndarray): (H, W) coarse labels.
        after (np.ndarray): (H, W) refined labels, changed in place.

    Returns:
        np.ndarray: The refined labels.
    """
    undone = np.zeros(before.shape, bool)
    for label in np.unique(after[before != after]):
        same = after == label
        count, parts = cv2.connectedComponents(same.astype(np.uint8))
        rooted = np.zeros(count, bool)
        rooted[parts[same & (before == label)]] = True
        undone |= same & ~rooted[parts]
    after[undone] = before[undone]
    return after


def _inside(at: Box, box: Box) -> Box:
    """A box of a part, as a box of the whole."""
    return box.relative_to(Box(-at.x1, -at.y1, 0, 0))


def _scores(refined: RefinedMask) -> Tensor:
    """Probability of the region over its box."""
    if refined.probs is None:
        return refined.pixels.float()
    height, width = refined.box.height, refined.box.width
    values = resize_bilinear(refined.probs[None], height, width)[0]
    # A guard may have taken changes back.
    agree = (values >= 0.5) == refined.pixels
    return torch.where(agree, values, 1 - values)
