"""Against pycocotools, mask by mask."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.run_table import RunTable
from segrefiner_mm.io.rle import encode_mask

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))
MASKS = SIZES.flatmap(lambda size: arrays.arrays(np.bool_, size))


def in_box(mask, box):
    """Foreground of a table of masks, back in its image."""
    x1, y1, x2, y2 = box
    whole = np.zeros(mask.shape, np.uint8)
    return whole[y1:y2, x1:x2], whole


def same(table, masks):
    assert len(table) == len(masks)
    for index, mask in enumerate(masks):
        part, whole = in_box(mask, table.boxes[index])
        columns = table.columns(index)
        assert columns.shape == part.shape[::-1]
        part[:] = columns.T
        assert np.array_equal(whole > 0, mask)
        x, y, w, h = coco_mask.toBbox(encode_mask(mask)).tolist()
        assert mask.any() == table.boxes[index].any()
        if mask.any():
            assert table.boxes[index].tolist() == [x, y, x + w, y + h]


@settings(deadline=None, max_examples=200)
@given(st.lists(MASKS, max_size=4))
def test_any_masks(masks):
    same(RunTable([encode_mask(mask) for mask in masks]), masks)


def test_large_masks_with_many_runs():
    rng = np.random.default_rng(0)
    masks = [rng.random((300, 400)) < part for part in (0.001, 0.5, 0.9999)]
    masks += [np.zeros((5000, 7000), bool), np.ones((5000, 7000), bool)]
    encoded = [encode_mask(mask) for mask in masks]
    encoded[0]['counts'] = encoded[0]['counts'].encode()  # either will do
    same(RunTable(encoded), masks)


@pytest.mark.parametrize(
    ('counts', 'message'),
    [
        (b'', 'covers 0 pixels'),
        (b'1', 'covers 1 pixels'),
        (b'\x00', 'an invalid byte'),
        (b'XX', 'cut off'),
        (b'ooooooooooo1', 'a number too large'),
        (b'O', 'negative'),
    ],
)
def test_faulty_ones_are_named(counts, message):
    good = encode_mask(np.eye(6, dtype=bool))
    bad = dict(size=[6, 6], counts=counts)
    for masks in ([bad], [good, bad], [bad, good]):
        with pytest.raises(InputError, match=message):
            RunTable(masks)
