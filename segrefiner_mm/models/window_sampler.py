"""Answers the requests of window plans with the network."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from segrefiner_mm.models.diffusion_refine_head import DiffusionRefineHead
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.windows import WindowAnswer, WindowRequest


class WindowSampler:
    """Runs the reverse chain on batches of windows.

    Args:
        head (DiffusionRefineHead): Head of the refiner.
        normalize (Callable): Raw pixels to the input of the network.
        settings (RefineSettings): Settings of the run.
        device (torch.device): Where the network is.
    """

    def __init__(
        self,
        head: DiffusionRefineHead,
        normalize: Callable[[Tensor], Tensor],
        settings: RefineSettings,
        device: torch.device,
    ) -> None:
        self.head = head
        self.normalize = normalize
        self.device = device
        self.dtype = settings.autocast_dtype(device)
        self.timesteps = head.scheduler.spread(settings.num_steps)
        # On a CPU one window at a time is fastest, as it stays in the cache,
        # takes least memory and gives the same bits in any company.
        self.batch_size = 1 if device.type == 'cpu' else settings.batch_size
        self.noise: Tensor | None = None
        if settings.seed is not None:
            # One draw for every mask: what a mask gets can then not depend
            # on its place in a batch, and the CPU makes it equal everywhere.
            generator = torch.Generator().manual_seed(settings.seed)
            side = settings.model_size
            size = len(self.timesteps), side, side
            self.noise = torch.rand(size, generator=generator).to(device)

    @torch.no_grad()
    def __call__(self, requests: list[WindowRequest]) -> list[WindowAnswer]:
        """Answer requests that all run the same steps."""
        images = torch.stack([r.image.float() for r in requests])
        coarse = torch.stack([r.coarse for r in requests])[:, None].float()
        with self._precision():
            if self.dtype is not None:  # the layout that tensor cores prefer
                images = images.contiguous(memory_format=torch.channels_last)
            output = self.head.sample(
                self.normalize(images),
                coarse,
                requests[0].timesteps,
                self.noise,
                until=requests[0].until,
            )
        answers = list(map(WindowAnswer, output.probs[:, 0]))
        if output.error is not None:
            for answer, error in zip(answers, output.error[:, 0], strict=True):
                answer.error = error
        if requests[0].until >= 0:
            for answer, fine_probs in zip(
                answers, output.fine_probs[:, 0], strict=True
            ):
                answer.fine_probs = fine_probs
        return answers

    @contextmanager
    def _precision(self) -> Iterator[None]:
        """Half precision, or float32 without shortcuts.

        Whatever the caller has turned on: a runner may test in half precision.
        """
        device, half = self.device.type, self.dtype is not None
        with ExitStack() as stack:
            stack.enter_context(
                torch.autocast(device, self.dtype, enabled=half)
            )
            if not half and device == 'cuda':
                # TF32 convolutions are not float32.
                stack.enter_context(
                    torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
                )
            yield
