"""The discrete diffusion process of SegRefiner (arXiv 2312.12425, Sec. 3.2).

Every pixel is in one of two states: a *fine* pixel has the label of the true
mask, a *coarse* pixel that of the coarse mask. The forward process only moves
pixels from fine to coarse.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from segrefiner_mm.registry import TASK_UTILS

NOISE_FREE = 0.5


@dataclass
class TransitionStepOutput:
    """Result of one reverse step.

    Attributes:
        sample (Tensor): Next masks of the chain, (B, 1, H, W), values 0 and 1,
            dtype of the coarse masks.
        fine_probs (Tensor): Probability, 0 to 1, that each pixel has turned
            fine so far, (B, 1, H, W) float32.
        pred_fine (Tensor): The denoiser's current guess of the fine masks,
            (B, 1, H, W), values 0 and 1, dtype of the coarse masks.
    """

    sample: Tensor
    fine_probs: Tensor
    pred_fine: Tensor


@TASK_UTILS.register_module()
class DiscreteTransitionScheduler:
    r"""Transition matrices, forward samples and reverse steps.

    With the states ordered (fine, coarse), the transition matrices of the step
    to timestep ``t`` and of all steps up to ``t`` are

    .. math::
        Q_t = \begin{pmatrix} \beta_t & 1 - \beta_t \\ 0 & 1 \end{pmatrix},
        \qquad
        \bar Q_t = Q_0 \cdots Q_t = \begin{pmatrix}
        \bar\beta_t & 1 - \bar\beta_t \\ 0 & 1 \end{pmatrix},

    with :math:`\bar\beta` linear from ``fine_start`` to ``fine_end``.
    Timesteps count from 0; at the last one every pixel is coarse (for
    ``fine_end=0``).

    The scheduler has neither a network nor a random state. A method that takes
    ``noise`` and ``generator`` uses ``noise`` (uniform in [0, 1),
    broadcastable to the mask) if it is given, else draws it from the
    generator. Without both, the uniform variable is 0.5 everywhere, which
    gives a deterministic, noise-free result.

    Args:
        num_timesteps (int): Length T of the chain. Defaults to 6.
        fine_start (float): Probability that a pixel is still fine at
            timestep 0; not used if T is 1. Defaults to 0.8.
        fine_end (float): Probability that a pixel is still fine at timestep
            T - 1. Defaults to 0.0.

    Attributes:
        timesteps (list[int]): Timesteps of the reverse chain, descending; all
            T until :meth:`set_timesteps` is called.

    Raises:
        ValueError: If ``num_timesteps < 1`` or the probabilities do not
            satisfy ``1 >= fine_start >= fine_end >= 0``.

    Examples:
        >>> scheduler = DiscreteTransitionScheduler()
        >>> scheduler.set_timesteps(2)
        >>> scheduler.timesteps
        [5, 0]
    """

    def __init__(
        self,
        num_timesteps: int = 6,
        fine_start: float = 0.8,
        fine_end: float = 0.0,
    ) -> None:
        if num_timesteps < 1:
            raise ValueError(f'num_timesteps must be >= 1: {num_timesteps}')
        if not 1.0 >= fine_start >= fine_end >= 0.0:
            raise ValueError(
                'expected 1 >= fine_start >= fine_end >= 0, got '
                f'fine_start={fine_start}, fine_end={fine_end}'
            )
        self.num_timesteps = num_timesteps
        fine = np.linspace(fine_start, fine_end, num_timesteps)
        # For one step linspace returns the start, but the chain needs the end.
        self._fine_cumprod = fine.tolist() if len(fine) > 1 else [fine_end]
        self.timesteps: list[int] = []
        self.set_timesteps(num_timesteps)

    @property
    def fine_cumprod(self) -> Tensor:
        r"""Tensor: Probability :math:`\bar\beta` of fine, (T,) float64."""
        return torch.tensor(self._fine_cumprod, dtype=torch.float64)

    @property
    def transition_matrices(self) -> Tensor:
        """Tensor: One-step matrices Q, (T, 2, 2) float64, row-stochastic."""
        steps = range(self.num_timesteps)
        return torch.stack([self.jump_matrix(t - 1, t) for t in steps])

    @property
    def cumulative_matrices(self) -> Tensor:
        """Tensor: Products Q_0 ... Q_t, (T, 2, 2) float64, row-stochastic."""
        steps = range(self.num_timesteps)
        return torch.stack([self.jump_matrix(-1, t) for t in steps])

    def jump_matrix(self, start: int, end: int) -> Tensor:
        r"""Return the transition matrix from timestep ``start`` to ``end``.

        The matrix is :math:`\bar Q_{start}^{-1} \bar Q_{end}`, so a pixel
        stays fine with probability
        :math:`\bar\beta_{end} / \bar\beta_{start}`, or 0 if no pixel is fine
        at ``start``.

        Args:
            start (int): Timestep to leave; -1 is the clean mask.
            end (int): Timestep to reach, greater than ``start``, up to T - 1.

        Returns:
            Tensor: (2, 2) float64, rows and columns (fine, coarse).
        """
        before, after = self._fine_at(start), self._fine_at(end)
        # If no pixel is fine any more, the row is arbitrary; 0 keeps it valid.
        stay = after / before if before > 0 else 0.0
        return torch.tensor(
            [[stay, 1.0 - stay], [0.0, 1.0]], dtype=torch.float64
        )

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Set ``timesteps`` to a chain of fewer steps; see :meth:`spread`.

        Args:
            num_inference_steps (int): Number of steps, 1 to T.

        Raises:
            ValueError: If the number is not within 1 to T.
        """
        self.timesteps = self.spread(num_inference_steps)

    def spread(self, num_inference_steps: int) -> list[int]:
        """Return the timesteps of a chain of fewer steps.

        The timesteps are spread evenly from T - 1 (all coarse) down to 0; a
        single step runs T - 1.

        Args:
            num_inference_steps (int): Number of steps, 1 to T.

        Returns:
            list[int]: Timesteps, descending.

        Raises:
            ValueError: If the number is not within 1 to T.
        """
        last = self.num_timesteps - 1
        if not 1 <= num_inference_steps <= self.num_timesteps:
            raise ValueError(
                f'the number of steps must be 1 to {self.num_timesteps} '
                f'for this scheduler, got {num_inference_steps}'
            )
        spread = np.linspace(last, 0, num_inference_steps)
        return [round(t) for t in spread.tolist()]

    def add_noise(
        self,
        fine: Tensor,
        coarse: Tensor,
        timesteps: int | Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        r"""Draw a forward sample: fine where ``u < beta_bar[t]``, else coarse.

        Args:
            fine (Tensor): True masks, (B, 1, H, W), values 0 and 1.
            coarse (Tensor): Coarse masks, shape and dtype of ``fine``.
            timesteps (int | Tensor): One timestep, or one per mask, (B,)
                int64.
            noise (Tensor, optional): See the class. Defaults to None.
            generator (torch.Generator, optional): See the class. Defaults to
                None.

        Returns:
            Tensor: The masks :math:`m_t`, shape and dtype of ``fine``.
        """
        uniform = self._uniform(fine, noise, generator)
        keep = self.fine_cumprod.float().to(fine.device)[timesteps]
        if keep.ndim:
            keep = keep.reshape(-1, *[1] * (fine.ndim - 1))
        return torch.where(uniform < keep, fine, coarse)

    def step(
        self,
        logits: Tensor,
        timestep: int | Tensor,
        coarse: Tensor,
        fine_probs: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        next_timestep: int | None = None,
    ) -> TransitionStepOutput:
        r"""Run one reverse step, from ``timestep`` to an earlier one.

        With confidence :math:`c = 2 |\sigma(logit) - 0.5|` that the guess is
        the true label, the posterior of a coarse pixel being fine at the
        earlier time :math:`s` is (paper Eq. 5, for a jump of any length)

        .. math::
            p = \frac{c\,(\bar\beta_s - \bar\beta_t)}{1 - c\,\bar\beta_t},
            \qquad f \leftarrow f + (1 - f)\,p,

        and the next mask takes the guess where ``u < f``.

        Args:
            logits (Tensor): Output of the denoiser, (B, 1, H, W).
            timestep (int | Tensor): The timestep ``t`` of this step, a scalar.
            coarse (Tensor): Coarse masks, (B, 1, H, W), values 0 and 1.
            fine_probs (Tensor): ``f`` so far, (B, 1, H, W) float32; zeros at
                the start.
            noise (Tensor, optional): See the class. Defaults to None.
            generator (torch.Generator, optional): See the class. Defaults to
                None.
            next_timestep (int, optional): The timestep ``s`` to jump to; -1
                is the clean mask. Defaults to None: the one after ``timestep``
                in ``timesteps``, or -1 after the last.

        Returns:
            TransitionStepOutput: Next mask, updated ``f``, current guess.

        Raises:
            ValueError: If ``next_timestep`` is not given and ``timestep`` is
                not among ``timesteps``.
        """
        present = int(timestep)
        fine_now = self._fine_at(present)
        if next_timestep is None:
            next_timestep = self._next_timestep(present)
        fine_next = self._fine_at(next_timestep)
        confidence = (logits.float().sigmoid() - 0.5).abs_().mul_(2.0)
        turn_fine = confidence * (fine_next - fine_now)
        if fine_now > 0:
            # 0 / 0 where nothing is coarse and the guess is certain: stays 0.
            coarse_mass = 1.0 - confidence.mul_(fine_now)
            turn_fine /= coarse_mass.clamp_(min=1e-12)
        fine_probs = (1.0 - fine_probs).mul_(turn_fine).add_(fine_probs)
        pred_fine = (logits >= 0).to(coarse.dtype)
        uniform = self._uniform(fine_probs, noise, generator)
        sample = torch.where(uniform < fine_probs, pred_fine, coarse)
        return TransitionStepOutput(sample, fine_probs, pred_fine)

    def _fine_at(self, timestep: int) -> float:
        return 1.0 if timestep < 0 else self._fine_cumprod[timestep]

    def _next_timestep(self, timestep: int) -> int:
        if timestep not in self.timesteps:
            raise ValueError(
                f'timestep {timestep} is not one of {self.timesteps}'
            )
        index = self.timesteps.index(timestep) + 1
        return self.timesteps[index] if index < len(self.timesteps) else -1

    @staticmethod
    def _uniform(
        like: Tensor, noise: Tensor | None, generator: torch.Generator | None
    ) -> Tensor:
        if noise is not None:
            return noise
        if generator is None:
            return like.new_full((), NOISE_FREE, dtype=torch.float32)
        drawn = torch.rand(
            like.shape, generator=generator, device=generator.device
        )
        return drawn.to(like.device)
