"""Expected values: the official evaluation script, and counts by hand."""

import json

import numpy as np
import pytest

from segrefiner_mm.evaluation import mask_quality
from tests.helpers import GOLDEN

METRICS = GOLDEN / 'synthetic_metrics'


def test_iou_and_mba_equal_the_official_script():
    expected = json.loads((METRICS / 'expected.json').read_text())['mba']
    with np.load(METRICS / 'mba_pairs.npz') as pairs:
        for gt, coarse, numbers in zip(
            pairs['gt'], pairs['coarse'], expected['per_mask'], strict=True
        ):
            quality = mask_quality(gt, coarse)
            assert quality['iou'] == pytest.approx(numbers['iou'], abs=1e-6)
            assert quality['mba'] == pytest.approx(numbers['mba'], abs=1e-6)


def test_boundary_iou_by_hand():
    """100 x 100: edges of 3 pixels. Squares of 20, shifted by one pixel: each
    edge has 400 - 14^2 = 204 pixels; what they share is counted plainly.
    """
    gt = np.zeros((100, 100), bool)
    gt[30:50, 30:50] = True
    pred = np.roll(gt, 1, axis=1)

    def edge(left):
        ring = np.zeros((100, 100), bool)
        ring[30:50, left : left + 20] = True
        ring[33:47, left + 3 : left + 17] = False
        return ring

    assert edge(30).sum() == 204
    expected = (edge(30) & edge(31)).sum() / (edge(30) | edge(31)).sum()
    assert mask_quality(gt, pred)['boundary_iou'] == pytest.approx(expected)


def test_the_image_border_is_an_edge():
    gt, pred = np.ones((50, 50), bool), np.ones((50, 50), bool)
    pred[0] = False
    assert mask_quality(gt, pred)['boundary_iou'] < 1


def test_perfect_empty_and_full():
    for mask in (np.zeros((9, 9), bool), np.ones((9, 9), bool)):
        assert set(mask_quality(mask, mask).values()) == {1.0}
    nothing = mask_quality(np.ones((9, 9), bool), np.zeros((9, 9), bool))
    assert (nothing['iou'], nothing['boundary_iou']) == (0, 0)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r'\(3, 3\) and \(3, 4\)'):
        mask_quality(np.zeros((3, 3)), np.zeros((3, 4)))
