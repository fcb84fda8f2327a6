"""An object of a video, tracked from frame to frame."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.video.carried_edge import (
    CarriedEdge,
    gap_between,
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
    compact_masks,
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
        distance (np.ndarray): (h, w) float32, signed distances from the edge
            in pixels; where masks of objects overlap, the object with the
            largest distance gets the pixel.
        verdict (str): Verdict of the refiner: ``'refined'``, ``'kept'`` or
            ``'rolled back'``.
        confidence (float): Confidence of the network, 0 to 1.
        how (str): Origin of the mask. ``'first'``: this frame alone;
            ``'carried'``: this frame and the previous one; ``'reused'``: an
            earlier frame that looks the same. Defaults to 'reused'.
    """

    box: Box
    pixels: Array
    distance: Array
    verdict: str
    confidence: float
    how: str = REUSED

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
class _Proposal:
    """The mask to refine, and the carried edge inside a box."""

    box: Box
    carried: Array | None
    trust: Array | None
    mask: CompactMask
    is_coarse: bool


class ObjectTrack:
    """Carries the edge of an object through the frames.

    Args:
        steadying (Steadying): Settings for carrying the edge.

    Attributes:
        edge (CarriedEdge, optional): The edge in the previous frame; None on
            the first frame.
        glance (Glance, optional): The input of the last result, which the
            caller sets; None before the first result.
        last (ObjectResult, optional): The last result; None before it.
    """

    def __init__(self, steadying: Steadying) -> None:
        self.edge: CarriedEdge | None = None
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

    def propose(self, coarse: CompactMask, motion: Motion | None) -> _Proposal:
        """Steady a coarse mask with the carried edge.

        Args:
            coarse (CompactMask): The coarse mask, not empty.
            motion (Motion, optional): Motion between the previous frame and
                this one; None on the first frame of a shot.

        Returns:
            _Proposal: The proposal for :meth:`take`, with the mask to refine.
        """
        reach = round(REACH)
        box = coarse.box.grow(reach, *coarse.size)
        if self.edge is None or motion is None:
            return _Proposal(box, None, None, coarse, True)
        box = box.union(self.edge.box)
        pixels = coarse.crop(box).cpu().numpy()
        carried, trust = self.edge.moved(motion, box, pixels)
        own = signed_distance(pixels)
        if overlap_of(own, carried, trust) < self._steadying.min_overlap:
            return _Proposal(box, None, None, coarse, True)
        weight = self._weight(own, carried, trust, self._steadying.prior)
        if weight is None:
            return _Proposal(box, carried, trust, coarse, True)
        steadied = own + weight * (carried - own)
        mask = _compact(steadied > 0, box, coarse)
        return _Proposal(box, carried, trust, mask, False)

    def take(self, proposal: _Proposal, refined: RefinedMask) -> ObjectResult:
        """Steady the refined mask, and store its edge for the next frame.

        Args:
            proposal (_Proposal): Proposal from :meth:`propose`.
            refined (RefinedMask): The mask of the proposal, refined.

        Returns:
            ObjectResult: The result, which is also ``last``.
        """
        box, how = proposal.box.union(refined.box), FIRST
        pixels: Array = np.zeros((box.height, box.width), bool)
        window = refined.box.relative_to(box).slices()
        pixels[window] = refined.pixels.cpu().numpy()
        distance = signed_distance(pixels)
        if proposal.carried is not None:
            how = CARRIED
            own = distance[proposal.box.relative_to(box).slices()]
            carried, trust = proposal.carried, proposal.trust
            # A steady coarse mask that is right is returned unchanged.
            right = proposal.is_coarse and refined.verdict == KEPT
            most = 0.0 if right else self._steadying.result
            weight = self._weight(own, carried, trust, most)
            if weight is not None:
                gap = carried - own
                own += weight * self._share_of_jitter(gap) * gap
                pixels = distance > 0
        self.edge = CarriedEdge.of(box, distance)
        self.last = ObjectResult(
            box,
            pixels,
            self.edge.distance,
            refined.verdict,
            float(refined.confidence),
            how,
        )
        return self.last

    def _share_of_jitter(self, gap: Array) -> Array:
        """Return how far a gap between edges counts as jitter, 0 to 1.

        A refined edge jitters by a few pixels. Where it is farther from the
        carried edge, the motion was estimated wrongly or the object changed.
        """
        jitter = self._steadying.jitter
        share: Array = np.clip(2 - np.abs(gap) / jitter, 0, 1)
        return share

    def _weight(
        self, own: Array, carried: Array, trust: Array | None, most: float
    ) -> Array | None:
        """Return the weight of the carried edge; None if it is all 0."""
        assert trust is not None
        still = self._steadying.still
        gap = gap_between(own, carried, trust)
        share = min(max((gap - still) / (2 * still + 1e-6), 0.0), 1.0)
        return most * share * trust if share and most else None


def _compact(mask: Array, box: Box, like: CompactMask) -> CompactMask:
    """Return a mask inside a box as a compact mask of the frame."""
    pixels = torch.from_numpy(np.ascontiguousarray(mask))
    [inner] = compact_masks(pixels[None])
    x, y = box.x1, box.y1
    inside = inner.box.relative_to(Box(-x, -y, 0, 0))
    return CompactMask(like.size, inside, inner.pixels.clone(), inner.area)
