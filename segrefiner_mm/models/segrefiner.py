"""The refiner as an mmengine model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from mmengine.dist import get_dist_info
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from segrefiner_mm.models.checkpoint import (
    canonical_names,
    check_finite,
    check_match,
    is_strict_load,
    load_weights,
)
from segrefiner_mm.models.denoiser import Denoiser
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.windows import (
    CompactMask,
    Plan,
    RefinedMask,
    RefineJob,
    WindowEngine,
    compact_masks,
    stack_confidence,
    stack_soft,
)
from segrefiner_mm.windows.refine_job import Tag

CPU = torch.device('cpu')


@MODELS.register_module()
class SegRefiner(BaseModel):
    """SegRefiner (arXiv 2312.12425): refines coarse masks of any origin.

    Args:
        head (dict): Config of the :class:`DiffusionRefineHead`.
        data_preprocessor (dict, optional): Config of the
            :class:`RefineDataPreprocessor`. Defaults to None: ImageNet
            statistics, BGR input.
        test_cfg (dict, optional): See :class:`RefineSettings`. Defaults to
            None: the published test settings.
        checkpoint (str, optional): Weights to load at once: a file, or the
            name of a bundled model. Official checkpoints need no conversion.
            Defaults to None: random weights.
        init_cfg (dict, optional): Initialisation config. Defaults to None.

    Raises:
        CheckpointError: If ``checkpoint`` cannot be read; here and in
            ``load_state_dict``, if weights do not match (unless
            ``strict=False``), or some are infinite or NaN.
        ValueError: If ``test_cfg`` is invalid; see :meth:`settings`.

    Attributes:
        runtime (Denoiser, optional): Network that :meth:`refine` runs in place
            of the module, on the same device. Loading weights sets it to None.
    """

    runtime: Denoiser | None = None

    def __init__(
        self,
        head: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
        test_cfg: dict[str, Any] | None = None,
        checkpoint: str | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='RefineDataPreprocessor')
        super().__init__(build_child(MODELS, preprocessor), init_cfg)
        self.head = build_child(MODELS, head)
        self.test_cfg = test_cfg
        self.settings()  # report a mistake in the config now
        self._losses_computed = 0
        self._register_load_state_dict_pre_hook(self._check_state_dict)
        if checkpoint is not None:
            load_weights(self, checkpoint)

    def settings(self, **overrides: Any) -> RefineSettings:
        """Return the checked ``test_cfg`` with some settings replaced.

        Args:
            **overrides: See :class:`RefineSettings`.

        Returns:
            RefineSettings: Settings for :meth:`refine`.

        Raises:
            ValueError: If a setting is unknown or invalid for this model.
            KeyError: See :meth:`RefineSettings.from_cfg`.
            TypeError: See :meth:`RefineSettings.from_cfg`.
        """
        settings = RefineSettings.from_cfg(self.test_cfg, **overrides)
        if settings.num_steps is None:
            steps = self.head.scheduler.num_timesteps
            settings = replace(settings, num_steps=steps)
        stride = self.head.denoiser.stride
        if settings.model_size % stride:
            raise ValueError(
                f'model_size must be a multiple of {stride} for this '
                f'network, got {settings.model_size}'
            )
        settings.windows.check_steps(
            self.head.scheduler.spread(settings.num_steps)
        )
        return settings

    def forward(
        self,
        inputs: Any,
        data_samples: Sequence[RefineDataSample],
        mode: str = 'tensor',
    ) -> Any:
        """Run the model in a mode of mmengine's runner.

        Args:
            inputs (Tensor | Sequence[Tensor]): Output of the data
                preprocessor: (B, 3, h, w) float32 for ``loss`` and
                ``tensor``, a list of (3, H, W) uint8 images for ``predict``.
            data_samples (Sequence[RefineDataSample]): One per image, with
                ``coarse_instances``, and ``gt_instances`` for ``loss``.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``. Defaults to
                'tensor'.

        Returns:
            dict | list | Tensor: Losses; data samples with
            ``pred_instances``; or logits (B, 1, h, w) of the first step.

        Raises:
            ValueError: If the mode is unknown; or see :meth:`loss`.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            coarse = _stacked(data_samples, 'coarse_instances')
            return self.head(inputs, coarse, self.head.scheduler.timesteps[0])
        raise ValueError(
            f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}"
        )

    def loss(
        self, inputs: Tensor, data_samples: Sequence[RefineDataSample]
    ) -> dict[str, Tensor]:
        """Compute the losses of object windows with one mask each.

        Timesteps and noise of a sample are drawn from the ``noise_seed`` of
        its metainfo, so they do not depend on batch, process or history.
        A sample without a ``noise_seed`` is seeded by its running number.

        Args:
            inputs (Tensor): Normalised windows, (B, 3, h, w).
            data_samples (Sequence[RefineDataSample]): Masks, (1, h, w) each.

        Returns:
            dict[str, Tensor]: See :meth:`DiffusionRefineHead.loss`.

        Raises:
            ValueError: If a sample does not have one mask of each kind.
        """
        coarse = _stacked(data_samples, 'coarse_instances')
        fine = _stacked(data_samples, 'gt_instances')
        timesteps, noise = [], []
        rank, processes = get_dist_info()
        calls = self._losses_computed * processes + rank
        for index, sample in enumerate(data_samples):
            counted = calls * len(data_samples) + index
            seed = int(sample.get('noise_seed', counted))
            generator = torch.Generator().manual_seed(seed)
            timesteps.append(self.head.draw_timesteps(1, generator))
            noise.append(torch.rand(fine.shape[1:], generator=generator))
        self._losses_computed += 1
        return self.head.loss(
            inputs,
            coarse,
            fine,
            timesteps=torch.cat(timesteps).to(fine.device),
            noise=torch.stack(noise).to(fine.device),
        )

    def predict(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[RefineDataSample],
    ) -> list[RefineDataSample]:
        """Refine the coarse masks of whole images.

        Args:
            inputs (Sequence[Tensor]): Images, (3, H, W) uint8.
            data_samples (Sequence[RefineDataSample]): One per image.

        Returns:
            list[RefineDataSample]: These samples, with ``pred_instances``.
        """
        jobs = (
            RefineJob(
                image, compact_masks(sample.coarse_instances.masks), sample
            )
            for image, sample in zip(inputs, data_samples, strict=True)
        )
        settings = self.settings()
        for job, refined in self.refine(jobs, settings):
            sample, coarse = job.tag, job.tag.coarse_instances.masks
            masks = torch.zeros_like(coarse, dtype=torch.bool)
            for mask, part in zip(masks, refined, strict=True):
                mask[part.box.slices()] = part.pixels
            sample.pred_instances = InstanceData(
                masks=masks,
                confidence=stack_confidence(refined).to(masks.device),
                verdicts=[part.verdict for part in refined],
                evidence=[part.evidence for part in refined],
            )
            if settings.soft:
                sample.pred_instances.soft_masks = stack_soft(refined, coarse)
        return list(data_samples)

    def refine(
        self, jobs: Iterable[RefineJob[Tag]], settings: RefineSettings
    ) -> Iterator[tuple[RefineJob[Tag], list[RefinedMask]]]:
        """Refine the masks of a stream of images.

        Windows of different images share batches, so up to 256 images are in
        progress, pulled as late as possible. Only the network runs on a GPU.

        Args:
            jobs (Iterable[RefineJob]): Images with masks, copied to the CPU.
            settings (RefineSettings): From :meth:`settings`.

        Yields:
            tuple[RefineJob, list[RefinedMask]]: Every job and its results, in
            the order of the jobs and masks, on the CPU.

        Raises:
            InputError: While results are pulled, if a job has
                ``only='errors'`` and the network predicts no errors.
        """
        sampler = WindowSampler(
            self.head,
            self.data_preprocessor.normalize,
            settings,
            self.device,
            self.runtime,
        )
        steps = tuple(sampler.timesteps)

        def make_plan(job: RefineJob[Any], mask: CompactMask) -> Plan:
            return settings.plan(job.image, mask, steps, job.only)

        engine: WindowEngine[Tag] = WindowEngine(
            make_plan,
            sampler,
            sampler.batch_size,
            settings.windows.whole_image,
            submit=sampler.submit if sampler.overlaps else None,
        )
        return engine.run(job.to(CPU) for job in jobs)

    @property
    def device(self) -> torch.device:
        """torch.device: Device of the weights."""
        return self.data_preprocessor.device

    def _check_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *_: Any
    ) -> None:
        """Convert official names and reject weights that do not match.

        PyTorch's ``load_state_dict(strict=False)`` reports them instead.
        mmengine would only log them, so its loading is strict here.
        """
        names = [name for name in state_dict if name.startswith(prefix)]
        if prefix and not names:
            return  # part of a larger model whose checkpoint has no refiner
        self.runtime = None
        mine = {n.removeprefix(prefix): state_dict.pop(n) for n in names}
        mine = canonical_names(mine)
        if is_strict_load():
            check_match(self.state_dict(), mine)
        check_finite(mine)
        state_dict.update({prefix + name: t for name, t in mine.items()})


def _stacked(samples: Sequence[RefineDataSample], field: str) -> Tensor:
    """Stack the single mask of every sample as a float batch, (B, 1, h, w)."""
    masks = [getattr(sample, field).masks for sample in samples]
    if any(len(mask) != 1 for mask in masks):
        raise ValueError(
            f'a window has one mask in {field}, got '
            f'{[len(mask) for mask in masks]}'
        )
    return torch.stack(masks).float()
