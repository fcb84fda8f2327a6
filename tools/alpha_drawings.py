"""Drawings of objects with exact alpha: hair, fur and a fence.

A module of ``benchmark_alpha.py``, not a command.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIDE = 384
FINER = 4  # drawings are made this many times larger, and averaged


def drawings() -> dict[str, Array]:
    """Draw all objects.

    Returns:
        dict[str, np.ndarray]: Drawings by name, (384, 384, 4) uint8, BGR and
        alpha.
    """
    return dict(hair=_hair(0), fur=_hair(1, short=True), fence=_fence())


def _hair(seed: int, short: bool = False) -> Array:
    """Draw a head with strands of hair."""
    rng = np.random.default_rng(seed)
    large = SIDE * FINER
    alpha = np.zeros((large, large), np.uint8)
    shade = np.full((large, large), 0.5, np.float32)
    centre, radius = np.array([large / 2, large * 0.55]), large * 0.24
    cv2.circle(alpha, tuple(centre.astype(int).tolist()), int(radius), 255, -1)
    for _ in range(1500 if short else 260):
        angle = rng.uniform(0, 2 * np.pi)
        length = radius * (rng.uniform(0.05, 0.16) if short else 0.55)
        length *= rng.uniform(0.6, 1.2)
        bend = rng.normal(0, 0.5)
        steps = np.linspace(-0.1, 1, 24)[:, None]
        turned = angle + bend * steps[:, 0] ** 2
        away = np.stack([np.cos(turned), np.sin(turned)], 1)
        points = centre + away * (radius * 0.97 + steps * length)
        width = int(rng.integers(2, 7))
        line = [np.round(points).astype(np.int32)]
        cv2.polylines(alpha, line, False, 255, width, cv2.LINE_AA)
        tone = float(rng.uniform(0.2, 0.8))
        cv2.polylines(shade, line, False, tone, width, cv2.LINE_AA)
    colours = np.array([40, 70, 120]) * (0.5 + shade[..., None])
    return _finished(colours, alpha)


def _fence() -> Array:
    """Draw a fence of wire between two posts."""
    large = SIDE * FINER
    alpha = np.zeros((large, large), np.uint8)
    step, width = large // 12, 3 * FINER
    for start in range(-large, 2 * large, step):
        for end in (start + large, start - large):
            line = (start, 0), (end, large)
            cv2.line(alpha, *line, 255, width, cv2.LINE_AA)
    left, right = large // 10, large - large // 10
    alpha[:, :left] = alpha[:, right:] = 0
    for side in (left, right):
        alpha[:, side - 4 * FINER : side + 4 * FINER] = 255
    alpha[: large // 10] = alpha[large - large // 10 :] = 0
    rng = np.random.default_rng(2)
    grain = cv2.resize(rng.normal(0, 12, (SIDE, SIDE)), (large, large))
    colours = np.array([150, 160, 150]) + grain[..., None]
    return _finished(colours, alpha)


def _finished(colours: Array, alpha: Array) -> Array:
    """Downsample a drawing, with colours weighted by alpha."""
    weight = alpha.astype(np.float32)[..., None] / 255
    stacked = np.concatenate([colours * weight, weight], -1)
    small = cv2.resize(
        stacked.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    small[..., :3] /= np.maximum(small[..., 3:], 1e-3)
    small[..., 3] *= 255
    return np.rint(small.clip(0, 255)).astype(np.uint8)
