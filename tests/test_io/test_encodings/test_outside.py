"""How far polygons are out; areas follow from their corners."""

import numpy as np
import pytest

from segrefiner_mm.io.encodings.outside import outside

SIZE = 240, 320


def box(x1, y1, x2, y2):
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], float)


@pytest.mark.parametrize(
    ('corners', 'area', 'reach', 'much'),
    [
        ((0, 0, 320, 240), 0, 0, False),
        ((-2, -2, 322, 242), 0, 0, False),  # a pixel or two, as in COCO
        ((250, 60, 330, 250), 1 - 70 * 180 / (80 * 190), 10 / 240, False),
        ((-5, -5, 80, 80), 1 - 80**2 / 85**2, 5 / 240, False),
        ((270, 78, 374, 234), 54 / 104, 54 / 320, True),  # scaled by 1.3
        ((60, 75, 250, 285), 45 / 210, 45 / 240, True),  # by 1.5
        ((10, 10, 100, 270), 30 / 260, 30 / 240, True),  # far, though little
        ((416, 120, 576, 360), 1, 256 / 320, True),  # all of it
    ],
)
def test_a_box(corners, area, reach, much):
    found = outside([box(*corners)], SIZE)
    assert found.area == pytest.approx(area)
    assert found.reach == pytest.approx(reach)
    assert found.much == much


def test_several_parts_count_together():
    parts = [box(0, 0, 100, 100), box(-10, 0, 0, 100)]
    assert outside(parts, SIZE).area == pytest.approx(1 / 11)
    backwards = [part[::-1] for part in parts]
    assert outside(backwards, SIZE).area == pytest.approx(1 / 11)


def test_a_triangle_over_a_corner():
    corner = np.array([[-40, 20], [20, 20], [20, -40]], float)
    # What is inside is the square of 20 less nothing: the line cuts (0, -20).
    inside = 20 * 20 - 0
    found = outside([corner], SIZE)
    assert found.area == pytest.approx(1 - inside / (60 * 60 / 2))
