"""``refine`` on images and masks that need a word more."""

import io

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm import refine
from segrefiner_mm.errors import InputError
from tests.helpers import iou

OPTIONS = dict(num_steps=1, device='cpu')


def encoded(array):
    content = io.BytesIO()
    Image.fromarray(array).save(content, 'PNG')
    return content.getvalue()


def test_bytes_are_an_encoded_picture(scene):
    image, _, coarse = scene
    expected = refine(image, coarse, **OPTIONS)
    photo = encoded(image[..., ::-1].copy())
    np.testing.assert_array_equal(refine(photo, coarse, **OPTIONS), expected)
    mask = encoded(coarse)
    np.testing.assert_array_equal(refine(photo, mask, **OPTIONS), expected)


def test_bytes_that_are_no_picture():
    with pytest.raises(InputError, match='not an image that can be read'):
        refine(b'GIF87', np.ones((4, 4)))


def test_masks_of_the_size_of_a_network(scene):
    image, true, coarse = scene
    small = coarse[::4, ::4]
    with pytest.raises(InputError, match=r'must be equal.*resize_masks=True'):
        refine(image, small, **OPTIONS)
    [better] = refine(image, small[None], resize_masks=True, **OPTIONS)
    assert better.shape == coarse.shape
    assert iou(better, true) > iou(coarse, true) + 0.02
    same = refine(image, coarse, resize_masks=True, **OPTIONS)
    np.testing.assert_array_equal(same, refine(image, coarse, **OPTIONS))


def test_soft_masks_have_a_threshold(scene):
    image, _, coarse = scene
    soft = 0.2 + 0.6 * coarse
    with pytest.raises(InputError, match='not binary'):
        refine(image, soft, **OPTIONS)
    np.testing.assert_array_equal(
        refine(image, soft, threshold=0.5, **OPTIONS),
        refine(image, coarse, **OPTIONS),
    )
