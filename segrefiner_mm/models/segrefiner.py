"""The refiner as an mmengine model."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from segrefiner_mm.models.checkpoint import (
    canonical_names,
    check_match,
    load_weights,
)
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.structures import RefineDataSample
from segrefiner_mm.windows import (
    CompactMask,
    Plan,
    RefinedMask,
    WindowAnswer,
    WindowEngine,
    WindowRequest,
    compact_masks,
)

# Pixels of the images that may wait for a batch to fill at the same time.
PIXELS_IN_WORK = 2**26


@dataclass
class _ImageInWork:
    """An image whose masks are being refined."""

    pixels: int
    count: int
    outcomes: dict[int, RefinedMask] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == self.count

    def ordered(self) -> list[RefinedMask]:
        return [self.outcomes[index] for index in range(self.count)]


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
            name of a bundled model. Official checkpoints load as they are.
            Defaults to None.
        init_cfg (dict, optional): Initialisation config. Defaults to None.

    Raises:
        CheckpointError: If the weights do not fit, here or whenever a state
            dict is loaded.
    """

    def __init__(
        self,
        head: dict,
        data_preprocessor: dict | None = None,
        test_cfg: dict | None = None,
        checkpoint: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type='RefineDataPreprocessor')
        super().__init__(build_child(MODELS, preprocessor), init_cfg)
        self.head = build_child(MODELS, head)
        self.test_cfg = test_cfg
        self.settings()  # a mistake in the config is reported now
        self._losses_computed = 0
        self._register_load_state_dict_pre_hook(self._check_state_dict)
        if checkpoint is not None:
            load_weights(self, checkpoint)

    def settings(self, **overrides: Any) -> RefineSettings:
        """The ``test_cfg`` with some settings replaced, checked.

        Args:
            **overrides: See :class:`RefineSettings`.

        Returns:
            RefineSettings: Settings for :meth:`refine`.

        Raises:
            ValueError: If they are not valid for this model.
        """
        settings = RefineSettings.from_cfg(self.test_cfg, **overrides)
        stride = self.head.denoiser.stride
        if settings.model_size % stride:
            raise ValueError(
                f'model_size must be a multiple of {stride} for this '
                f'network, got {settings.model_size}'
            )
        settings.windows.check_steps(self._timesteps(settings))
        return settings

    def forward(
        self,
        inputs: Any,
        data_samples: Sequence[RefineDataSample],
        mode: str = 'tensor',
    ) -> Any:
        """The entry of mmengine's runner.

        Args:
            inputs (Tensor | Sequence[Tensor]): Output of the data
                preprocessor: (B, 3, h, w) float32 for ``loss`` and
                ``tensor``, a list of (3, H, W) uint8 images for ``predict``.
            data_samples (Sequence[RefineDataSample]): One per image, with
                ``coarse_instances``, and ``gt_instances`` for ``loss``.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            dict | list | Tensor: Losses; data samples with
            ``pred_instances``; or logits (B, 1, h, w) of the first step.
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
        """Losses of object windows with one mask each.

        Timesteps and noise of a sample come from ``noise_seed`` of its
        metainfo, so they do not depend on batch, process or history; samples
        without one count the calls instead.

        Args:
            inputs (Tensor): Normalised windows, (B, 3, h, w).
            data_samples (Sequence[RefineDataSample]): Coarse and true masks,
                (1, h, w) each.

        Returns:
            dict[str, Tensor]: See :meth:`DiffusionRefineHead.loss`.
        """
        coarse = _stacked(data_samples, 'coarse_instances')
        fine = _stacked(data_samples, 'gt_instances')
        timesteps, noise = [], []
        for index, sample in enumerate(data_samples):
            counted = self._losses_computed * len(data_samples) + index
            seed = int(sample.get('noise_seed', counted))
            generator = torch.Generator().manual_seed(seed)
            steps = self.head.scheduler.num_timesteps
            timesteps.append(torch.randint(steps, (), generator=generator))
            noise.append(torch.rand(fine.shape[1:], generator=generator))
        self._losses_computed += 1
        return self.head.loss(
            inputs,
            coarse,
            fine,
            timesteps=torch.stack(timesteps).to(fine.device),
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
            data_samples (Sequence[RefineDataSample]): Their coarse masks.

        Returns:
            list[RefineDataSample]: The samples, with ``pred_instances``.
        """
        jobs = (
            (image, compact_masks(sample.coarse_instances.masks))
            for image, sample in zip(inputs, data_samples, strict=True)
        )
        results = self.refine(jobs, self.settings())
        for sample, refined in zip(data_samples, results, strict=True):
            coarse = sample.coarse_instances.masks
            masks = torch.zeros_like(coarse, dtype=torch.bool)
            for mask, part in zip(masks, refined, strict=True):
                mask[part.box.slices()] = part.pixels
            sample.pred_instances = InstanceData(
                masks=masks,
                confidence=stack_confidence(refined).to(masks.device),
                verdicts=[part.verdict for part in refined],
            )
        return list(data_samples)

    def refine(
        self,
        images: Iterable[tuple[Tensor, Sequence[CompactMask]]],
        settings: RefineSettings,
    ) -> Iterator[list[RefinedMask]]:
        """Refine masks of a stream of images.

        Windows of different images share batches, so a few images are in
        work at a time; they are pulled as late as possible.

        Args:
            images (Iterable[tuple[Tensor, Sequence[CompactMask]]]): Images,
                (3, H, W) uint8 on the model's device, each with its masks.
            settings (RefineSettings): From :meth:`settings`.

        Yields:
            list[RefinedMask]: The outcomes of one image, in the order of its
            masks; images in the order they came.
        """
        in_work: deque[_ImageInWork] = deque()
        timesteps = self._timesteps(settings)

        def plans() -> Iterator[tuple[tuple[_ImageInWork, int], Plan]]:
            for image, masks in images:
                pixels = image.shape[1] * image.shape[2]
                opened = _ImageInWork(pixels, len(masks))
                in_work.append(opened)
                for index, mask in enumerate(masks):
                    plan = settings.windows.refine(
                        image, mask, timesteps, settings.model_size
                    )
                    yield (opened, index), plan

        engine: WindowEngine = WindowEngine(
            self._sampler(settings),
            windows_per_batch(settings, self.data_preprocessor.device),
            has_room=lambda: sum(i.pixels for i in in_work) < PIXELS_IN_WORK,
        )
        for (opened, index), refined in engine.run(plans()):
            opened.outcomes[index] = refined
            while in_work and in_work[0].complete:
                yield in_work.popleft().ordered()
        yield from (opened.ordered() for opened in in_work)

    def _sampler(self, settings: RefineSettings) -> Any:
        """The function that answers window requests of equal steps."""
        scheduler = self.head.scheduler
        device = self.data_preprocessor.device
        dtype = settings.autocast_dtype(device)
        timesteps = self._timesteps(settings)
        noise = None
        if settings.seed is not None:
            # One draw for every mask: what a mask gets can then not depend
            # on its place in a batch, and the CPU makes it equal everywhere.
            generator = torch.Generator().manual_seed(settings.seed)
            size = (len(timesteps), settings.model_size, settings.model_size)
            noise = torch.rand(size, generator=generator).to(device)

        @torch.no_grad()
        def sample(requests: list[WindowRequest]) -> list[WindowAnswer]:
            scheduler.set_timesteps(len(timesteps))
            images = torch.stack([r.image.float() for r in requests])
            if dtype is not None:  # the layout that tensor cores prefer
                images = images.contiguous(memory_format=torch.channels_last)
            coarse = torch.stack([r.coarse for r in requests])[:, None]
            with torch.autocast(device.type, dtype, enabled=bool(dtype)):
                output = self.head.sample(
                    self.data_preprocessor.normalize(images),
                    coarse.float(),
                    requests[0].timesteps,
                    noise,
                )
            probs, fine_probs = output.probs[:, 0], output.fine_probs[:, 0]
            return list(map(WindowAnswer, probs, fine_probs))

        return sample

    def _timesteps(self, settings: RefineSettings) -> list[int]:
        scheduler = self.head.scheduler
        steps = settings.num_steps
        scheduler.set_timesteps(
            scheduler.num_timesteps if steps is None else steps
        )
        return list(scheduler.timesteps)

    def _check_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *_: Any
    ) -> None:
        """Translate official names and refuse weights that do not fit."""
        names = [name for name in state_dict if name.startswith(prefix)]
        if prefix and not names:
            return  # part of a larger model whose checkpoint lacks a refiner
        mine = {n.removeprefix(prefix): state_dict.pop(n) for n in names}
        mine = canonical_names(mine)
        check_match(self.state_dict(), mine)
        state_dict.update({prefix + name: t for name, t in mine.items()})


def windows_per_batch(settings: RefineSettings, device: torch.device) -> int:
    """Windows of one forward pass.

    On a CPU one at a time is fastest, because it stays in the cache, takes
    least memory, and gives the same bits in any company.
    """
    return 1 if device.type == 'cpu' else settings.batch_size


def stack_confidence(refined: Sequence[RefinedMask]) -> Tensor:
    """Confidences of an image's masks, (N,) float32."""
    if not refined:
        return torch.zeros(0)
    return torch.stack([part.confidence for part in refined])


def _stacked(samples: Sequence[RefineDataSample], field: str) -> Tensor:
    """The one mask of every sample as a float batch, (B, 1, h, w)."""
    masks = [getattr(sample, field).masks for sample in samples]
    return torch.stack(masks).float()
