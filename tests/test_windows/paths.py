"""Every path of a mask through the windows, with networks made up."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch

from segrefiner_mm.models import RefineSettings
from segrefiner_mm.windows import (
    CompactMask,
    Only,
    RefinedMask,
    WindowAnswer,
    compact_masks,
)

SIDE = 64
STEPS = (5, 4, 0)
OBJECT = dict(type='ObjectWindows', min_area=40)
PLANS: dict[str, dict[str, Any]] = {
    'object': OBJECT,
    'error map': dict(OBJECT, min_error=0.3),
    'polished': dict(OBJECT, polish=True),
    'polished near': dict(
        OBJECT, polish=True, polish_reach=2.0, min_error=0.3
    ),
    'tiled': dict(type='TiledWindows', min_area=40),
}
# Limits that a noisy network reaches.
LENIENT = dict(
    type='DoNoHarmGuard',
    keep_belief=1.0,
    gain_weight=0.0,
    min_contrast=0.0,
    min_overlap=0.1,
)
GUARDS: dict[str, dict[str, Any] | None] = {
    'no guard': None,
    'guard': LENIENT,
    'guard, no bold step': dict(LENIENT, bold_belief=None),
    'guard that rolls back': dict(LENIENT, min_overlap=1.0),
    'guard that keeps': dict(LENIENT, keep_belief=0.0),
}


def smooth(rng: np.random.Generator, side: int) -> torch.Tensor:
    """Smooth values from 0 to 1, with both ends."""
    cells = rng.normal(size=(6, 6)).astype(np.float32)
    field = cv2.resize(cells, (side, side), interpolation=cv2.INTER_CUBIC)
    return torch.from_numpy(field * 3).sigmoid()


class Network:
    """Answers with the coarse mask, where it is not of another opinion.

    Args:
        seed (int): The same requests in the same order get the same answers.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.windows = 0

    def __call__(self, request: Any) -> WindowAnswer:
        self.windows += 1
        coarse = request.coarse.float().numpy()
        blurred = cv2.GaussianBlur(coarse, (0, 0), 2)
        opinion = smooth(self.rng, SIDE)
        mixed = 0.6 * torch.from_numpy(blurred) + 0.4 * opinion
        error = smooth(self.rng, SIDE // 4)
        return WindowAnswer(mixed, opinion, error)


def blob(rng: np.random.Generator, size: tuple[int, int]) -> torch.Tensor:
    """A mask of a few ellipses."""
    mask = np.zeros(size, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        centre = int(rng.integers(size[1])), int(rng.integers(size[0]))
        axes = int(rng.integers(4, 50)), int(rng.integers(4, 50))
        cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 1, -1)
    return torch.from_numpy(mask > 0)


def masks_of(seed: int) -> dict[str, torch.Tensor]:
    """Masks of many kinds, on images of (150, 190)."""
    rng = np.random.default_rng(seed)
    size = 150, 190
    empty = torch.zeros(size, dtype=torch.bool)
    tiny, thin = empty.clone(), empty.clone()
    tiny[3:6, 5:9] = True
    thin[20:140:9, 10:180:7] = True
    return dict(
        blob=blob(rng, size), empty=empty, full=~empty, tiny=tiny, thin=thin
    )


def drive(
    plan: dict[str, Any],
    guard: dict[str, Any] | None,
    mask: torch.Tensor,
    seed: int,
    only: Only | None = None,
    **settings: Any,
) -> tuple[RefinedMask, Network]:
    """Refine a mask by a made-up network; the result, and the network."""
    given = RefineSettings.from_cfg(
        dict(windows=plan, guard=guard, model_size=SIDE, **settings)
    )
    rng = np.random.default_rng(seed)
    height, width = mask.shape
    image = rng.integers(0, 255, (3, height, width), dtype=np.uint8)
    [compact] = compact_masks(mask[None])
    network = Network(seed)
    steps = given.plan(torch.from_numpy(image), compact, STEPS, only)
    try:
        requests = next(steps)
        while True:
            requests = steps.send([network(r) for r in requests])
    except StopIteration as finished:
        return finished.value, network


def part(mask: torch.Tensor) -> CompactMask:
    """A part that may change."""
    [compact] = compact_masks(mask[None])
    return replace(compact)
