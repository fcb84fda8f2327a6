"""Measurement of the time that each runtime takes for a window."""

import time
from collections.abc import Mapping

import torch

from segrefiner_mm.models.denoiser import Denoiser

# Seconds to spend on it, and minimum number of rounds after the warm-up.
BUDGET = 2.0
LEAST_ROUNDS = 2


def measure(
    denoisers: Mapping[str, Denoiser],
    size: int,
    stride: int,
    num_steps: int,
    budget: float = BUDGET,
) -> tuple[int, dict[str, float]]:
    """Time one window in every runtime.

    The runtimes take turns, so that other work on the machine slows all of
    them, and the shortest time of each counts. A network that is too slow for
    the budget is timed on a smaller window.

    Args:
        denoisers (Mapping[str, Denoiser]): Networks by the names of their
            runtimes, at least one.
        size (int): Side of a window in pixels, a multiple of ``stride``.
        stride (int): Stride of the network in pixels.
        num_steps (int): Number of reverse steps per window.
        budget (float): Seconds for the timed rounds, warm-up not included;
            there are at least two rounds. Defaults to ``BUDGET``.

    Returns:
        tuple[int, dict[str, float]]: Side in pixels of the windows that were
        timed, and seconds per window by the name of the runtime.
    """
    side = min(2 * stride, size)
    turns = len(denoisers) * (1 + LEAST_ROUNDS)

    def slowest() -> float:
        # A first run is slower, and other programs may delay another.
        return max(
            min(_seconds(denoiser, side, num_steps) for _ in range(3))
            for denoiser in denoisers.values()
        )

    # The time grows with the area, a little more with attention, and less
    # where small windows leave a processor idle, so each size is timed.
    while side < size:
        larger = min(2 * side, size)
        if slowest() * (larger / side) ** 2 * turns > budget:
            break
        side = larger
    for denoiser in denoisers.values():
        _seconds(denoiser, side, num_steps)
    best = dict.fromkeys(denoisers, float('inf'))
    end, rounds = time.perf_counter() + budget, 0
    while rounds < LEAST_ROUNDS or time.perf_counter() < end:
        for name, denoiser in denoisers.items():
            taken = _seconds(denoiser, side, num_steps)
            best[name] = min(best[name], taken)
        rounds += 1
    return side, best


@torch.no_grad()
def _seconds(denoiser: Denoiser, side: int, num_steps: int) -> float:
    images = torch.zeros(1, 3, side, side)
    coarse = torch.zeros(1, 1, side, side)
    coarse[..., : side // 2] = 1
    start = time.perf_counter()
    context = denoiser.encode(images, coarse)
    for step in reversed(range(num_steps)):
        denoiser.decode(context, coarse, torch.full((1,), step))
    return time.perf_counter() - start
