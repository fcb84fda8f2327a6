"""Expected values come from the dense masks themselves."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from segrefiner_mm.windows import Box, compact_masks


def test_boxes_and_areas():
    masks = torch.zeros(3, 6, 9, dtype=torch.bool)
    masks[0, 2:5, 3] = True
    masks[1] = True
    first, full, empty = compact_masks(masks)
    assert (first.box, first.area) == (Box(3, 2, 4, 5), 3)
    assert full.full
    assert not first.full
    assert (empty.box, empty.area) == (Box(0, 0, 0, 0), 0)


def test_no_masks():
    assert compact_masks(torch.zeros(0, 4, 4, dtype=torch.bool)) == []


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.float32])
def test_dense_is_the_inverse(dtype):
    masks = torch.rand(8, 20, 15) > 0.98
    for compact, mask in zip(
        compact_masks(masks.to(dtype)), masks, strict=True
    ):
        assert torch.equal(compact.dense(), mask)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_crop_equals_the_dense_crop(data):
    seed = data.draw(st.integers(0, 1000))
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(11, 13, generator=generator) > 0.95
    x1, y1 = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 10))
    x2, y2 = (
        data.draw(st.integers(x1 + 1, 13)),
        data.draw(st.integers(y1 + 1, 11)),
    )
    [compact] = compact_masks(mask[None])
    crop = compact.crop(Box(x1, y1, x2, y2))
    assert torch.equal(crop, mask[y1:y2, x1:x2])


def test_grow_stays_inside():
    assert Box(5, 5, 10, 10).grow(7, 14, 100) == Box(0, 0, 17, 14)
