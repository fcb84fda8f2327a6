"""Every kind of damage: small at severity 0, larger at 1, repeatable."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    CORRUPTIONS,
)
from segrefiner_mm.registry import FUNCTIONS
from tests.helpers import iou


@pytest.fixture(scope='module')
def mask():
    drawn = np.zeros((200, 240), np.uint8)
    cv2.ellipse(drawn, (120, 100), (70, 45), 20, 0, 360, 1, -1)
    cv2.circle(drawn, (110, 100), 12, 0, -1)
    cv2.line(drawn, (150, 110), (220, 180), 1, 6)
    return drawn


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_severity(mask, name):
    corrupt = FUNCTIONS.get(name)

    def mean_iou(severity):
        worse = [
            corrupt(mask, severity, np.random.default_rng(seed))
            for seed in range(12)
        ]
        assert all(m.dtype == np.uint8 for m in worse)
        assert all(set(np.unique(m)) <= {0, 1} for m in worse)
        return np.mean([iou(mask, m) for m in worse])

    mild, middle, severe = (mean_iou(s) for s in (0.02, 0.4, 1.0))
    assert mild > 0.9
    assert mild > middle > severe
    assert severe < 0.85


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_repeatable_and_harmless_to_the_input(mask, name):
    corrupt, before = FUNCTIONS.get(name), mask.copy()
    first, second, other = (
        corrupt(mask, 0.6, np.random.default_rng(seed)) for seed in (1, 1, 5)
    )
    assert np.array_equal(first, second)
    assert np.array_equal(mask, before)
    assert first is not mask
    del other


@pytest.mark.parametrize('name', CORRUPTIONS)
@pytest.mark.parametrize('shape', [(1, 1), (3, 40), (9, 9)])
def test_tiny_masks(name, shape):
    tiny = np.zeros(shape, np.uint8)
    tiny[0, 0] = 1
    worse = FUNCTIONS.get(name)(tiny, 0.7, np.random.default_rng(0))
    assert worse.shape == shape
