"""A refined edge near the carried one is steadied; one far away is not."""

import numpy as np
import pytest
import torch

from segrefiner_mm.video import Steadying
from segrefiner_mm.video.object_track import ObjectTrack
from segrefiner_mm.video.optical_flow import find_motion, small_grey
from segrefiner_mm.windows import REFINED, RefinedMask, compact_masks
from tests.test_video.clips import HEIGHT, WIDTH, drawn


def refined(mask):
    [compact] = compact_masks(torch.from_numpy(mask)[None])
    whole = RefinedMask(
        compact.box, compact.pixels, torch.tensor(0.9), REFINED
    )
    return compact, whole


def second_result(shift, steadying):
    """A disc refined at 60, then, in the same image, at 60 + ``shift``."""
    image, first = drawn((60, 60))
    motion = find_motion(small_grey(image), small_grey(image), (HEIGHT, WIDTH))
    track = ObjectTrack(steadying)
    for mask, seen in (
        (first, None),
        (np.roll(first, shift, axis=1), motion),
    ):
        coarse, whole = refined(mask)
        result = track.take(track.propose(coarse, seen), whole)
    return result.dense((HEIGHT, WIDTH)), first, mask


def edge(mask):
    """Where row 60 of a disc ends."""
    return int(np.nonzero(mask[60])[0].max())


@pytest.mark.parametrize(
    ('shift', 'jitter', 'expected'),
    [
        (2, 3.0, 1),  # half of 2 pixels of jitter is carried
        (10, 3.0, 10),  # no jitter: as refined
        (10, 255.0, 5),  # with another setting, half of it
    ],
)
def test_the_edge_of_a_still_image(shift, jitter, expected):
    found, first, mask = second_result(shift, Steadying(jitter=jitter))
    assert edge(found) - edge(first) == expected
    if expected == shift:
        # Above and below, the edges are nearer to each other.
        rows = slice(50, 70)
        np.testing.assert_array_equal(found[rows], mask[rows])


def test_a_jitter_below_a_pixel_is_refused():
    with pytest.raises(ValueError, match='jitter must be 1 to 255'):
        Steadying(jitter=0.5)
