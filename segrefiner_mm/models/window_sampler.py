"""The sampler, which answers the requests of window plans with the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from segrefiner_mm.models.denoiser import Denoiser
from segrefiner_mm.models.diffusion_refine_head import DiffusionRefineHead
from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.windows import WindowAnswer, WindowRequest


class WindowSampler:
    """Runs the reverse chain on batches of windows.

    Args:
        head (DiffusionRefineHead): Head of the refiner.
        normalize (Callable): Converts raw pixels to the input of the network.
        settings (RefineSettings): Settings of the run.
        device (torch.device): Device of the network.
        denoiser (Denoiser, optional): Network of another runtime, which
            replaces the head's in float32. Defaults to None.
    """

    def __init__(
        self,
        head: DiffusionRefineHead,
        normalize: Callable[[Tensor], Tensor],
        settings: RefineSettings,
        device: torch.device,
        denoiser: Denoiser | None = None,
    ) -> None:
        self.head = head
        self.normalize = normalize
        self.device = device
        self.dtype = settings.autocast_dtype(device)
        self.denoiser = denoiser if self.dtype is None else None
        self.timesteps = head.scheduler.spread(settings.num_steps)
        # On a CPU one window at a time is fastest, as it stays in the cache,
        # takes least memory and gives the same bits whatever else is refined.
        self.batch_size = 1 if device.type == 'cpu' else settings.batch_size
        self.noise: Tensor | None = None
        if settings.seed is not None:
            # All masks share one draw, so the noise of a mask does not depend
            # on its place in a batch. The CPU makes it equal everywhere.
            generator = torch.Generator().manual_seed(settings.seed)
            side = settings.model_size
            size = len(self.timesteps), side, side
            self.noise = torch.rand(size, generator=generator).to(device)

    @torch.no_grad()
    def __call__(self, requests: list[WindowRequest]) -> list[WindowAnswer]:
        """Answer requests.

        Args:
            requests (list[WindowRequest]): Requests of the same steps.

        Returns:
            list[WindowAnswer]: One per request.
        """
        images = torch.stack([r.image.float() for r in requests])
        coarse = torch.stack([r.coarse for r in requests])[:, None].float()
        with self._precision():
            if self.dtype is not None:  # preferred by tensor cores
                images = images.contiguous(memory_format=torch.channels_last)
            output = self.head.sample(
                self.normalize(images),
                coarse,
                requests[0].timesteps,
                self.noise,
                until=requests[0].until,
                denoiser=self.denoiser,
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
        """Compute in half precision, or in exact float32.

        It overrides the caller's settings: a runner may test in half
        precision, or train in TF32.
        """
        device, half = self.device.type, self.dtype is not None
        autocast = torch.autocast(device, self.dtype, enabled=half)
        with autocast, nullcontext() if half else exact_float32():
            yield


@contextmanager
def exact_float32() -> Iterator[None]:
    """Multiply and convolve in float32, not in TF32 or bfloat16.

    All other switches of the backends are left unchanged, and the changed ones
    are restored on exit.
    """
    switches = [
        (owner, name, getattr(owner, name), exact)
        for owner, name, exact in _precision_switches()
    ]
    changed = [switch for switch in switches if switch[2] != switch[3]]
    try:
        for owner, name, _, exact in changed:
            setattr(owner, name, exact)
        yield
    finally:
        for owner, name, before, _ in changed:
            setattr(owner, name, before)


def _precision_switches() -> list[tuple[Any, str, Any]]:
    """List owner, name and exact value of each switch."""
    backends: Any = torch.backends
    if not hasattr(backends.cuda.matmul, 'fp32_precision'):  # torch < 2.9
        owners = [backends.cuda.matmul, backends.cudnn]
        return [(owner, 'allow_tf32', False) for owner in owners]
    owners = [backends.cuda.matmul, backends.cudnn.conv]
    owners += [backends.mkldnn.matmul, backends.mkldnn.conv]
    return [(owner, 'fp32_precision', 'ieee') for owner in owners]
