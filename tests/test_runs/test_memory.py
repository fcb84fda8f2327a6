"""Memory of a large run, measured in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path('/proc/self/status').exists(), reason='Linux counts it'
    ),
]

# The peak that the system counts for a process includes that of its parent.
PEAK = """
def peak():
    with open('/proc/self/status') as file:
        [line] = [line for line in file if line.startswith('VmHWM')]
    return int(line.split()[1]) / 2**20
"""
CODE = """
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
print(peak())
"""


def test_200_masks_on_a_large_image_take_less_than_3_gib():
    process = subprocess.run(
        [sys.executable, '-c', PEAK + CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(process.stdout) < 3


MANY = """
import json, sys
import cv2
import numpy as np
from segrefiner_mm.apis import (
    PredictionOptions, RefinerOptions, refine_predictions)
from segrefiner_mm.io.rle import encode_mask
from tests.helpers import GOLDEN, tiny_model_cfg

count = int(sys.argv[1])
rng = np.random.default_rng(0)
cv2.imwrite('a.png', rng.integers(0, 255, (1000, 1500, 3), np.uint8))
canvas = np.zeros((1000, 1500), np.uint8)
results = []
for _ in range(count):
    y, x = rng.integers(20, 980), rng.integers(20, 1480)
    cv2.circle(canvas, (int(x), int(y)), 15, 1, -1)
    mask = encode_mask(canvas)
    canvas[:] = 0
    results.append(
        dict(image_id=1, category_id=1, score=0.5, segmentation=mask)
    )
json.dump(results, open('dt.json', 'w'))
image = dict(id=1, file_name='a.png', height=1000, width=1500)
truth = dict(images=[image], annotations=[], categories=[dict(id=1)])
json.dump(truth, open('gt.json', 'w'))
options = RefinerOptions(
    model=tiny_model_cfg(model_size=64),
    weights=GOLDEN / 'tiny_upstream.pth',
    device='cpu',
    steps=1,
)
out = f'out{count}.json'
files = PredictionOptions(img_dir='.', ann='gt.json')
summary = refine_predictions(
    'dt.json', out, files, options
)
assert summary.done == count, summary.text
assert len(json.load(open(out))) == count
print(peak())
"""


def test_memory_does_not_grow_with_masks_times_pixels(tmp_path):
    """2,000 dense masks of 1500 x 1000 would take 2.8 GiB."""
    peaks = []
    for count in (50, 2000):
        process = subprocess.run(
            [sys.executable, '-c', PEAK + MANY, str(count)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
        )
        assert process.returncode == 0, process.stderr
        peaks.append(float(process.stdout.splitlines()[-1]))
    assert peaks[1] - peaks[0] < 0.2
