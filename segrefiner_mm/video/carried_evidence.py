"""Evidence for the mask of an object, moved from frame to frame."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.video.optical_flow import Motion, grid
from segrefiner_mm.windows import Box, RefinedMask

Array = npt.NDArray[Any]

# Most that one frame says about a pixel, and that all frames say together, as
# log-odds. So a few frames outvote one, however sure it is of its mistake.
OF_FRAME, OF_ALL = 2.0, 8.0
# Evidence is stored in steps of 1/15, so that it fits into a byte.
STEPS = 15


@dataclass(frozen=True)
class CarriedEvidence:
    """The evidence for an object up to the previous frame.

    Attributes:
        box (Box): Position of ``steps`` in the frame.
        steps (np.ndarray): (h, w) int8, log-odds of the foreground in steps of
            1/15; outside the box is background.
    """

    box: Box
    steps: Array

    @classmethod
    def of(cls, box: Box, evidence: Array) -> 'CarriedEvidence':
        """Store evidence for the next frame.

        Args:
            box (Box): Position of ``evidence`` in the frame.
            evidence (np.ndarray): (h, w) float32, log-odds; clipped to -8 to
                8.

        Returns:
            CarriedEvidence: The evidence.
        """
        clipped = evidence.clip(-OF_ALL, OF_ALL)
        return cls(box, np.rint(clipped * STEPS).astype(np.int8))

    def moved(
        self, motion: Motion, box: Box, coarse: Array
    ) -> tuple[Array, Array]:
        """Warp the evidence into this frame by the motion of the object.

        Args:
            motion (Motion): Motion between the previous frame and this one.
            box (Box): The part of this frame to fill.
            coarse (np.ndarray): (h, w) bool, the coarse mask inside the box.

        Returns:
            tuple[np.ndarray, np.ndarray]: Log-odds, and trust in them, 0 to 1;
            (h, w) float32 each.
        """
        flow, trust = motion.of_object(box, coarse)
        columns, rows = grid(box)
        evidence = cv2.remap(
            self.steps.astype(np.float32) / STEPS,
            columns + flow[..., 0] - self.box.x1,
            rows + flow[..., 1] - self.box.y1,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=-OF_ALL,
        )
        return evidence, trust


def evidence_in(refined: RefinedMask, box: Box) -> Array:
    """Return what a frame says about an object.

    Args:
        refined (RefinedMask): The refined mask, with a soft map.
        box (Box): A part of the frame that contains the mask.

    Returns:
        np.ndarray: (h, w) of ``box``, float32, log-odds of the foreground, -2
        to 2, positive exactly where the mask is.
    """
    assert refined.soft is not None
    probs = refined.soft.crop(box).cpu().numpy()
    least = 1 / (1 + np.exp(np.float32(OF_FRAME)))
    probs = probs.clip(least, 1 - least)
    # Exactly 0.5 is foreground.
    return np.log(probs / (1 - probs)) + np.float32(1e-6)


def overlap_of(first: Array, second: Array, trust: Array) -> float:
    """Return the IoU of two masks, weighted by trust.

    Args:
        first (np.ndarray): (H, W) bool.
        second (np.ndarray): (H, W) bool.
        trust (np.ndarray): (H, W) float32, weight of each pixel, 0 to 1.

    Returns:
        float: 0 to 1; 0 if no pixel of the masks is trusted.
    """
    union = float(trust[first | second].sum())
    return float(trust[first & second].sum()) / union if union else 0.0
