"""The result of the reverse chain, and of each of its steps."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


@dataclass
class SampleOutput:
    """Result of the reverse chain.

    Attributes:
        probs (Tensor): Foreground probability, 0 to 1, (B, 1, H, W) float32:
            the sigmoid of the last logits, after :func:`with_first_edges` if
            the chain ends at the clean mask.
        fine_probs (Tensor, optional): Probability, 0 to 1, that each pixel has
            turned fine, (B, 1, H, W) float32; None if it was not requested.
        error (Tensor, optional): Predicted error of the coarse mask, 0 to 1,
            (B, 1, h, w) float32. Defaults to None: the denoiser does not
            predict errors.
    """

    probs: Tensor
    fine_probs: Tensor | None
    error: Tensor | None = None


class ReverseStep(NamedTuple):
    """One reverse step of a batch of windows.

    Attributes:
        timestep (int): Timestep, counted from 0.
        images (Tensor): Normalised images, (B, 3, H, W) float32.
        before (Tensor): Masks before the step, (B, 1, H, W), 0 and 1.
        logits (Tensor): The network's guess of the fine masks, (B, 1, H, W).
        fine_probs (Tensor): Probability, 0 to 1, that each pixel has turned
            fine, (B, 1, H, W) float32.
        after (Tensor): Masks after the step, (B, 1, H, W), 0 and 1; for the
            last step the thresholded logits, bool.
    """

    timestep: int
    images: Tensor
    before: Tensor
    logits: Tensor
    fine_probs: Tensor
    after: Tensor
