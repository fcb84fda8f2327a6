"""Small drawn clips: a textured disc that moves over a textured ground."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np

HEIGHT, WIDTH, RADIUS = 120, 160, 28


class DrawnFrame(NamedTuple):
    image: np.ndarray
    mask: np.ndarray


def texture(seed: int, low: int, high: int) -> np.ndarray:
    """Smooth noise, so that motion can be seen."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(low, high, (HEIGHT * 2, WIDTH * 2, 3))
    return cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 2) * 3 - 2 * (
        (low + high) / 2
    )


def drawn(centre: tuple[float, float], seed: int = 0) -> DrawnFrame:
    """A frame with the disc at a place; parts may be outside."""
    ground = texture(seed, 20, 120)[:HEIGHT, :WIDTH]
    x, y = centre
    shift = np.array([[1, 0, x - WIDTH], [0, 1, y - HEIGHT]], np.float32)
    object_ = cv2.warpAffine(
        texture(seed + 1, 130, 240), shift, (WIDTH, HEIGHT)
    )
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    mask = np.hypot(columns - x, rows - y) <= RADIUS
    image = np.where(mask[..., None], object_, ground)
    return DrawnFrame(image.clip(0, 255).astype(np.uint8), mask)


def moving(count: int, step: float = 2.0, seed: int = 0) -> list[DrawnFrame]:
    return [drawn((60 + step * index, 60), seed) for index in range(count)]


def shaky(mask: np.ndarray, seed: int) -> np.ndarray:
    """A coarse mask whose edge jumps from frame to frame."""
    rng = np.random.default_rng(seed)
    reach = int(rng.integers(1, 4))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    change: Any = cv2.dilate if rng.random() < 0.5 else cv2.erode
    return change(mask.astype(np.uint8), kernel) > 0


def coarse_of(frames: list[DrawnFrame]) -> Iterator[np.ndarray]:
    for index, frame in enumerate(frames):
        yield shaky(frame.mask, index)
