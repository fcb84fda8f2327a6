"""An object of a video, tracked from frame to frame."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.video.carried_evidence import (
    CarriedEvidence,
    evidence_in,
    overlap_of,
)
from segrefiner_mm.video.optical_flow import Motion
from segrefiner_mm.video.signed_distance import REACH, signed_distance
from segrefiner_mm.video.steadying import Steadying
from segrefiner_mm.windows import (
    KEPT,
    Box,
    CompactMask,
    RefinedMask,
)
from segrefiner_mm.windows.compact_mask import compact_iou

Array = npt.NDArray[Any]

# How the mask of an object was obtained.
FIRST, CARRIED, REUSED = 'first', 'carried', 'reused'
# Margin of the window around an object, in pixels.
AROUND = 20
# Side of the thumbnails by which windows are compared.
GLANCE = 32
# IoU from which two coarse masks count as the same.
SAME = 0.99


@dataclass
class ObjectResult:
    """The mask of an object on one frame.

    Attributes:
        box (Box): Position of the arrays; outside the box is background.
        pixels (np.ndarray): (h, w) bool, the mask.
        verdict (str): Verdict of the refiner: ``'refined'``, ``'kept'`` or
            ``'rolled back'``.
        confidence (float): Confidence of the network, 0 to 1.
        how (str): Origin of the mask. ``'first'``: this frame alone;
            ``'carried'``: this frame and the previous one; ``'reused'``: an
            earlier frame that looks the same. Defaults to 'reused'.
    """

    box: Box
    pixels: Array
    verdict: str
    confidence: float
    how: str = REUSED

    @property
    def distance(self) -> Array:
        """np.ndarray: (h, w) float32, signed distances from the edge in
        pixels; where masks of objects overlap, the object with the largest
        distance gets the pixel.
        """
        return signed_distance(self.pixels)

    def dense(self, size: tuple[int, int]) -> Array:
        """Return the mask of the whole frame.

        Args:
            size (tuple[int, int]): Height and width of the frame.

        Returns:
            np.ndarray: (H, W) bool.
        """
        mask = np.zeros(size, bool)
        mask[self.box.slices()] = self.pixels
        return mask


@dataclass
class Glance:
    """The input of a result: the image around the object, and its mask.

    Attributes:
        window (Box): The window around the object.
        image (np.ndarray): (32, 32) float32, the window in grey levels, 0 to
            255.
        coarse (CompactMask): The coarse mask.
    """

    window: Box
    image: Array
    coarse: CompactMask

    @classmethod
    def at(cls, image: Array, coarse: CompactMask) -> 'Glance':
        """Record the appearance of an object.

        Args:
            image (np.ndarray): (H, W, 3) uint8, BGR.
            coarse (CompactMask): Coarse mask of the object, not empty.

        Returns:
            Glance: The appearance.
        """
        window = coarse.box.grow(AROUND, *coarse.size)
        return cls(window, _glance(image, window), coarse)

    def is_same(self, image: Array, coarse: CompactMask, limit: float) -> bool:
        """Return whether the object looks the same as before.

        Args:
            image (np.ndarray): The frame, (H, W, 3) uint8, BGR.
            coarse (CompactMask): Coarse mask of the object in the frame.
            limit (float): Largest change of the window, in grey levels, 0 to
                255.

        Returns:
            bool: Whether the window has changed by at most ``limit``, and the
            coarse masks have an IoU of at least 0.99.
        """
        if coarse.size != self.coarse.size:
            return False
        if compact_iou(coarse, self.coarse) < SAME:
            return False
        change = np.abs(_glance(image, self.window) - self.image)
        return float(change.max()) <= limit


def _glance(image: Array, window: Box) -> Array:
    part = image[window.slices()].astype(np.float32).mean(-1)
    return cv2.resize(part, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA)


@dataclass
class Proposal:
    """What earlier frames say about an object, inside a box of this frame.

    Attributes:
        box (Box): Position of ``carried``.
        carried (np.ndarray, optional): (h, w) float32, log-odds; None if this
            frame alone decides.
        trust (np.ndarray, optional): (h, w) float32, trust in ``carried``, 0
            to 1; None if ``carried`` is.
    """

    box: Box
    carried: Array | None = None
    trust: Array | None = None


class ObjectTrack:
    """Carries the evidence for an object through the frames.

    Args:
        steadying (Steadying): Settings for carrying evidence.

    Attributes:
        evidence (CarriedEvidence, optional): The evidence up to the previous
            frame; None on the first frame.
        glance (Glance, optional): The input of the last result, which the
            caller sets; None before the first result.
        last (ObjectResult, optional): The last result; None before it.
    """

    def __init__(self, steadying: Steadying) -> None:
        self.evidence: CarriedEvidence | None = None
        self.glance: Glance | None = None
        self.last: ObjectResult | None = None
        self._steadying = steadying

    def holds(self, image: Array, coarse: CompactMask) -> bool:
        """Return whether the last result is valid for a frame.

        Args:
            image (np.ndarray): The frame, (H, W, 3) uint8, BGR.
            coarse (CompactMask): The coarse mask.

        Returns:
            bool: See :meth:`Glance.is_same`; False without a ``glance``.
        """
        if self.glance is None:
            return False
        return self.glance.is_same(image, coarse, self._steadying.reuse)

    def propose(self, coarse: CompactMask, motion: Motion | None) -> Proposal:
        """Move the evidence of earlier frames to this frame.

        Args:
            coarse (CompactMask): The coarse mask, not empty.
            motion (Motion, optional): Motion between the previous frame and
                this one; None on the first frame of a shot.

        Returns:
            Proposal: The proposal for :meth:`take`.
        """
        box = coarse.box.grow(round(REACH), *coarse.size)
        steadying = self._steadying
        if self.evidence is None or motion is None or not steadying.memory:
            return Proposal(box)
        box = box.union(self.evidence.box)
        pixels = coarse.crop(box).cpu().numpy()
        carried, trust = self.evidence.moved(motion, box, pixels)
        if overlap_of(pixels, carried > 0, trust) < steadying.min_overlap:
            return Proposal(box)
        return Proposal(box, carried, trust)

    def take(self, proposal: Proposal, refined: RefinedMask) -> ObjectResult:
        """Add the evidence of this frame, and decide on the mask.

        Args:
            proposal (Proposal): Proposal from :meth:`propose`.
            refined (RefinedMask): The refined mask, with a soft map.

        Returns:
            ObjectResult: The result, which is also ``last``.
        """
        assert refined.soft is not None
        box = proposal.box.union(refined.box).union(refined.soft.box)
        evidence = evidence_in(refined, box)
        how = FIRST
        if proposal.carried is not None:
            how = CARRIED
            own = evidence[proposal.box.relative_to(box).slices()]
            kept = refined.verdict == KEPT
            own[:] = self._with_earlier(own, proposal, kept)
        pixels = evidence > 0
        self.evidence = CarriedEvidence.of(box, evidence)
        self.last = ObjectResult(
            box, pixels, refined.verdict, float(refined.confidence), how
        )
        return self.last

    def _with_earlier(
        self, own: Array, proposal: Proposal, kept: bool
    ) -> Array:
        """Add the evidence of earlier frames to that of this frame."""
        carried, trust = proposal.carried, proposal.trust
        assert carried is not None
        assert trust is not None
        before, now = carried > 0, own > 0
        weight = self._steadying.memory * trust
        if kept:  # the coarse mask is good: earlier frames only confirm it
            return np.where(before == now, own + weight * carried, own)
        # A refined edge jitters by a few pixels. Where it is farther from the
        # carried edge, the motion is wrong or the object has changed.
        gap = np.abs(signed_distance(now) - signed_distance(before))
        weight *= np.clip(2 - gap / self._steadying.jitter, 0, 1)
        return own + weight * carried
