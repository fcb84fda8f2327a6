"""The edge of an object, moved from frame to frame."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.video.optical_flow import Motion, grid
from segrefiner_mm.video.signed_distance import REACH
from segrefiner_mm.windows import Box

Array = npt.NDArray[Any]

# Distances are stored in steps of 1/7 pixel, so that they fit into a byte.
STEPS = 7


@dataclass(frozen=True)
class CarriedEdge:
    """The edge of an object in the previous frame.

    Attributes:
        box (Box): Position of ``steps`` in the frame.
        steps (np.ndarray): (h, w) int8, signed distances from the edge in
            steps of 1/7 pixel; outside the box is background.
    """

    box: Box
    steps: Array

    @classmethod
    def of(cls, box: Box, distance: Array) -> 'CarriedEdge':
        """Store an edge for the next frame.

        Args:
            box (Box): Position of ``distance`` in the frame.
            distance (np.ndarray): (h, w) float32, signed distances in pixels,
                from :func:`signed_distance`.

        Returns:
            CarriedEdge: The edge.
        """
        return cls(box, np.rint(distance * STEPS).astype(np.int8))

    @property
    def distance(self) -> Array:
        """np.ndarray: (h, w) float32, signed distances in pixels."""
        return self.steps.astype(np.float32) / STEPS

    def moved(
        self, motion: Motion, box: Box, coarse: Array
    ) -> tuple[Array, Array]:
        """Warp the edge into this frame by the motion of the object.

        Args:
            motion (Motion): Motion between the previous frame and this one.
            box (Box): The part of this frame to fill.
            coarse (np.ndarray): (h, w) bool, the coarse mask inside the box.

        Returns:
            tuple[np.ndarray, np.ndarray]: Signed distances in pixels, and
            trust in the distances, 0 to 1; (h, w) float32 each.
        """
        flow, trust = motion.of_object(box, coarse)
        columns, rows = grid(box)
        distance = cv2.remap(
            self.distance,
            columns + flow[..., 0] - self.box.x1,
            rows + flow[..., 1] - self.box.y1,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=-REACH,
        )
        return distance, trust


def gap_between(first: Array, second: Array, trust: Array) -> float:
    """Return the mean distance between two edges, weighted by trust.

    Args:
        first (np.ndarray): (H, W) float32, signed distances from one edge, in
            pixels.
        second (np.ndarray): (H, W) float32, signed distances from the other
            edge.
        trust (np.ndarray): (H, W) float32, weight of each pixel, 0 to 1.

    Returns:
        float: Mean in pixels, over the pixels at less than 1 pixel from
        either edge; 0 if none of these pixels is trusted.
    """
    near = np.minimum(np.abs(first), np.abs(second)) < 1
    weight = float(trust[near].sum())
    if not weight:
        return 0.0
    gap = np.abs(first - second)[near]
    return float((gap * trust[near]).sum() / weight)


def overlap_of(first: Array, second: Array, trust: Array) -> float:
    """Return the IoU of two masks, weighted by trust.

    Args:
        first (np.ndarray): (H, W) float32, signed distances from the edge of
            one mask.
        second (np.ndarray): (H, W) float32, signed distances from the edge of
            the other mask.
        trust (np.ndarray): (H, W) float32, weight of each pixel, 0 to 1.

    Returns:
        float: 0 to 1; 0 if no pixel of the masks is trusted.
    """
    one, other = first > 0, second > 0
    union = float(trust[one | other].sum())
    return float(trust[one & other].sum()) / union if union else 0.0
