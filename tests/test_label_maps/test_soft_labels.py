"""Probabilities of labels: their highest is the refined label map."""

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.label_maps import LabelMapRefiner
from segrefiner_mm.label_maps.soft_labels import SoftClaims
from segrefiner_mm.windows import Box, compact_masks
from tests.helpers import blocky
from tests.test_label_maps.test_label_map_refiner import FAST, draw_street


@pytest.fixture(scope='module')
def street():
    image, labels = draw_street(5)
    return image, blocky(labels)


def refine(model, image, labels, only=None, **options):
    windows = dict(type='ObjectWindows', min_area=64)
    settings = model.settings(**{**FAST, 'windows': windows, 'soft': True})
    refiner = LabelMapRefiner(model, settings, **options)
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    [(refined, soft, _)] = refiner.refine_soft([(pixels, labels, 0, only)])
    return refined, soft


def winners(soft, planes):
    return np.array(soft.labels)[planes.argmax(0)]


@pytest.mark.parametrize('tile_size', [640, 200])
def test_the_highest_is_the_refined_map(tiny_model, street, tile_size):
    """In every type; whole regions and pieces of large ones."""
    image, coarse = street
    options = dict(tile_size=tile_size, margin=32)
    refined, soft = refine(tiny_model, image, coarse, **options)
    assert (refined != coarse).any()
    np.testing.assert_array_equal(soft.labels_of_pixels(), refined)
    for kind in ('uint8', 'uint16', 'float32'):
        planes = soft.numbers(kind)
        assert planes.dtype == kind
        np.testing.assert_array_equal(winners(soft, planes), refined)
        # No other label has as much.
        top = np.partition(planes, -2, axis=0)[-2:]
        assert (top[0] < top[1]).all()
    total = soft.dense().sum(0)
    assert np.abs(total - 1).max() < 0.001
    assert (soft.of(255)[refined == 255] == 1).all()
    between = (soft.dense() > 0.05) & (soft.dense() < 0.95)
    assert between.any(0).mean() > 0.02


def test_the_map_is_that_without_probabilities(tiny_model, street):
    image, coarse = street
    refined, _ = refine(tiny_model, image, coarse)
    windows = dict(type='ObjectWindows', min_area=64)
    settings = tiny_model.settings(**FAST, windows=windows)
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    refiner = LabelMapRefiner(tiny_model, settings)
    [(plain, soft, tag)] = refiner.refine_soft([(pixels, coarse, 'tag')])
    np.testing.assert_array_equal(plain, refined)
    assert (soft, tag) == (None, 'tag')


@pytest.mark.parametrize('tile_size', [640, 200])
def test_outside_nothing_changes(tiny_model, street, tile_size):
    image, coarse = street
    may = np.zeros(coarse.shape, np.uint8)
    cv2.circle(may, (300, 160), 90, 1, -1)
    [only] = compact_masks(torch.from_numpy(may)[None])
    options = dict(tile_size=tile_size, margin=32)
    refined, soft = refine(tiny_model, image, coarse, only, **options)
    apart = may == 0
    np.testing.assert_array_equal(refined[apart], coarse[apart])
    assert (refined != coarse).any()
    np.testing.assert_array_equal(soft.labels_of_pixels(), refined)
    for label in soft.labels:
        np.testing.assert_array_equal(
            soft.of(label)[apart], coarse[apart] == label
        )


def shares(claims, refined, rest=None, firm=False):
    """Two labels on one row; the claims of label 1 are given."""
    collected = SoftClaims((1, len(claims)))
    row = np.array([claims], np.float32)
    collected.add(1, Box(0, 0, len(claims), 1), row)
    refined = np.array([refined])
    rest = np.zeros_like(refined) if rest is None else np.array([rest])
    soft = collected.shares(refined, rest, np.full(refined.shape, firm))
    return [round(float(v), 3) for v in soft.of(1)[0]]


def test_what_is_not_claimed_goes_to_the_rest():
    assert shares([0.9, 0.6, 0.3, 0.0], [1, 1, 0, 0]) == [0.9, 0.6, 0.3, 0]
    assert shares([0.9, 0.2], [1, 1], rest=[1, 1]) == [1, 1]


def test_the_label_of_the_map_wins():
    """By what it would have lost by; equal shares are set apart."""
    assert shares([0.3, 0.9, 0.5], [1, 0, 0]) == [0.7, 0.1, 0.5]


def test_what_is_certain_is():
    assert shares([0.3, 0.9], [1, 0], firm=True) == [1, 0]


def test_claims_of_more_than_everything_are_scaled():
    """0.9 and 0.6 of 1.5; a weaker claim of the same label adds nothing."""
    collected = SoftClaims((1, 2))
    for label, value in ((1, 0.9), (2, 0.6), (1, 0.2)):
        part = np.array([[value, 0]], np.float32)
        collected.add(label, Box(0, 0, 2, 1), part)
    refined = np.array([[1, 2]])
    soft = collected.shares(refined, refined, np.zeros((1, 2), bool))
    assert soft.labels == [1, 2]
    expected = [[[0.6, 0]], [[0.4, 1]]]
    np.testing.assert_allclose(soft.dense(), expected, atol=1e-4)
