"""Memory of a large run, measured in a process of its own."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT

CODE = """
import resource
import numpy as np
from pycocotools import mask as coco_mask
from segrefiner_mm.apis import SegRefinerInferencer

rng = np.random.default_rng(0)
image = np.zeros((4000, 6000, 3), np.uint8)
canvas = np.zeros((4000, 6000), np.uint8, order='F')
masks = []
for _ in range(200):
    radius = int(rng.integers(40, 250))
    y, x = rng.integers(300, 3700), rng.integers(300, 5700)
    rows, columns = np.ogrid[-radius:radius, -radius:radius]
    window = np.s_[y - radius : y + radius, x - radius : x + radius]
    canvas[window] = rows**2 + columns**2 < radius**2
    masks.append(coco_mask.encode(canvas))
    canvas[window] = 0
del canvas
refiner = SegRefinerInferencer(device='cpu')
# The image shows nothing, so a guard would keep every mask.
[prediction] = refiner(image, masks, num_steps=2, guard=False)['predictions']
assert prediction['masks'].shape == (200, 4000, 6000)
assert prediction['verdicts'] == ['refined'] * 200
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
def test_200_masks_on_a_large_image_take_less_than_3_gib():
    process = subprocess.run(
        [sys.executable, '-c', CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(process.stdout) < 3
