"""Segments whose overlaps are known by hand."""

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import (
    PanopticMap,
    panoptic_counts,
    panoptic_figures,
)
from segrefiner_mm.evaluation.functional.mask_quality import boundary_iou

CATEGORIES = [10, 20, 30]  # two things and a stuff
THINGS = np.array([True, True, False])
TRUE = {1: 10, 2: 20, 3: 30}


def scene(shift=0):
    """Things of 40 x 40, the second shifted, before a stuff."""
    ids = np.full((100, 200), 3)
    ids[30:70, 20:60] = 1
    ids[30:70, 120 + shift : 160 + shift] = 2
    return ids


def test_a_perfect_map():
    part = PanopticMap(scene(), TRUE)
    counts = panoptic_counts(part, part, CATEGORIES)
    for numbers in panoptic_figures(counts, THINGS).values():
        assert set(numbers) == {
            name + kind
            for name in ('PQ', 'SQ', 'RQ')
            for kind in ('', '_th', '_st')
        }
        assert set(numbers.values()) == {1.0}


def test_a_thing_that_moved():
    """By 8 of 40 pixels: 32 / 48 of its area, less of its boundary."""
    gt, pred = scene(), scene(8)
    counts = panoptic_counts(
        PanopticMap(gt, TRUE),
        PanopticMap(pred + 1, {2: 10, 3: 20, 4: 30}),
        CATEGORIES,
    )
    ious = [32 / 48, (gt == 3)[pred == 3].sum() / (20000 - 3200 + 320)]
    found = panoptic_figures(counts, THINGS)
    assert found['segm']['PQ'] == pytest.approx((1 + sum(ious)) / 3)
    assert found['segm']['RQ'] == 1
    assert found['segm']['SQ_st'] == pytest.approx(ious[1])
    # Its boundary is less than half right: neither found nor explained.
    assert boundary_iou(gt == 2, pred == 2) < 0.5
    edge = boundary_iou(gt == 3, pred == 3)
    assert edge > 0.5
    assert counts[1, :, 1].tolist() == [0, 1, 1, 0]
    assert found['boundary']['PQ_th'] == pytest.approx(1 / 2)
    assert found['boundary']['PQ_st'] == pytest.approx(edge)


def test_the_wrong_category_is_no_match():
    part = PanopticMap(scene(), TRUE)
    other = PanopticMap(scene(), TRUE | {1: 20})
    table = panoptic_counts(part, other, CATEGORIES)[0]
    assert table[:3, 0].tolist() == [0, 0, 1]
    assert table[:3, 1].tolist() == [1, 1, 0]


def test_void_and_crowds_excuse():
    gt = scene()
    gt[:, 100:] = 0  # nobody looked there
    gt[30:70, 20:60] = 1
    truth = PanopticMap(gt, {1: 10, 3: 30}, frozenset([1]))
    table = panoptic_counts(truth, PanopticMap(scene(), TRUE), CATEGORIES)[0]
    assert table[:3, 0].tolist() == [0, 0, 0]  # the crowd
    assert table[:3, 1].tolist() == [0, 0, 0]  # in the void
    # The stuff reaches into the void, which is not held against it.
    assert table[:, 2].tolist() == [1, 0, 0, 1]


def test_nothing_predicted_and_nothing_there():
    nothing = PanopticMap(np.zeros((100, 200), int), {})
    part = PanopticMap(scene(), TRUE)
    missed = panoptic_counts(part, nothing, CATEGORIES)
    assert missed[0, 2].tolist() == [1, 1, 1]
    assert panoptic_figures(missed, THINGS)['segm']['PQ'] == 0
    empty = panoptic_counts(nothing, nothing, CATEGORIES)
    assert not empty.any()
    assert np.isnan(panoptic_figures(empty, THINGS)['boundary']['PQ'])
    # Where truth is void, all is excused.
    assert not panoptic_counts(nothing, part, CATEGORIES).any()


def test_mistakes_are_named():
    part = PanopticMap(scene(), TRUE)
    with pytest.raises(InputError, match=r'segment 3 .*segments_info'):
        panoptic_counts(part, PanopticMap(scene(), {1: 10, 2: 20}), CATEGORIES)
    with pytest.raises(InputError, match='no category 30'):
        panoptic_counts(part, part, CATEGORIES[:2])
    with pytest.raises(InputError, match=r'\(50, 200\)'):
        panoptic_counts(part, PanopticMap(scene()[:50], TRUE), CATEGORIES)
