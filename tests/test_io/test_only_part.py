"""The part that may change, in every form; pixels counted by hand."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.only_part import read_only_part
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.windows import Box

SIZE = 20, 30


@pytest.mark.parametrize(
    'box',
    [
        (4, 5, 10, 12),
        [4, 5, 10, 12],
        np.array([4, 5, 10, 12]),
        torch.tensor([4.0, 5.0, 10.0, 12.0]),
        (4.9, 5.2, 9.1, 11.01),  # whole pixels that it touches
    ],
)
def test_boxes(box):
    part = read_only_part(box, SIZE)
    assert (part.size, part.box) == (SIZE, Box(4, 5, 10, 12))
    assert part.area == 42
    assert part.pixels.all()


def test_a_box_is_cut_to_the_image():
    part = read_only_part((-5, -5, 3, 200), SIZE)
    assert part.box == Box(0, 0, 3, 20)


@pytest.mark.parametrize(
    'polygon',
    [
        [(4, 5), (10, 5), (10, 12), (4, 12)],
        [4, 5, 10, 5, 10, 12, 4, 12],
        np.array([[4, 5], [10, 5], [10, 12], [4, 12]]),
        [[4, 5], [10, 5], [10, 12], [4, 12]],
    ],
)
def test_polygons(polygon):
    part = read_only_part(polygon, SIZE)
    assert (part.box, part.area) == (Box(4, 5, 10, 12), 42)


def test_masks_of_any_form(tmp_path):
    mask = np.zeros(SIZE, bool)
    mask[5:12, 4:10] = True
    cv2.imwrite(str(tmp_path / 'brush.png'), mask * np.uint8(255))
    forms = [
        mask,
        mask.astype(np.uint8) * 255,
        torch.from_numpy(mask),
        Image.fromarray(mask),
        encode_mask(mask),
        tmp_path / 'brush.png',
        str(tmp_path / 'brush.png'),
    ]
    for form in forms:
        part = read_only_part(form, SIZE)
        assert (part.box, part.area) == (Box(4, 5, 10, 12), 42)
    assert read_only_part(np.zeros(SIZE, bool), SIZE).area == 0


def test_words():
    assert read_only_part(None, SIZE) is None
    assert read_only_part('errors', SIZE) == 'errors'


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ((40, 5, 50, 9), 'outside the image'),
        ((10, 5, 4, 9), 'x1 < x2'),
        ((0, 0, float('nan'), 9), 'x1 < x2'),
        ([1, 2, 3], '4 numbers'),
        ([1, 2, 3, 4, 5], '4 numbers'),
        (np.zeros((9, 9), bool), 'must be equal'),
        ('no such file.png', 'no such file'),
        (np.zeros((2, *SIZE), bool), 'one mask'),
        ([(40, 5), (50, 5), (50, 9)], 'outside the image'),
        (7, 'masks are images'),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(value, message):
    with pytest.raises(InputError, match=message):
        read_only_part(value, SIZE)
