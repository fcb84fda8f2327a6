"""Expected values counted by hand, or drawn from a known calibration."""

import numpy as np
import pytest

from segrefiner_mm.evaluation.functional.calibration import (
    Reliability,
    edge_zone,
)


def test_the_error_of_two_bins():
    """0.9 is right 3 times of 4, 0.1 never: 0.15 and 0.1, weighed equally."""
    found = Reliability()
    found.add(np.full(4, 0.9, 'f4'), np.array([1, 1, 1, 0], bool))
    found.add(np.full(4, 0.1, 'f4'), np.zeros(4, bool))
    assert found.error() == pytest.approx(0.125)
    said, true, share = found.curve()
    assert said.tolist() == pytest.approx([0.1, 0.9])
    assert true.tolist() == [0, 0.75]
    assert share.tolist() == [0.5, 0.5]


def test_without_pixels_there_is_no_error():
    assert Reliability().error() == 0


@pytest.mark.parametrize('temperature', [0.6, 1.0, 1.7])
def test_the_temperature_that_made_it_is_found(temperature):
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 200_000)
    truth = rng.random(len(odds)) < 1 / (1 + np.exp(-odds))
    said = 1 / (1 + np.exp(-odds * temperature))
    found = Reliability()
    found.add(said.astype('f4'), truth)
    assert found.best_temperature() == pytest.approx(temperature, abs=0.05)
    assert (found.error() < 0.01) == (temperature == 1.0)


def test_the_zone_is_on_both_sides_of_the_edge():
    """2 % of the diagonal of 300 x 400 are 10 pixels."""
    mask = np.zeros((300, 400), bool)
    mask[:, :200] = True
    zone = edge_zone(mask)
    assert zone[:, 190:210].all()
    assert not zone[:, :190].any()
    assert not zone[:, 210:].any()


@pytest.mark.parametrize('value', [False, True])
def test_a_mask_without_an_edge_has_no_zone(value):
    assert not edge_zone(np.full((20, 30), value)).any()
