"""What a method takes beside time: memory, and its use of the processor.

A module of the benchmarks, not a command.
"""

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from segrefiner_mm.models import SegRefiner

STATUS, CLEAR = Path('/proc/self/status'), Path('/proc/self/clear_refs')
MATRIX, SECONDS = 1024, 1.0


def peak_memory(run: Callable[[], Any]) -> float:
    """Return the memory at the peak of a call beyond that before it, in MiB.

    NaN where the system does not tell, which is elsewhere than on Linux.
    """
    with suppress(OSError, AttributeError):
        # Free memory would hide what the call takes.
        ctypes.CDLL(None).malloc_trim(0)
    try:
        CLEAR.write_text('5')  # the peak starts anew
        before = resident()
        run()
        return max(peak() - before, 0.0)
    except OSError:
        return float('nan')


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return _status('VmRSS')


def peak() -> float:
    """Return the peak memory of this process in MiB; NaN if unknown."""
    return _status('VmHWM')


def _status(key: str) -> float:
    for line in STATUS.read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return float('nan')


class Watched:
    """A network that adds up its time and its calls, of a window each.

    Args:
        denoiser (Any): The network of a runtime.
    """

    def __init__(self, denoiser: Any) -> None:
        self._denoiser = denoiser
        self.seconds = 0.0
        self.calls = {'encode': 0, 'decode': 0}

    def in_bfloat16(self) -> Any:
        """Watch the network in half precision from now on, if there is one."""
        convert = getattr(self._denoiser, 'in_bfloat16', None)
        half = convert and convert()
        if half is None:
            return None
        self._denoiser = half
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._denoiser, name)

    def encode(self, *args: Any) -> Any:
        """Encode, see the network."""
        return self._timed('encode', *args)

    def decode(self, *args: Any) -> Any:
        """Decode, see the network."""
        return self._timed('decode', *args)

    def _timed(self, name: str, *args: Any) -> Any:
        start = time.perf_counter()
        result = getattr(self._denoiser, name)(*args)
        self.seconds += time.perf_counter() - start
        self.calls[name] += 1
        return result


def network_use(
    model: SegRefiner, run: Callable[[], Any]
) -> tuple[float, float]:
    """Measure what the network does in a call.

    Args:
        model (SegRefiner): The model that the call runs, on a CPU, with a
            runtime.
        run (Callable): The call.

    Returns:
        tuple[float, float]: Its share of the time, 0 to 1, and its rate in
        FLOP/s.
    """
    network, model.runtime = model.runtime, Watched(model.runtime)
    try:
        start = time.perf_counter()
        run()
        taken, watched = time.perf_counter() - start, model.runtime
    finally:
        model.runtime = network
    each = _flops(model)
    flops = sum(count * each[name] for name, count in watched.calls.items())
    return watched.seconds / taken, flops / watched.seconds


def matrix_rate() -> float:
    """Measure the rate of a float32 matrix product, in FLOP/s."""
    left, right = torch.randn(2, MATRIX, MATRIX)
    torch.mm(left, right)
    best, end = float('inf'), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - start)
    return 2 * MATRIX**3 / best


@torch.no_grad()
def _flops(model: SegRefiner) -> dict[str, int]:
    """Count the operations of the network for a window, in FLOP."""
    side = model.settings().model_size
    images = torch.zeros(1, 3, side, side)
    coarse = torch.zeros(1, 1, side, side)
    denoiser = model.head.denoiser
    with FlopCounterMode(display=False) as encode:
        context = denoiser.encode(images, coarse)
    with FlopCounterMode(display=False) as decode:
        denoiser.decode(context, coarse, torch.zeros(1, dtype=torch.int64))
    return dict(
        encode=encode.get_total_flops(), decode=decode.get_total_flops()
    )
