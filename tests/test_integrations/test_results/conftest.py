"""One drawn scene with two objects, and the masks that refinement gives."""

from typing import NamedTuple

import numpy as np
import pytest

from segrefiner_mm.apis import SegRefinerInferencer


class Scene(NamedTuple):
    image: np.ndarray
    coarse: np.ndarray  # (2, H, W) bool
    refined: np.ndarray  # of the same masks as a plain array


OPTIONS = dict(num_steps=1, device='cpu')


@pytest.fixture(scope='session')
def two_objects():
    rng = np.random.default_rng(0)
    image = rng.integers(90, 130, (160, 200, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:160, :200]
    true = np.stack(
        [
            np.hypot(rows - 80, columns - 50) < 35,
            np.hypot(rows - 80, columns - 150) < 30,
        ]
    )
    image[true.any(axis=0)] //= 2
    coarse = np.roll(true, (4, -5), axis=(1, 2))
    refiner = SegRefinerInferencer(device='cpu')
    [prediction] = refiner(image, coarse, num_steps=1)['predictions']
    refined = prediction['masks']
    assert (refined != coarse).any(axis=(1, 2)).all()
    return Scene(image, coarse, refined)
