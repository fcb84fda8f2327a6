"""Expected values are counted by hand."""

import numpy as np
import pytest

from segrefiner_mm.evaluation.functional import (
    boundary_flicker,
    warping_error,
)


def square(x, y=8, side=8, size=(32, 32)):
    mask = np.zeros(size, bool)
    mask[y : y + side, x : x + side] = True
    return mask


def flow_of(x, y=0, size=(32, 32)):
    return np.full((*size, 2), (x, y), np.float32)


def test_motion_is_no_flicker():
    before, now = square(8), square(11, 6)
    flow = flow_of(-3, 2)
    assert boundary_flicker(before, now, flow) == 0
    assert warping_error(before, now, flow) == 0


def test_a_square_that_jumps_by_a_pixel():
    """16 of 72 pixels differ; both outlines, of pixels that differ from the
    right, lower or lower right neighbour, have 33.
    """
    before, now = square(8), square(9)
    assert warping_error(before, now, flow_of(0)) == pytest.approx(16 / 72)
    flicker = boundary_flicker(before, now, flow_of(0))
    assert flicker == pytest.approx(16 / 32, abs=0.02)


def test_what_came_in_does_not_count():
    """The picture moved by 8 columns, and an object came in with them."""
    nothing = np.zeros((32, 32), bool)
    now = square(0, side=7)
    assert warping_error(nothing, now, flow_of(-8)) == 0
    assert boundary_flicker(nothing, now, flow_of(-8)) == 0


def test_nothing_has_no_flicker():
    nothing = np.zeros((32, 32), bool)
    assert boundary_flicker(nothing, nothing, flow_of(0)) == 0
    assert warping_error(nothing, nothing, flow_of(0)) == 0


@pytest.mark.parametrize('measure', [boundary_flicker, warping_error])
def test_shapes_must_match(measure):
    with pytest.raises(ValueError, match='its flow'):
        measure(square(8), square(8), np.zeros((32, 32), np.float32))
