"""The base of window plans, and the messages between plan and engine."""

from abc import ABCMeta, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box, CompactMask, count
from segrefiner_mm.windows.only_here import Only
from segrefiner_mm.windows.soft_map import SoftMap

REFINED = 'refined'
KEPT = 'kept'
ROLLED_BACK = 'rolled back'


@dataclass
class WindowRequest:
    """A window for the network.

    Attributes:
        image (Tensor): (3, S, S), raw pixel values 0 to 255, any dtype.
        coarse (Tensor): Coarse mask, (S, S) bool.
        timesteps (tuple[int, ...]): Timesteps to run, descending.
        until (int): Timestep that the last step leads to. Defaults to -1: the
            clean mask.
        alone (bool): Whether the window must be alone in its batch. The
            rounding of a backend depends on the batch size. A plan that ranks
            many values, where the last bit matters, needs results that do not
            depend on other windows. Defaults to False.
    """

    image: Tensor
    coarse: Tensor
    timesteps: tuple[int, ...]
    until: int = -1
    alone: bool = False


@dataclass
class WindowAnswer:
    """The network's prediction for a window.

    Attributes:
        probs (Tensor): Foreground probability, (S, S) float32, 0 to 1.
        fine_probs (Tensor, optional): Probability that each pixel has turned
            fine, (S, S) float32, 0 to 1. Defaults to None: the steps lead to
            the clean mask.
        error (Tensor, optional): Predicted error of the coarse mask, (s, s)
            float32, 0 to 1. Defaults to None: the network predicts no errors.
    """

    probs: Tensor
    fine_probs: Tensor | None = None
    error: Tensor | None = None


