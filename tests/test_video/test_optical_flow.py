import cv2
import numpy as np
import pytest

from segrefiner_mm.video.cuts import colours_of, is_cut
from segrefiner_mm.video.optical_flow import find_motion, small_grey
from segrefiner_mm.windows import Box
from tests.test_video.clips import HEIGHT, WIDTH, drawn

WHOLE = Box(0, 0, WIDTH, HEIGHT)


def motion_between(now, before):
    return find_motion(small_grey(now), small_grey(before), now.shape[:2])


@pytest.mark.parametrize('scale', [1, 6])
def test_the_motion_of_an_object_is_found_in_pixels_of_the_frame(scale):
    """The disc moved by (3, -2), so what is there came from (-3, 2)."""
    before, now = drawn((60, 60)), drawn((63, 58))
    size = WIDTH * scale, HEIGHT * scale
    images = [cv2.resize(frame.image, size) for frame in (now, before)]
    mask = cv2.resize(now.mask.astype(np.uint8), size) > 0
    motion = motion_between(*images)
    box = Box(0, 0, *size)
    flow, trust = motion.of_object(box, mask)
    edge = cv2.morphologyEx(
        mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    mean = flow[edge > 0].mean(0) / scale
    assert mean == pytest.approx([-3, 2], abs=0.45)
    assert trust[mask].mean() > 0.8


def test_the_motion_of_a_part_is_that_of_the_whole():
    before, now = drawn((60, 60)), drawn((62, 61))
    motion = motion_between(now.image, before.image)
    box = Box(20, 20, 110, 100)
    flow, _ = motion.of_object(box, now.mask[box.slices()])
    assert flow.shape == (80, 90, 2)
    whole, _ = motion.of_object(WHOLE, now.mask)
    inside = now.mask[box.slices()]
    gap = np.abs(flow - whole[box.slices()])[inside]
    assert gap.mean() < 0.2


def test_what_came_in_from_outside_is_not_trusted():
    image = drawn((60, 60)).image
    moved = np.roll(image, 12, axis=1)
    motion = motion_between(moved, image)
    assert motion.trust[:, 30:-30].mean() > motion.trust[:, :6].mean() + 0.3


def test_the_number_of_threads_changes_nothing():
    before, now = drawn((60, 60)), drawn((63, 58))
    threads = cv2.getNumThreads()
    flows = []
    for count in (1, 4):
        cv2.setNumThreads(count)
        flows.append(motion_between(now.image, before.image).flow)
        assert cv2.getNumThreads() == count
    cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*flows)


def test_a_cut_is_one_and_motion_is_none():
    first, second = drawn((60, 60)), drawn((64, 63))
    other = drawn((60, 60), seed=7)
    dark = (other.image // 4).astype(np.uint8)

    def cut(now, before):
        motion = motion_between(now, before)
        return is_cut(colours_of(now), colours_of(before), motion, 0.5)

    assert not cut(second.image, first.image)
    assert not cut(first.image, first.image)
    assert cut(255 - first.image, first.image)
    assert cut(dark, first.image)
