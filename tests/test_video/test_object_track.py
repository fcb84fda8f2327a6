"""A refined edge near the carried one is steadied; one far away is not."""

import numpy as np
import pytest
import torch

from segrefiner_mm.video import Steadying
from segrefiner_mm.video.object_track import ObjectTrack
from segrefiner_mm.video.optical_flow import find_motion, small_grey
from segrefiner_mm.windows import (
    REFINED,
    RefinedMask,
    SoftMap,
    compact_masks,
)
from tests.test_video.clips import HEIGHT, WIDTH, drawn


def refined(mask):
    [compact] = compact_masks(torch.from_numpy(mask)[None])
    whole = RefinedMask(
        compact.box,
        compact.pixels,
        torch.tensor(0.9),
        REFINED,
        soft=SoftMap(compact.box, compact.pixels.float()),
    )
    return compact, whole


def last_result(shift, steadying):
    """A disc refined three times at 60, then, in the same image, shifted."""
    image, first = drawn((60, 60))
    motion = find_motion(small_grey(image), small_grey(image), (HEIGHT, WIDTH))
    track = ObjectTrack(steadying)
    mask = np.roll(first, shift, axis=1)
    for shown, seen in [(first, None), *[(first, motion)] * 2, (mask, motion)]:
        coarse, whole = refined(shown)
        result = track.take(track.propose(coarse, seen), whole)
    return result.dense((HEIGHT, WIDTH)), first, mask


@pytest.mark.parametrize('shift', [2, 10])
def test_a_frame_far_from_those_before_it_is_believed(shift):
    """2 pixels are jitter, 10 are not."""
    found, first, mask = last_result(shift, Steadying(jitter=3.0))
    rows = slice(50, 70)  # above and below, the edges are nearer
    expected = first if shift == 2 else mask
    np.testing.assert_array_equal(found[rows], expected[rows])


def test_jitter_may_be_of_any_size():
    found, first, _ = last_result(10, Steadying(jitter=255.0))
    np.testing.assert_array_equal(found, first)


def test_a_jitter_below_a_pixel_is_refused():
    with pytest.raises(ValueError, match='jitter must be 1 to 255'):
        Steadying(jitter=0.5)
