"""Detection of devices that compute fast in half precision."""

import time
from functools import cache

import torch
from torch.nn import functional as F

# Relative to float32, a processor with the instructions takes 0.7 times as
# long, one that converts every value 3 times, and one without fast code 200
# times. The limit is far from all three.
MOST_TIMES_FLOAT32 = 1.5


def is_fast(dtype: torch.dtype, device: str | torch.device) -> bool:
    """Return whether a 16-bit dtype is about as fast as float32.

    Many processors lack the instructions, and PyTorch's fallback depends on
    the processor and the build. So on a CPU a small convolution is timed, once
    per process. For bfloat16 on a CUDA GPU, PyTorch's own report is used.
    Every other combination counts as fast.

    Args:
        dtype (torch.dtype): ``torch.bfloat16`` or ``torch.float16``.
        device (str | torch.device): Device to compute on.

    Returns:
        bool: False if a CUDA GPU emulates the dtype, or a CPU takes more than
        1.5 times as long as with float32.
    """
    kind = torch.device(device).type
    if kind == 'cpu':
        return times_float32(dtype) <= MOST_TIMES_FLOAT32
    if kind == 'cuda' and dtype == torch.bfloat16:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True


@cache
def times_float32(dtype: torch.dtype) -> float:
    """Time a convolution on the CPU in a dtype, relative to float32.

    PyTorch is limited to one thread meanwhile. The result is cached.

    Args:
        dtype (torch.dtype): A 16-bit dtype, such as ``torch.bfloat16``.

    Returns:
        float: Ratio of the time in this dtype to the time in float32.
    """
    best = {torch.float32: float('inf'), dtype: float('inf')}
    threads = torch.get_num_threads()
    # On a busy machine, several threads mostly wait for each other.
    torch.set_num_threads(1)
    try:
        for turn in range(6):
            # Alternate, so that other work on the machine slows both.
            for kind in best:
                seconds = _seconds_of_a_convolution(kind)
                if turn:  # the first turn is a warm-up
                    best[kind] = min(best[kind], seconds)
    finally:
        torch.set_num_threads(threads)
    return best[dtype] / best[torch.float32]


@torch.no_grad()
def _seconds_of_a_convolution(dtype: torch.dtype) -> float:
    image = torch.ones(1, 32, 32, 32, dtype=dtype)
    kernel = torch.ones(32, 32, 3, 3, dtype=dtype)
    start = time.perf_counter()
    F.conv2d(image, kernel, padding=1)
    return time.perf_counter() - start
