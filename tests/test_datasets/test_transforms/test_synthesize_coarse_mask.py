import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import (
    SynthesizeCoarseMask,
    reference_corruption,
)
from segrefiner_mm.registry import TRANSFORMS, build_child
from tests.helpers import iou


@pytest.fixture(scope='module')
def mask():
    drawn = np.zeros((300, 400), np.uint8)
    cv2.ellipse(drawn, (200, 150), (110, 60), 20, 0, 360, 1, -1)
    return drawn


def ious(synthesizer, mask, count=150):
    return np.array(
        [
            iou(synthesizer.synthesize(mask, seed), mask)
            for seed in range(count)
        ]
    )


def test_diverse_spreads_from_bad_to_perfect(mask):
    values = ious(SynthesizeCoarseMask(), mask)
    assert values.min() < 0.5
    assert 0.03 < np.mean(values == 1) < 0.2
    # Every tenth of the range is visited.
    counts, _ = np.histogram(values, bins=np.arange(0.4, 1.01, 0.1))
    assert counts.min() >= 5


def test_a_wanted_iou_is_met(mask):
    synthesizer = SynthesizeCoarseMask(
        iou_range=(0.7, 0.7), identity_prob=0, reference_prob=0
    )
    values = ious(synthesizer, mask, 60)
    assert np.median(np.abs(values - 0.7)) < 0.03


def test_reference_mode_is_the_published_way(mask):
    coarse = SynthesizeCoarseMask(mode='reference').synthesize(mask, 3)
    rng = np.random.default_rng(3)
    rng.random()
    assert np.array_equal(coarse, reference_corruption(mask, rng))


def test_the_seed_decides(mask):
    synthesizer = SynthesizeCoarseMask(identity_prob=0)
    first, second, other = (synthesizer.synthesize(mask, s) for s in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_large_masks(mask):
    large = cv2.resize(mask, (2400, 1800), interpolation=cv2.INTER_NEAREST)
    synthesizer = SynthesizeCoarseMask(iou_range=(0.6, 0.9), identity_prob=0)
    for seed in range(5):
        coarse = synthesizer.synthesize(large, seed)
        assert coarse.shape == large.shape
        assert 0.4 < iou(coarse, large) < 1


def test_empty_masks_stay_empty():
    empty = np.zeros((20, 30), np.uint8)
    for seed in range(20):
        assert not SynthesizeCoarseMask().synthesize(empty, seed).any()


def test_in_a_pipeline(mask):
    transform = build_child(TRANSFORMS, dict(type='SynthesizeCoarseMask'))
    results = transform(dict(gt_mask=mask, seed=1))
    assert np.array_equal(
        results['coarse_mask'], transform.synthesize(mask, 1)
    )
    assert 'diverse' in repr(transform)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(mode='other'), 'other'),
        (dict(corruptions=['melt']), "no corruption 'melt'"),
        (dict(iou_range=(0.9, 0.5)), 'iou_range'),
    ],
)
def test_mistakes(arguments, message):
    with pytest.raises(ValueError, match=message):
        SynthesizeCoarseMask(**arguments)
