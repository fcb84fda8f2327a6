"""The sampler, which answers the requests of window plans with the network."""

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
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
        normalize (Callable): Converts raw pixels, (B, 3, S, S) float32, 0 to
            255, to the input of the network.
        settings (RefineSettings): From :meth:`SegRefiner.settings`.
        device (torch.device): Device of the network.
        denoiser (Denoiser, optional): Network of another runtime. It replaces
            that of the head if the runtime supports the precision of the
            settings. Defaults to None.

    Attributes:
        timesteps (list[int]): Timesteps of the settings, descending.
        batch_size (int): Maximum number of windows per batch; 1 on a CPU.
        overlaps (bool): Whether the device and the CPU work at the same time,
            so that :meth:`submit` returns before the answers are there.
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
        self.dtype = settings.dtype(device)
        self.denoiser = denoiser
        if self.dtype is not None:
            self.denoiser = _in_half(denoiser, self.dtype)
            # A runtime that has this precision needs no autocast.
            own = self.denoiser is not None
            self.dtype = None if own else settings.autocast_dtype(device)
        self.timesteps = head.scheduler.spread(settings.num_steps)
        self.edge_reach = settings.edge_reach
        # On a CPU one window at a time is fastest, as it stays in the cache,
        # takes least memory and gives the same bits whatever else is refined.
        self.batch_size = 1 if device.type == 'cpu' else settings.batch_size
        self.overlaps = device.type == 'cuda'
        self.noise: Tensor | None = None
        if settings.seed is not None:
            # All masks share one draw, so the noise of a mask does not depend
            # on its place in a batch. The CPU makes it equal everywhere.
            generator = torch.Generator().manual_seed(settings.seed)
            side = settings.model_size
            size = len(self.timesteps), side, side
            self.noise = torch.rand(size, generator=generator).to(device)

    def __call__(self, requests: list[WindowRequest]) -> list[WindowAnswer]:
        """Answer requests.

        Args:
            requests (list[WindowRequest]): One or more, with the same
                ``timesteps`` and ``until``.

        Returns:
            list[WindowAnswer]: One per request, in order, on the CPU.
        """
        return self.submit(requests)()

    @torch.no_grad()
    def submit(
        self, requests: list[WindowRequest]
    ) -> Callable[[], list[WindowAnswer]]:
        """Start to answer requests.

        Windows are copied to a GPU, and answers back, while the GPU and the
        CPU do other work. Only the returned function waits for the answers.

        Args:
            requests (list[WindowRequest]): See :meth:`__call__`.

        Returns:
            Callable: Waits for the answers, and returns them as
            :meth:`__call__` does.
        """
        images = self._to_device([r.image.float() for r in requests])
        coarse = self._to_device([r.coarse[None] for r in requests]).float()
        first = requests[0]
        with self._precision():
            if self.dtype is not None:  # preferred by tensor cores
                images = images.contiguous(memory_format=torch.channels_last)
            output = self.head.sample(
                self.normalize(images),
                coarse,
                first.timesteps,
                self.noise,
                until=first.until,
                denoiser=self.denoiser,
                with_fine_probs=first.until >= 0,
                edge_reach=self.edge_reach,
            )
        probs, fine_probs, error = map(
            self._to_host, (output.probs, output.fine_probs, output.error)
        )
        done = self._event()

        def collect() -> list[WindowAnswer]:
            if done is not None:
                done.synchronize()
            parts = map(self._parts, (probs, fine_probs, error))
            return list(map(WindowAnswer, *parts))

        return collect

    def _to_device(self, parts: list[Tensor]) -> Tensor:
        """Stack tensors, and start to copy them to the device."""
        if len(parts) == 1 and not self.overlaps:
            return parts[0][None].to(self.device)
        shape = len(parts), *parts[0].shape
        batch = torch.empty(
            shape, dtype=parts[0].dtype, pin_memory=self.overlaps
        )
        torch.stack(parts, out=batch)
        return batch.to(self.device, non_blocking=self.overlaps)

    def _to_host(self, values: Tensor | None) -> Tensor | None:
        """Start to copy answers to the CPU."""
        if values is None or not self.overlaps:
            return values
        host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        return host.copy_(values, non_blocking=True)

    def _event(self) -> Any:
        """Return an event that marks the end of the work so far, on a GPU."""
        if not self.overlaps:
            return None
        with torch.cuda.device(self.device):
            event = torch.cuda.Event()
            event.record()
        return event

    def _parts(self, values: Tensor | None) -> Iterable[Any]:
        """Split values by window; a part does not keep the batch in memory."""
        if values is None:
            return itertools.repeat(None)
        parts = values.cpu()[:, 0].unbind()
        return [part.clone() for part in parts] if self.overlaps else parts

    @contextmanager
    def _precision(self) -> Iterator[None]:
        """Compute in half precision, or in exact float32.

        The caller's settings are overridden: a runner may test in half
        precision, or train in TF32.
        """
        device, half = self.device.type, self.dtype is not None
        autocast = torch.autocast(device, self.dtype, enabled=half)
        with autocast, nullcontext() if half else exact_float32():
            yield


def _in_half(denoiser: Denoiser | None, dtype: torch.dtype) -> Denoiser | None:
    """Return the network of a runtime in half precision, if there is one."""
    convert = getattr(denoiser, 'in_bfloat16', None)
    if convert is None:
        return None
    half: Denoiser | None = convert() if dtype == torch.bfloat16 else None
    if half is None:
        warnings.warn(
            f'this runtime does not compute in {dtype}: PyTorch runs the '
            'network instead',
            stacklevel=3,
        )
    return half


@contextmanager
def exact_float32() -> Iterator[None]:
    """Multiply and convolve in float32, not in TF32 or bfloat16.

    The block runs with PyTorch's switches for reduced precision off. They are
    restored on exit; no other switch is changed.
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