@dataclass
class RefinedMask:
    """The result for one mask.

    Attributes:
        box (Box): Position of ``pixels``; outside is background.
        pixels (Tensor): The mask inside the box, (h, w) bool, on the CPU.
        confidence (Tensor): Scalar float32, 0 to 1; 0 for a mask that the
            network did not see.
        verdict (str): ``'refined'``, ``'kept'``, or ``'rolled back'`` by a
            guard.
        belief (Tensor, optional): See :func:`belief_in`; only for a task that
            is ``judged``. Defaults to None.
        edge_gain (Tensor, optional): See :func:`edge_gain`; given with the
            belief. Defaults to None.
        edge_contrast (Tensor, optional): See :func:`edge_contrast`; given
            with the belief. Defaults to None.
        probs (Tensor, optional): Foreground probabilities over the box, at
            the resolution of the network, (S, S) float32, 0 to 1; from plans
            with one window per mask, if ``keep_probs`` is set. They may
            disagree with single pixels of the mask. Defaults to None.
        evidence (dict[str, float]): Numbers by which a guard decided.
            Defaults to {}: no guard judged the mask.
        soft (SoftMap, optional): Calibrated probabilities at the resolution
            of the image, from tasks with a temperature. They may disagree
            with single pixels of the mask until :func:`completed` moves them.
            Defaults to None.
        only (CompactMask, optional): The part of the image that may change.
            Defaults to None: everything.
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
    soft: SoftMap | None = None
    only: CompactMask | None = None

    def dense(self, size: tuple[int, int]) -> Tensor:
        """Return the mask of the whole image.

        Args:
            size (tuple[int, int]): Height and width of the image.

        Returns:
            Tensor: (H, W) bool.
        """
        mask = self.pixels.new_zeros(size)
        mask[self.box.slices()] = self.pixels
        return mask


def stack_confidence(refined: Sequence[RefinedMask]) -> Tensor:
    """Stack the confidences of an image's masks.

    Args:
        refined (Sequence[RefinedMask]): The N refined masks.

    Returns:
        Tensor: (N,) float32, 0 to 1.
    """
    if not refined:
        return torch.zeros(0)
    return torch.stack([part.confidence for part in refined])


@dataclass(frozen=True)
class RefineTask:
    """A mask to refine, with its image and steps.

    Attributes:
        image (Tensor): (3, H, W) uint8.
        mask (CompactMask): Coarse mask of the image.
        timesteps (tuple[int, ...]): Timesteps to run, descending.
        size (int): Side of the square that the network sees, in pixels.
        temperature (float, optional): Temperature of the soft map; see
            :func:`calibrated`. Defaults to None: no soft map is made.
        only (CompactMask | str, optional): The part that may change; see
            :class:`RefineJob`. Defaults to None: everything.
        judged (bool): Whether a guard reads the evidence of the result, which
            takes time to measure. Defaults to False.
    """

    image: Tensor
    mask: CompactMask
    timesteps: tuple[int, ...]
    size: int
    temperature: float | None = None
    only: Only | None = None
    judged: bool = False


Plan = Generator[list[WindowRequest], list[WindowAnswer], RefinedMask]


class WindowPlan(metaclass=ABCMeta):
    """Chooses the windows of an image that the network sees for one mask.

    Masks that fill the image are kept.

    Args:
        min_area (int): Masks of fewer pixels are kept; 1 or more.

    Attributes:
        whole_image (bool): Whether the plan looks at the whole image, so that
            refining a mask takes as much memory as the image.

    Raises:
        ValueError: If ``min_area`` is less than 1.
    """

    whole_image = False

    def __init__(self, min_area: int) -> None:
        if min_area < 1:
            raise ValueError(f'min_area must be >= 1, got {min_area}')
        self.min_area = min_area

    def check_steps(self, timesteps: Sequence[int]) -> None:
        """Check that the plan can run with these steps.

        Args:
            timesteps (Sequence[int]): Timesteps to run.

        Raises:
            ValueError: If there are fewer steps than the plan needs.
        """
        if not timesteps:
            raise ValueError(f'{type(self).__name__} needs at least 1 step')

    def refine(self, task: RefineTask) -> Plan:
        """Refine one mask, as a coroutine that requests windows.

        The coroutine yields lists of :class:`WindowRequest` and is sent lists
        of :class:`WindowAnswer` in the same order; its return value is the
        :class:`RefinedMask`. The caller may answer requests of many masks in
        one batch.

        Args:
            task (RefineTask): The mask, its image and the steps.

        Returns:
            Generator: The coroutine. It raises an InputError if ``task.only``
            is ``'errors'`` and the network predicts no errors.
        """
        refined = yield from self.propose(task)
        if refined.verdict == KEPT:
            return refined
        return (yield from self.finish(task, refined))

    def propose(self, task: RefineTask) -> Plan:
        """Run :meth:`refine` without :meth:`finish`, for a guard.

        Args:
            task (RefineTask): See :meth:`refine`.

        Returns:
            Generator: The coroutine; see :meth:`refine`.
        """
        mask = task.mask
        if mask.full or mask.area < self.min_area:
            return keep(mask)
        return (yield from self._refine(task))

    def finish(self, task: RefineTask, refined: RefinedMask) -> Plan:
        """Finish a mask whose refinement was accepted; by default, do nothing.

        Args:
            task (RefineTask): See :meth:`refine`; only the first of its steps
                is run.
            refined (RefinedMask): From :meth:`propose`.

        Returns:
            Generator: The coroutine; see :meth:`refine`.
        """
        yield from ()
        return refined

    @abstractmethod
    def _refine(self, task: RefineTask) -> Plan:
        """Run :meth:`propose` for a mask that is neither tiny nor full."""


def keep(mask: CompactMask) -> RefinedMask:
    """Return the result for a mask that is kept.

    Args:
        mask (CompactMask): The coarse mask.

    Returns:
        RefinedMask: The coarse mask, with confidence 0.
    """
    confidence = torch.zeros((), device=mask.pixels.device)
    return RefinedMask(mask.box, mask.pixels, confidence, KEPT)


def is_too_thin(coarse: Tensor, mask: CompactMask, window: Box) -> bool:
    """Return whether a mask is too thin for the resolution of the network.

    The area of the resampled mask must be half to twice that of the mask. From
    less, or from scattered pixels, the network would invent a mask.

    Args:
        coarse (Tensor): The mask inside the window, resampled, (S, S) bool.
        mask (CompactMask): The mask, not empty.
        window (Box): The window.

    Returns:
        bool: Whether to keep the mask instead of refining it.
    """
    scale = window.height * window.width / coarse.numel()
    share = count(coarse) * scale / mask.area
    return not 0.5 <= share <= 2.0


def confidence_of(probs: Tensor, coarse: Tensor) -> Tensor:
    """Average the certainty ``2 |p - 0.5|`` over the foreground.

    A pixel counts if it is foreground before or after refinement.

    Args:
        probs (Tensor): Foreground probability p, (S, S) float32, 0 to 1.
        coarse (Tensor): Coarse mask, (S, S) bool.

    Returns:
        Tensor: Scalar float32, 0 to 1; 0 if no pixel counts.
    """
    seen = coarse | (probs >= 0.5)
    certainty = (probs - 0.5).abs_().mul_(seen).sum()
    return 2.0 * certainty / seen.sum().clamp(min=1)
