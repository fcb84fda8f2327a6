import numpy as np

from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
)


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
