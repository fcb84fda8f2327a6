"""Against masks class by class, and counts by hand."""

import math

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import (
    label_figures,
    label_ious,
    label_overlaps,
)
from segrefiner_mm.evaluation.functional.mask_quality import inner_edge


def blobs(rng, classes=5, shape=(60, 90)):
    """Regions of many labels."""
    coarse = rng.integers(0, classes, (6, 9))
    return coarse.repeat(10, 0).repeat(10, 1)[: shape[0], : shape[1]]


@pytest.mark.parametrize('dtype', [np.uint8, np.int64, np.uint16])
def test_every_class_is_a_mask_of_its_own(dtype):
    rng = np.random.default_rng(0)
    gt = blobs(rng).astype(dtype)
    pred = np.roll(gt, (2, 3), (0, 1))
    width = round(0.02 * math.hypot(*gt.shape))
    expected = []
    for edges in (False, True):
        masks = [[part == c for c in range(6)] for part in (gt, pred)]
        if edges:
            masks = [[inner_edge(m, width) for m in part] for part in masks]
        pairs = list(zip(*masks, strict=True))
        expected.append([np.count_nonzero(a & b) for a, b in pairs])
        expected.append([np.count_nonzero(a | b) for a, b in pairs])
    assert label_overlaps(gt, pred, 6).tolist() == expected


def test_what_the_truth_ignores_does_not_count():
    gt = np.zeros((50, 50), np.uint8)
    gt[:, 25:] = 1
    gt[:10] = 255
    perfect = np.where(gt == 255, 1, gt)
    counts = label_overlaps(gt, perfect, 2)
    assert counts[0].tolist() == counts[1].tolist() == [1000, 1000]
    assert counts[2].tolist() == counts[3].tolist()


def test_means_leave_out_classes_that_are_nowhere():
    """Of two rows of ten, one pixel goes from class 0 to class 1."""
    gt = np.zeros((2, 10), np.uint8)
    gt[1] = 1
    pred = gt.copy()
    pred[0, 0] = 1
    counts = label_overlaps(gt, pred, 3)
    found = label_ious(counts)['mIoU']
    assert found[:2] == pytest.approx([9 / 10, 10 / 11])
    assert math.isnan(found[2])
    mean = (9 / 10 + 10 / 11) / 2
    assert label_figures(counts)['mIoU'] == pytest.approx(mean)


def test_nothing_to_count():
    everything = np.full((9, 9), 255, np.uint8)
    counts = label_overlaps(everything, everything, 2)
    assert not counts.any()
    assert all(math.isnan(v) for v in label_figures(counts).values())


def test_labels_that_are_no_class_are_errors_of_the_classes():
    gt = np.zeros((9, 9), np.uint8)
    counts = label_overlaps(gt, np.full((9, 9), 7, np.uint8), 2)
    assert counts[:, 0].tolist() == [0, 81, 0, counts[3, 0]]


def test_sizes_must_agree():
    with pytest.raises(InputError, match=r'\(3, 3\) and \(3, 4\)'):
        label_overlaps(np.zeros((3, 3), int), np.zeros((3, 4), int), 2)


@pytest.mark.parametrize('label', [-1, 65_535, 65_536, 2**31])
def test_predicted_labels_beyond_16_bits_are_refused(label):
    gt = np.zeros((8, 8), np.int64)
    pred = np.zeros((8, 8), np.int64)
    pred[2, 3] = label
    with pytest.raises(InputError, match=f'label {label} is not within'):
        label_overlaps(gt, pred, 2)
    gt[2, 3] = 255  # ignored: it does not count
    assert label_overlaps(gt, pred, 2)[0].tolist() == [63, 0]
