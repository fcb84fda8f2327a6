"""What every window plan has in common, and what it speaks to the engine."""

from abc import ABCMeta, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box, CompactMask

REFINED = 'refined'
KEPT = 'kept'


@dataclass
class WindowRequest:
    """A window for the network.

    Attributes:
        image (Tensor): (3, S, S), raw pixel values 0 to 255, any dtype.
        coarse (Tensor): (S, S) bool.
        timesteps (tuple[int, ...]): Reverse steps to run.
    """

    image: Tensor
    coarse: Tensor
    timesteps: tuple[int, ...]


@dataclass
class WindowAnswer:
    """What the network says of a window.

    Attributes:
        probs (Tensor): Foreground probability, (S, S) float32.
        fine_probs (Tensor): Probability of having turned fine, same shape.
    """

    probs: Tensor
    fine_probs: Tensor


@dataclass
class RefinedMask:
    """The outcome for one mask.

    Attributes:
        box (Box): Where ``pixels`` lie; outside the mask is background.
        pixels (Tensor): The mask inside the box, bool.
        confidence (Tensor): Scalar float32, 0 to 1; 0 for a mask that the
            network did not see.
        verdict (str): ``'refined'`` or ``'kept'``.
    """

    box: Box
    pixels: Tensor
    confidence: Tensor
    verdict: str


Plan = Generator[list[WindowRequest], list[WindowAnswer], RefinedMask]


class WindowPlan(metaclass=ABCMeta):
    """Decides which windows of an image the network sees for one mask.

    Args:
        min_area (int): Smaller masks, in pixels, are kept as they are.
    """

    def __init__(self, min_area: int) -> None:
        if min_area < 1:
            raise ValueError(f'min_area must be >= 1, got {min_area}')
        self.min_area = min_area

    def check_steps(self, timesteps: Sequence[int]) -> None:
        """Raise a ValueError if the plan cannot run with these steps."""
        if not timesteps:
            raise ValueError(f'{type(self).__name__} needs at least 1 step')

    def refine(
        self,
        image: Tensor,
        mask: CompactMask,
        timesteps: Sequence[int],
        size: int,
    ) -> Plan:
        """Refine one mask, as a coroutine that asks for windows.

        It yields lists of :class:`WindowRequest` and is sent the list of
        their :class:`WindowAnswer`; its return value is the outcome. Who
        drives it is free to answer requests of many masks in one batch.

        Args:
            image (Tensor): (3, H, W) uint8.
            mask (CompactMask): Coarse mask of the same H and W.
            timesteps (Sequence[int]): Reverse steps, descending.
            size (int): Side of the square that the network sees.

        Returns:
            Generator: The coroutine.
        """
        if mask.full or mask.area < self.min_area:
            confidence = torch.zeros((), device=image.device)
            return RefinedMask(mask.box, mask.pixels, confidence, KEPT)
        return (yield from self._refine(image, mask, timesteps, size))

    @abstractmethod
    def _refine(
        self,
        image: Tensor,
        mask: CompactMask,
        timesteps: Sequence[int],
        size: int,
    ) -> Plan:
        """The same for a mask that is neither tiny nor full."""


def confidence_of(probs: Tensor, coarse: Tensor) -> Tensor:
    """Mean of ``2 |p - 0.5|`` over what is foreground before or after.

    Args:
        probs (Tensor): Foreground probability, (S, S).
        coarse (Tensor): Coarse mask, (S, S) bool.

    Returns:
        Tensor: Scalar float32, 0 to 1.
    """
    seen = (coarse | (probs >= 0.5)).float()
    certainty = 2.0 * (probs - 0.5).abs()
    return (certainty * seen).sum() / seen.sum().clamp(min=1.0)
