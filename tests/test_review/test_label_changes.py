"""What changed in a label map, on maps of a few pixels."""

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.review.label_changes import (
    MOST_LISTED,
    SegmentChange,
    label_changes,
)


def test_gains_and_losses_of_every_segment():
    before = np.array([[1, 1, 1, 2], [1, 1, 3, 255]])
    after = np.array([[1, 1, 2, 2], [1, 2, 3, 255]])
    changes = label_changes(before, after, [255])
    # Two pixels of eight move from 1, which has five, to 2, which has one.
    assert (changes.size, changes.pixels, changes.share) == ((2, 4), 2, 0.25)
    assert (changes.labels, changes.changed) == (3, 2)  # 255 is no segment
    assert changes.listed == (
        SegmentChange(1, 5, 0, 2),
        SegmentChange(2, 1, 2, 0),
    )
    assert [change.iou for change in changes.listed] == [3 / 5, 1 / 3]
    assert changes.least_iou == 1 / 3


def test_nothing_changed():
    labels = np.array([[1, 2], [2, -7]])
    changes = label_changes(labels, labels.copy())
    assert (changes.pixels, changes.share, changes.changed) == (0, 0, 0)
    assert (changes.labels, changes.least_iou, changes.listed) == (3, 1, ())


def test_a_segment_that_is_lost_and_one_that_is_new():
    changes = label_changes(np.array([[1, 2]]), np.array([[1, 5]]))
    assert changes.listed == (
        SegmentChange(2, 1, 0, 1),
        SegmentChange(5, 0, 1, 0),
    )
    assert changes.least_iou == 0


def test_of_many_segments_those_that_changed_most_are_listed():
    # Segment n has n + 1 pixels and loses all but one of them to 100.
    before = np.concatenate([np.full(n + 1, n) for n in range(1, 30)])[None]
    first = np.concatenate([[True], before[0, 1:] != before[0, :-1]])
    after = np.where(first, before, 100)
    changes = label_changes(before, after)
    assert changes.changed == 30
    assert [change.label for change in changes.listed] == [
        *(100, *range(29, 29 - MOST_LISTED + 1, -1)),
    ]


def test_sizes_that_differ():
    with pytest.raises(InputError, match=r'coarse label map has 3 x 2 .* 2 x'):
        label_changes(np.zeros((2, 3)), np.zeros((3, 2)))
