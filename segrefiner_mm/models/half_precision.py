"""Whether a device computes in half precision, or only pretends to."""

import time
from functools import cache

import torch
from torch.nn import functional as F

# What has the instructions takes 0.7 times as long as float32, what converts
# every value takes 3 times as long, and what has no fast code at all 200
# times as long: the limit is far from all three.
MOST_TIMES_FLOAT32 = 1.5


def is_fast(dtype: torch.dtype, device: str | torch.device) -> bool:
    """Whether a dtype of 16 bits is computed about as fast as float32.

    Many processors have no instructions for it. What PyTorch does instead
    depends on the processor and on how PyTorch was built, so on a CPU a small
    convolution is timed, once per process. Of a GPU, PyTorch knows.

    Args:
        dtype (torch.dtype): ``torch.bfloat16`` or ``torch.float16``.
        device (str | torch.device): Where to compute.

    Returns:
        bool: False if the dtype would be emulated.
    """
    kind = torch.device(device).type
    if kind == 'cpu':
        return times_float32(dtype) <= MOST_TIMES_FLOAT32
    if kind == 'cuda' and dtype == torch.bfloat16:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True


@cache
def times_float32(dtype: torch.dtype) -> float:
    """How long a convolution takes on the CPU, in times of float32."""
    best = {torch.float32: float('inf'), dtype: float('inf')}
    threads = torch.get_num_threads()
    # On a busy machine several threads mostly wait for each other.
    torch.set_num_threads(1)
    try:
        for turn in range(6):
            # In turn, so that other work on the machine slows both.
            for kind in best:
                seconds = _seconds_of_a_convolution(kind)
                if turn:  # the first time prepares
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
