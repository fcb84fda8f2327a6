"""Expected values: the official evaluation script, and counts by hand."""

import json

import numpy as np
import pytest

from segrefiner_mm.evaluation import mask_quality
from segrefiner_mm.evaluation.functional import boundary_f
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


def test_boundary_f_by_hand():
    """Two squares 3 pixels apart, near enough within ceil(0.008 x 283)."""
    gt = np.zeros((200, 200), bool)
    gt[50:150, 50:150] = True
    assert boundary_f(gt, np.roll(gt, 3, axis=1)) == 1
    # At 4 pixels the upright sides are lost, but for their ends, which are
    # near the sides across; all distances are computed.
    moved = np.roll(gt, 4, axis=1)
    outline = gt.astype(np.uint8) * 0
    outline[49:150, 49:150] = 1
    outline[50:149, 50:149] = 0
    other = np.roll(outline, 4, axis=1)
    y, x = outline.nonzero()
    v, u = other.nonzero()
    near = np.hypot(y[:, None] - v, x[:, None] - u).min(axis=1) <= 3
    # Alike from both sides, so that precision is recall.
    assert boundary_f(gt, moved) == pytest.approx(near.mean())


def test_boundary_f_without_boundaries():
    empty, full = np.zeros((30, 30), bool), np.ones((30, 30), bool)
    square = empty.copy()
    square[10:20, 10:20] = True
    assert boundary_f(empty, empty) == boundary_f(full, full) == 1
    assert boundary_f(empty, full) == boundary_f(full, empty) == 0
    assert boundary_f(square, empty) == boundary_f(empty, square) == 0
    pixel = empty.copy()
    pixel[15, 15] = True
    assert boundary_f(pixel, pixel) == 1


def test_perfect_empty_and_full():
    for mask in (np.zeros((9, 9), bool), np.ones((9, 9), bool)):
        assert set(mask_quality(mask, mask).values()) == {1.0}


@pytest.mark.parametrize('turn', [False, True])
def test_without_a_true_edge_only_the_same_mask_is_right(turn):
    """Nothing of an object is found, or something where there is none."""
    empty, full = np.zeros((9, 9), bool), np.ones((9, 9), bool)
    gt, pred = (full, empty) if turn else (empty, full)
    assert set(mask_quality(gt, pred).values()) == {0.0}
    assert boundary_f(gt, pred) == 0
    pred = gt.copy()
    pred[4, 4] ^= True
    assert mask_quality(gt, pred)['mba'] == 0


def test_an_empty_prediction_has_the_outside_of_the_edge_right():
    """By hand: in 60 x 60 all bands are the cross of 3 x 3, of which 36 of
    a 10 x 10 square's pixels lie inside and 40 outside.
    """
    gt = np.zeros((60, 60), bool)
    gt[20:30, 20:30] = True
    found = mask_quality(gt, np.zeros_like(gt))
    assert (found['iou'], found['boundary_iou']) == (0, 0)
    assert found['mba'] == pytest.approx(40 / 76)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r'\(3, 3\) and \(3, 4\)'):
        mask_quality(np.zeros((3, 3)), np.zeros((3, 4)))
