"""What every window plan has in common, and what it speaks to the engine."""

from abc import ABCMeta, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box, CompactMask

REFINED = 'refined'
KEPT = 'kept'
ROLLED_BACK = 'rolled back'


@dataclass
class WindowRequest:
    """A window for the network.

    Attributes:
        image (Tensor): (3, S, S), raw pixel values 0 to 255, any dtype.
        coarse (Tensor): (S, S) bool.
        timesteps (tuple[int, ...]): Reverse steps to run.
        until (int): Timestep that they lead to; -1 is the clean mask.
        alone (bool): Whether no other window may be in its batch. The
            rounding of a backend depends on the size of a batch; a plan that
            goes on by a ranking of many values, in which the last bit counts,
            asks for the same bits in any company.
    """

    image: Tensor
    coarse: Tensor
    timesteps: tuple[int, ...]
    until: int = -1
    alone: bool = False


@dataclass
class WindowAnswer:
    """What the network says of a window.

    Attributes:
        probs (Tensor): Foreground probability, (S, S) float32.
        fine_probs (Tensor, optional): Probability of having turned fine, same
            shape; only where the steps do not lead to the clean mask.
        error (Tensor, optional): How wrong the coarse mask is, 0 to 1, (s, s)
            float32; of networks that predict it.
    """

    probs: Tensor
    fine_probs: Tensor | None = None
    error: Tensor | None = None


@dataclass
class RefinedMask:
    """The outcome for one mask.

    Attributes:
        box (Box): Where ``pixels`` lie; outside the mask is background.
        pixels (Tensor): The mask inside the box, bool.
        confidence (Tensor): Scalar float32, 0 to 1; 0 for a mask that the
            network did not see.
        verdict (str): ``'refined'``, ``'kept'``, or ``'rolled back'`` by a
            guard.
        belief (Tensor, optional): See :func:`belief_in`.
        edge_gain (Tensor, optional): See :func:`edge_gain`; with the belief.
        edge_contrast (Tensor, optional): See :func:`edge_contrast`; with the
            belief.
        probs (Tensor, optional): Foreground probability over the box, at the
            resolution of the network, (S, S) float32; of plans with one
            window per mask. Single pixels may have been decided otherwise.
        evidence (dict[str, float]): Numbers that a guard decided by.
    """

    box: Box
    pixels: Tensor
    confidence: Tensor
    verdict: str
    belief: Tensor | None = None
    edge_gain: Tensor | None = None
    edge_contrast: Tensor | None = None
    probs: Tensor | None = None
    evidence: dict[str, float] = field(default_factory=dict)

    def dense(self, size: tuple[int, int]) -> Tensor:
        """The whole mask of an image of this height and width, bool."""
        mask = self.pixels.new_zeros(size)
        mask[self.box.slices()] = self.pixels
        return mask


@dataclass(frozen=True)
class RefineTask:
    """A mask to refine, and how.

    Attributes:
        image (Tensor): (3, H, W) uint8.
        mask (CompactMask): Coarse mask of the same H and W.
        timesteps (tuple[int, ...]): Reverse steps, descending.
        size (int): Side of the square that the network sees, in pixels.
    """

    image: Tensor
    mask: CompactMask
    timesteps: tuple[int, ...]
    size: int


Plan = Generator[list[WindowRequest], list[WindowAnswer], RefinedMask]


class WindowPlan(metaclass=ABCMeta):
    """Decides which windows of an image the network sees for one mask.

    Args:
        min_area (int): Smaller masks, in pixels, are kept as they are.

    Attributes:
        whole_image (bool): Whether a mask takes memory of the size of the
            image while it is refined.
    """

    whole_image = False

    def __init__(self, min_area: int) -> None:
        if min_area < 1:
            raise ValueError(f'min_area must be >= 1, got {min_area}')
        self.min_area = min_area

    def check_steps(self, timesteps: Sequence[int]) -> None:
        """Raise a ValueError if the plan cannot run with these steps."""
        if not timesteps:
            raise ValueError(f'{type(self).__name__} needs at least 1 step')

    def refine(self, task: RefineTask) -> Plan:
        """Refine one mask, as a coroutine that asks for windows.

        It yields lists of :class:`WindowRequest` and is sent the list of
        their :class:`WindowAnswer`; its return value is the outcome. Who
        drives it is free to answer requests of many masks in one batch.

        Args:
            task (RefineTask): The mask, its image and the steps.

        Returns:
            Generator: The coroutine.
        """
        refined = yield from self.propose(task)
        if refined.verdict == KEPT:
            return refined
        return (yield from self.finish(task, refined))

    def propose(self, task: RefineTask) -> Plan:
        """Do all of :meth:`refine` but :meth:`finish`, for a guard."""
        mask = task.mask
        if mask.full or mask.area < self.min_area:
            return keep(mask)
        return (yield from self._refine(task))

    def finish(self, task: RefineTask, refined: RefinedMask) -> Plan:
        """Give the last touch to a mask whose refinement is taken.

        Args:
            task (RefineTask): See :meth:`refine`; the last touch takes the
                first of the steps.
            refined (RefinedMask): From :meth:`propose`.

        Returns:
            Generator: As of :meth:`refine`. Here nothing is added.
        """
        yield from ()
        return refined

    @abstractmethod
    def _refine(self, task: RefineTask) -> Plan:
        """:meth:`propose` for a mask that is neither tiny nor full."""


def keep(mask: CompactMask) -> RefinedMask:
    """The outcome for a mask that stays as it is."""
    confidence = torch.zeros((), device=mask.pixels.device)
    return RefinedMask(mask.box, mask.pixels, confidence, KEPT)


def is_too_thin(coarse: Tensor, mask: CompactMask, window: Box) -> bool:
    """Whether a mask is too thin to be seen at the scale of the network.

    What reaches the network must stand for half of the mask at least, and for
    twice at most; from less or from scattered pixels it would invent a mask.

    Args:
        coarse (Tensor): The mask inside the window, resampled, (S, S) bool.
        mask (CompactMask): The mask.
        window (Box): The window.

    Returns:
        bool: Whether to keep the mask instead.
    """
    scale = window.height * window.width / coarse.numel()
    share = torch.count_nonzero(coarse).item() * scale / mask.area
    return not 0.5 <= share <= 2.0


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
