"""Expected values are counted by hand."""

import numpy as np
import pytest

from segrefiner_mm.evaluation.functional import alpha_errors


def test_equal_mattes_have_no_errors():
    alpha = np.random.default_rng(0).random((20, 20))
    errors = alpha_errors(alpha, alpha, np.ones((20, 20), bool))
    assert set(errors.values()) == {0.0}


def test_sums_are_in_thousands_and_of_the_band_alone():
    true, alpha = np.zeros((20, 20)), np.zeros((20, 20))
    alpha[:, :5] = 0.5
    band = np.zeros((20, 20), bool)
    band[:10, :10] = True
    errors = alpha_errors(true, alpha, band)
    assert errors['sad'] == pytest.approx(50 * 0.5 / 1000)
    assert errors['mse'] == pytest.approx(0.25 / 2)


def test_a_shift_of_a_slope_changes_no_gradient():
    ramp = np.tile(np.linspace(0, 0.5, 40), (40, 1))
    band = np.zeros((40, 40), bool)
    band[15:25, 15:25] = True
    errors = alpha_errors(ramp, ramp + 0.2, band)
    assert errors['gradient'] == pytest.approx(0, abs=1e-9)
    assert errors['sad'] == pytest.approx(100 * 0.2 / 1000)


def test_an_island_is_not_connected():
    """All of its opacity counts: at no level it is in the largest region."""
    true = np.zeros((20, 20))
    true[2:18, 2:10] = 1
    alpha = true.copy()
    alpha[5:8, 14:17] = 0.8
    errors = alpha_errors(true, alpha, np.ones((20, 20), bool))
    assert errors['connectivity'] == pytest.approx(9 * 0.8 / 1000)


def test_what_cannot_be_compared_is_refused():
    alpha = np.zeros((4, 4))
    with pytest.raises(ValueError, match='three arrays'):
        alpha_errors(alpha, alpha[:2], np.ones((4, 4), bool))
    with pytest.raises(ValueError, match='band is empty'):
        alpha_errors(alpha, alpha, np.zeros((4, 4), bool))
