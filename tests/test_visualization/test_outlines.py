from itertools import combinations

import numpy as np
import pytest

from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
    TRUE_COLOUR,
)

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for
# Simulation of Color Vision Deficiency" (2009), table 1, severity 1.
VISION = {
    'normal': np.eye(3),
    'protanomaly': [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    'deuteranomaly': [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    'tritanomaly': [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def as_seen(bgr, vision):
    """A colour in CIELAB, by the formulas of CIE for D65."""
    rgb = np.array(bgr[::-1]) / 255
    linear = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(VISION[vision] @ linear, 0, 1)
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    xyz = np.array(to_xyz) @ seen / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize('vision', VISION)
def test_colours_differ_for_everyone(vision):
    colours = COARSE_COLOUR, REFINED_COLOUR, TRUE_COLOUR
    for pair in combinations(colours, 2):
        first, second = (as_seen(colour, vision) for colour in pair)
        assert np.linalg.norm(first - second) > 45


def test_outlines_lie_on_the_edges():
    image = np.full((100, 120, 3), 128, np.uint8)
    coarse, refined = np.zeros((2, 100, 120), bool)
    coarse[20:60, 20:60] = True
    refined[30:70, 70:110] = True
    drawn = draw_outlines(image, [coarse], [refined])
    assert tuple(drawn[40, 20]) == COARSE_COLOUR
    assert tuple(drawn[50, 109]) == REFINED_COLOUR
    for inside_or_outside in ((40, 40), (50, 90), (90, 10)):
        assert tuple(drawn[inside_or_outside]) == (128, 128, 128)
    assert (image == 128).all()


def test_no_masks():
    image = np.zeros((5, 5, 3), np.uint8)
    assert np.array_equal(draw_outlines(image, [], []), image)
