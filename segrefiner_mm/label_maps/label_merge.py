"""Assigning pixels that several refined regions claim."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segrefiner_mm.label_maps.soft_labels import SoftClaims, SoftLabels
from segrefiner_mm.windows import (
    REFINED,
    Box,
    CompactMask,
    Only,
    RefinedMask,
)
from segrefiner_mm.windows.resample import resize_bilinear

UNKNOWN = 0.5


class Region(NamedTuple):
    """A connected region of a label map.

    Attributes:
        label (int): Label of the region.
        mask (CompactMask): Pixels of the region.
    """

    label: int
    mask: CompactMask

    @property
    def is_object(self) -> bool:
        """bool: Whether the region looks like an object, not background.

        A region that fills more than half of the image, or touches three or
        four of its sides, looks like background.
        """
        height, width = self.mask.size
        box = self.mask.box
        ends = [box.x1 == 0, box.y1 == 0, box.x2 == width, box.y2 == height]
        return sum(ends) < 3 and self.mask.area <= height * width / 2


class LabelMerge:
    """Collects the results for the regions of a label map.

    A pixel goes to the region that claims it with the highest probability. An
    unchanged region claims its pixels with the network's belief in its edge,
    or with 0.5 if the network has not seen it. Pixels that refined regions
    give up go to the nearest unchanged region. Regions that are too small or
    too thin for the network keep their pixels.

    Args:
        labels (np.ndarray): Coarse label map, (H, W) int, not changed.
        ignore (Sequence[int]): Labels whose pixels are not changed.
        only (CompactMask | str, optional): The part that may change; see
            :class:`RefineJob`. Defaults to None: everything.
    """

    def __init__(
        self,
        labels: npt.NDArray[Any],
        ignore: Sequence[int],
        only: Only | None = None,
    ) -> None:
        self.labels = labels
        self._ignored = np.isin(labels, ignore)
        if isinstance(only, CompactMask):
            self._ignored |= ~only.dense().cpu().numpy()
        self._fixed = np.ones(labels.shape, bool)
        self._best = np.zeros(labels.shape, np.float32)
        self._winner = labels.copy()
        # Belief in unchanged regions; 0 elsewhere.
        self._belief = np.zeros(labels.shape, np.float32)
        # The label that gets the pixels that a region gives up.
        self._heir = labels
        self._claims = SoftClaims((labels.shape[0], labels.shape[1]))

    def stays(self, region: Region, belief: float, at: Box) -> None:
        """Add an unchanged region, whose pixels other regions may claim.

        Args:
            region (Region): The region, relative to ``at``.
            belief (float): Belief in the region, 0 to 1; less than 0.5 counts
                as 0.5.
            at (Box): The part of the label map that contains the region.
        """
        pixels = region.mask.pixels.numpy()
        window = _inside(at, region.mask.box).slices()
        self._fixed[window] &= ~pixels
        self._belief[window][pixels] = max(belief, UNKNOWN)

    def add(
        self, region: Region, outcome: RefinedMask, at: Box, core: Box
    ) -> None:
        """Add the result for a region.

        Args:
            region (Region): The region, relative to ``at``.
            outcome (RefinedMask): Result of the refiner, relative to ``at``.
            at (Box): The part of the label map that was refined.
            core (Box): The area of the label map for which the result is
                valid.
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
        if outcome.soft is not None:
            own = shared.relative_to(Box(at.x1, at.y1, 0, 0))
            claim = outcome.soft.crop(own).cpu().numpy()
            self._claims.add(region.label, shared, claim)
        best = self._best[shared.slices()]
        wins = scores > best
        best[wins] = scores[wins]
        self._winner[shared.slices()][wins] = region.label

    def result(self) -> npt.NDArray[Any]:
        """Merge all regions.

        Returns:
            np.ndarray: The refined label map, a new array, (H, W), dtype of
            ``labels``.
        """
        stays = self._belief > 0
        after = self.labels.copy()
        taken = self._best > self._belief
        after[taken] = self._winner[taken]
        if stays.any():
            # Find the nearest pixel of an unchanged region, by its number.
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
            self._heir = label_of[number]
            after[given_up] = self._heir[given_up]
        fixed = self._fixed | self._ignored
        after[fixed] = self.labels[fixed]
        after = without_strays(self.labels, after)
        # Restore lost labels: a segment without pixels would break its file.
        lost = np.isin(self.labels, np.setdiff1d(self.labels, after))
        after[lost] = self.labels[lost]
        return after

    def soft_result(self, refined: npt.NDArray[Any]) -> SoftLabels:
        """Return the probabilities of the labels.

        Args:
            refined (np.ndarray): From :meth:`result`, which must be called
                first.

        Returns:
            SoftLabels: Probabilities, which are 0 and 1 in pixels that may not
            change.
        """
        fixed = self._fixed | self._ignored
        return self._claims.shares(refined, self._heir, fixed)


def without_strays(
    before: npt.NDArray[Any], after: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Undo changes that are detached from the coarse region of their label.

    Args:
        before (np.ndarray): (H, W) coarse labels.
        after (np.ndarray): (H, W) refined labels, changed in place.

    Returns:
        np.ndarray: ``after``.
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
    """Convert a box relative to ``at`` to a box of the whole label map."""
    return box.relative_to(Box(-at.x1, -at.y1, 0, 0))


def _scores(refined: RefinedMask) -> Tensor:
    """Return the probability of a refined region over its box, (h, w)."""
    if refined.probs is None:
        return refined.pixels.float()
    height, width = refined.box.height, refined.box.width
    values = resize_bilinear(refined.probs[None], height, width)[0]
    # A guard may have undone changes.
    agree = (values >= 0.5) == refined.pixels
    return torch.where(agree, values, 1 - values)
