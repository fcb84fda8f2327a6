"""The diffusion head, which runs the scheduler around the network."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor

from segrefiner_mm.models.denoiser import Denoiser
from segrefiner_mm.models.first_edges import with_first_edges
from segrefiner_mm.models.sample_output import ReverseStep, SampleOutput
from segrefiner_mm.registry import MODELS, TASK_UTILS, build_child


@MODELS.register_module()
class DiffusionRefineHead(BaseModule):
    """Refines coarse masks by discrete diffusion (arXiv 2312.12425).

    Args:
        denoiser (dict): Config of the network, such as ``DenoiseUNet``.
        scheduler (dict): Config of the ``DiscreteTransitionScheduler``.
        loss_mask (dict, optional): Loss of the logits against the true mask.
            Defaults to None: ``BinaryCrossEntropyLoss``.
        loss_texture (dict, optional): Loss of the edges. Defaults to None:
            ``TextureL1Loss`` of weight 5.
        first_step_prob (float): Fraction of the training samples, 0 to 1, put
            at the first reverse step, which sees only the coarse mask. The
            timesteps of other samples are drawn uniformly from all steps, as
            published. Defaults to 0.
        loss_error (dict, optional): Loss of the error map of a denoiser that
            predicts one, such as ``DenoiseLiteUNet``. Defaults to None.
        chain_weight (float): If more than 0, every sample is trained at the
            first step and at a drawn one, whose losses have this weight. For
            half of the samples, the noisy mask of the drawn step is made of
            the network's own first guess instead of the true mask, as in
            sampling. Defaults to 0: one step per sample, as published.
        init_cfg (dict, optional): Initialisation config. Defaults to None.

    Raises:
        ValueError: If denoiser and scheduler differ in ``num_timesteps``,
            ``chain_weight`` or ``first_step_prob`` is out of its range, or
            ``loss_error`` is set for a denoiser that predicts no errors.

    Attributes:
        observer (Callable, optional): Called with a :class:`ReverseStep`
            after every reverse step, for example to draw it; None at first.
    """

    observer: Callable[[ReverseStep], None] | None = None

    def __init__(
        self,
        denoiser: dict[str, Any],
        scheduler: dict[str, Any],
        loss_mask: dict[str, Any] | None = None,
        loss_texture: dict[str, Any] | None = None,
        first_step_prob: float = 0.0,
        loss_error: dict[str, Any] | None = None,
        chain_weight: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if chain_weight < 0:
            raise ValueError(f'chain_weight must be >= 0, got {chain_weight}')
        self.chain_weight = chain_weight
        if not 0.0 <= first_step_prob <= 1.0:
            raise ValueError(
                f'first_step_prob must be 0 to 1, got {first_step_prob}'
            )
        self.first_step_prob = first_step_prob
        self.denoiser = build_child(MODELS, denoiser)
        self.scheduler = build_child(TASK_UTILS, scheduler)
        rows, steps = self.denoiser.num_timesteps, self.scheduler.num_timesteps
        if rows != steps:
            raise ValueError(
                f'num_timesteps of the denoiser ({rows}) and of the '
                f'scheduler ({steps}) must be equal'
            )
        self.loss_mask = build_child(
            MODELS, loss_mask or dict(type='BinaryCrossEntropyLoss')
        )
        self.loss_texture = build_child(
            MODELS, loss_texture or dict(type='TextureL1Loss', loss_weight=5.0)
        )
        self.loss_error = build_child(MODELS, loss_error)
        if loss_error and not getattr(self.denoiser, 'predicts_errors', False):
            raise ValueError('loss_error: the denoiser predicts no error map')

    def forward(
        self,
        images: Tensor,
        masks: Tensor,
        timesteps: int | Tensor,
        coarse: Tensor | None = None,
    ) -> Tensor:
        """Predict the logits of the fine masks from noisy masks.

        Args:
            images (Tensor): Normalised images, (B, 3, H, W).
            masks (Tensor): Noisy masks, (B, 1, H, W), values 0 and 1.
            timesteps (int | Tensor): One timestep, or one per mask (B,).
            coarse (Tensor, optional): Coarse masks, (B, 1, H, W). Defaults to
                None: ``masks``, as at the first step.

        Returns:
            Tensor: Logits, (B, 1, H, W).
        """
        coarse = masks if coarse is None else coarse
        context = self.denoiser.encode(images, coarse)
        return _decode(self.denoiser, context, masks, timesteps)

    def loss(
        self,
        images: Tensor,
        coarse: Tensor,
        fine: Tensor,
        timesteps: Tensor | None = None,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Compute the losses at random timesteps, one per sample.

        Args:
            images (Tensor): Normalised images, (B, 3, H, W).
            coarse (Tensor): Coarse masks, (B, 1, H, W), values 0 and 1.
            fine (Tensor): True masks, shape and dtype of ``coarse``.
            timesteps (Tensor, optional): (B,) int64. Defaults to None: drawn
                from ``generator``.
            noise (Tensor, optional): Uniform in [0, 1), (B, 1, H, W).
                Defaults to None: drawn from ``generator``.
            generator (torch.Generator, optional): Draws timesteps and noise
                that are not given. Defaults to None: both must be given.

        Returns:
            dict[str, Tensor]: Scalars. ``loss_mask`` and ``loss_texture``;
            with ``chain_weight`` also both with the suffix ``_later``; with
            a ``loss_error`` also ``loss_error``; and for the log ``iou`` and
            ``coarse_iou``, the mean IoU of the guesses and of the coarse masks
            with the true masks.

        Raises:
            ValueError: If timesteps or noise are missing without a generator.
        """
        if generator is None and (timesteps is None or noise is None):
            raise ValueError('give timesteps and noise, or a generator')
        if timesteps is None:
            assert generator is not None
            timesteps = self.draw_timesteps(len(images), generator)
            timesteps = timesteps.to(images.device)
        context = self.denoiser.encode(images, coarse)
        first, fine_seen = None, fine
        if self.chain_weight:
            last = self.scheduler.num_timesteps - 1
            first = _decode(self.denoiser, context, coarse, last)
            guess = (first.detach() >= 0).to(fine.dtype)
            # Even samples, so that nothing more must be drawn.
            own = torch.arange(len(fine), device=fine.device) % 2 == 0
            fine_seen = torch.where(own[:, None, None, None], guess, fine)
        masks = self.scheduler.add_noise(
            fine_seen, coarse, timesteps, noise, generator
        )
        logits = _decode(self.denoiser, context, masks, timesteps)
        losses = self._mask_losses(logits if first is None else first, fine)
        if first is not None:
            losses |= {
                f'{name}_later': self.chain_weight * loss
                for name, loss in self._mask_losses(logits, fine).items()
            }
            logits = first
        if self.loss_error is not None:
            losses['loss_error'] = self.loss_error(
                context.error_logits, coarse, fine
            )
        losses['iou'] = mean_iou(logits.detach() >= 0, fine > 0.5)
        losses['coarse_iou'] = mean_iou(coarse > 0.5, fine > 0.5)
        return losses

    def _mask_losses(self, logits: Tensor, fine: Tensor) -> dict[str, Tensor]:
        return dict(
            loss_mask=self.loss_mask(logits, fine),
            loss_texture=self.loss_texture(logits, fine),
        )

    def draw_timesteps(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw timesteps to train on.

        Args:
            count (int): Number of timesteps.
            generator (torch.Generator): Source of randomness.

        Returns:
            Tensor: (count,) int64, on the device of the generator.
        """
        steps, device = self.scheduler.num_timesteps, generator.device
        drawn = torch.randint(
            steps, (count,), generator=generator, device=device
        )
        if self.first_step_prob:
            turn = torch.rand(count, generator=generator, device=device)
            drawn[turn < self.first_step_prob] = steps - 1
        return drawn

    @torch.no_grad()
    def sample(
        self,
        images: Tensor,
        coarse: Tensor,
        timesteps: Sequence[int] | None = None,
        noise: Sequence[Tensor] | Tensor | None = None,
        generator: torch.Generator | None = None,
        until: int = -1,
        denoiser: Denoiser | None = None,
        with_fine_probs: bool = True,
        edge_reach: int = 0,
    ) -> SampleOutput:
        """Run the reverse chain from the coarse masks.

        Args:
            images (Tensor): Normalised images, (B, 3, H, W).
            coarse (Tensor): Coarse masks, (B, 1, H, W), values 0 and 1.
            timesteps (Sequence[int], optional): Timesteps to run, descending,
                at least one. Defaults to None: ``scheduler.timesteps``.
            noise (Sequence[Tensor] | Tensor, optional): Uniform in [0, 1), an
                entry for every step but the last, each broadcastable to
                ``coarse``; further entries are not used. Defaults to None.
            generator (torch.Generator, optional): Draws the noise if none is
                given. Defaults to None: no noise, 0.5 everywhere.
            until (int): Timestep that the last step leads to. Defaults to
                -1: the clean mask.
            denoiser (Denoiser, optional): Network to run instead of the
                module, with the same weights. Defaults to None.
            with_fine_probs (bool): Whether to return ``fine_probs``.
                Defaults to True.
            edge_reach (int): ``reach`` of :func:`with_first_edges`, used if
                the last step leads to the clean mask. Defaults to 0.

        Returns:
            SampleOutput: Predictions of the last step.
        """
        given = self.scheduler.timesteps if timesteps is None else timesteps
        steps = list(given)
        denoiser = denoiser or self.denoiser
        context = denoiser.encode(images, coarse)
        masks = coarse
        fine_probs = torch.zeros_like(coarse, dtype=torch.float32)
        pairs = itertools.pairwise([*steps, until])
        for index, (step, following) in enumerate(pairs):
            logits = _decode(denoiser, context, masks, step)
            if index == 0:
                first = logits
            last = index + 1 == len(steps)
            if last and not with_fine_probs and self.observer is None:
                break
            output = self.scheduler.step(
                logits,
                step,
                coarse,
                fine_probs,
                noise=None if noise is None or last else noise[index],
                generator=None if last else generator,
                next_timestep=following,
            )
            if self.observer is not None:
                probs = output.fine_probs
                after = logits >= 0 if last else output.sample
                seen = ReverseStep(step, images, masks, logits, probs, after)
                self.observer(seen)
            masks, fine_probs = output.sample, output.fine_probs
        if until < 0:
            logits = with_first_edges(first, logits, edge_reach)
        error = getattr(context, 'error_logits', None)
        error = None if error is None else error.float().sigmoid()
        known = fine_probs if with_fine_probs else None
        return SampleOutput(logits.float().sigmoid(), known, error)


def _decode(
    denoiser: Denoiser, context: Any, masks: Tensor, timesteps: int | Tensor
) -> Tensor:
    if isinstance(timesteps, int):
        timesteps = torch.full((1,), timesteps, device=masks.device)
    return denoiser.decode(context, masks, timesteps)


def mean_iou(predicted: Tensor, target: Tensor) -> Tensor:
    """Compute the mean IoU of pairs of masks; two empty masks count as 1.

    Args:
        predicted (Tensor): (B, 1, H, W) bool.
        target (Tensor): (B, 1, H, W) bool.

    Returns:
        Tensor: Scalar float32, 0 to 1.
    """
    intersection = (predicted & target).flatten(1).sum(1)
    union = (predicted | target).flatten(1).sum(1)
    ious = intersection / union.clamp(min=1)
    return torch.where(union > 0, ious, 1.0).mean()
