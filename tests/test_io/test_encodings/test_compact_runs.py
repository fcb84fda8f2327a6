"""Crops to run lengths and back, against pycocotools."""

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.io.encodings.compact_runs import MaskCrops, encode_crop
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.windows import Box, compact_masks


def masks():
    rng = np.random.default_rng(0)
    for index in range(60):
        shape = rng.integers(1, 40, 2)
        noise = rng.random(shape).astype(np.float32)
        if index % 2:
            noise = cv2.GaussianBlur(noise, (0, 0), 2)
        yield (noise > rng.random()).astype(np.uint8)
    for value in (0, 1):
        yield np.full((7, 5), value, np.uint8)


@pytest.mark.parametrize('mask', masks())
def test_there_and_back(mask):
    encoded, size = encode_mask(mask), mask.shape
    [compact] = compact_masks(torch.from_numpy(mask)[None])
    assert encode_crop(compact.pixels, compact.box, size) == encoded
    whole = Box(0, 0, size[1], size[0])
    assert encode_crop(torch.from_numpy(mask > 0), whole, size) == encoded
    crops = MaskCrops([encoded, encoded])
    for index in (0, 1):
        back = crops.mask(index)
        assert (back.size, back.box, back.area) == (
            compact.size,
            compact.box,
            compact.area,
        )
        assert torch.equal(back.pixels, compact.pixels)
        assert crops.pixels[index] == compact.pixels.numel()
