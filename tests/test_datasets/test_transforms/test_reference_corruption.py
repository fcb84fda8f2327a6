"""Statistics of the published synthesis on LVIS masks: IoU 0.69 +- 0.11. The
masks drawn here have the sizes of LVIS objects; real ones are tried where
they are at hand.
"""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from segrefiner_mm.datasets.transforms.reference_corruption import (
    redraw_contours,
    reference_corruption,
)
from tests.helpers import iou


def drawn_masks(count=120):
    """Blobs on 640 x 480, half of them under 2,000 pixels."""
    rng = np.random.default_rng(0)
    masks = []
    while len(masks) < count:
        mask = np.zeros((480, 640), np.uint8)
        radius = np.exp(rng.normal(3.3, 0.7))
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        bumps = sum(
            rng.normal(0, 0.25 / k) * np.cos(k * angles + rng.uniform(0, 6))
            for k in range(1, 6)
        )
        stretch = rng.uniform(0.4, 1)
        radii = radius * (1 + bumps).clip(min=0.2)
        x, y = rng.uniform(60, 580), rng.uniform(60, 420)
        points = np.stack(
            [x + radii * np.cos(angles), y + stretch * radii * np.sin(angles)],
            axis=1,
        )
        cv2.fillPoly(mask, [np.round(points).astype(int)], 1)
        if mask.sum() > 512:
            masks.append(mask)
    return masks


def statistics(masks, draws):
    ious = [
        iou(mask, reference_corruption(mask, np.random.default_rng([s, i])))
        for s in range(draws)
        for i, mask in enumerate(masks)
    ]
    return np.mean(ious), np.std(ious)


def test_statistics_on_drawn_masks():
    mean, deviation = statistics(drawn_masks(), 3)
    assert mean == pytest.approx(0.69, abs=0.05)
    assert deviation == pytest.approx(0.11, abs=0.05)


def test_statistics_on_lvis_masks(shared):
    content = json.loads((shared / 'metrics' / 'lvis_gt.json').read_text())
    images = {image['id']: image for image in content['images']}
    masks = []
    for annotation in content['annotations']:
        image = images[annotation['image_id']]
        encoded = coco_mask.frPyObjects(
            annotation['segmentation'], image['height'], image['width']
        )
        mask = coco_mask.decode(coco_mask.merge(encoded))
        if mask.sum() > 512:
            masks.append(np.ascontiguousarray(mask))
    mean, deviation = statistics(masks, 4)
    assert mean == pytest.approx(0.69, abs=0.03)
    assert deviation == pytest.approx(0.11, abs=0.03)


def test_redrawing_thins_the_contour():
    mask = drawn_masks(1)[0]
    redrawn = redraw_contours(mask, np.random.default_rng(0))
    before, after = (
        cv2.findContours(m, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)[0]
        for m in (mask, redrawn)
    )
    assert len(after[0]) < len(before[0])
    assert 0.5 < iou(mask, redrawn) < 1


def test_large_masks_are_corrupted_alike():
    mask = np.zeros((1500, 2200), np.uint8)
    cv2.ellipse(mask, (1100, 700), (700, 400), 30, 0, 360, 1, -1)
    coarse = reference_corruption(mask, np.random.default_rng(1))
    assert coarse.shape == mask.shape
    assert set(np.unique(coarse)) <= {0, 1}
    assert 0.5 < iou(mask, coarse) < 0.98


@pytest.mark.parametrize('shape', [(1, 1), (2, 50), (40, 40)])
def test_masks_without_an_object_or_too_small(shape):
    for value in (0, 1):
        mask = np.full(shape, value, np.uint8)
        coarse = reference_corruption(mask, np.random.default_rng(0))
        assert coarse.shape == shape
        assert coarse is not mask
