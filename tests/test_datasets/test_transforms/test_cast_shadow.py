"""A grey scene gets darker beside the object, never on it."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import CastShadow


def sample(seed=0):
    mask = np.zeros((80, 100), np.uint8)
    cv2.circle(mask, (50, 40), 20, 1, -1)
    image = np.full((80, 100, 3), 200, np.uint8)
    return dict(img=image, gt_mask=mask, seed=seed)


@pytest.mark.parametrize('seed', range(6))
def test_the_surroundings_are_darker_and_the_object_is_not(seed):
    results = sample(seed)
    before = results['img'].copy()
    shadow = CastShadow(prob=1.0, distance=(0.2, 0.3), strength=(0.5, 0.8))
    image = shadow.transform(results)['img']
    assert image.dtype == np.uint8
    assert image.shape == before.shape
    mask = results['gt_mask']
    inner = cv2.erode(mask, np.ones((7, 7), np.uint8)) > 0
    assert (image[inner] == 200).all()
    outside = image[mask == 0][:, 0]
    # Light that is lost: half to four fifths at the darkest, blurred or not.
    assert 200 * 0.2 - 1 <= outside.min() < 200 * 0.65
    # Far away nothing changes: the object is 35 pixels wide, moved by 11.
    assert (image[:3, :3] == 200).all()
    assert (image <= before).all()


def test_the_same_seed_gives_the_same_shadow_on_a_copy():
    results = sample(7)
    before = results['img']
    first = CastShadow(prob=1.0).transform(results)['img']
    again = CastShadow(prob=1.0).transform(sample(7))['img']
    assert np.array_equal(first, again)
    assert (before == 200).all()  # an image that is shared stays


def test_nothing_is_drawn_at_probability_0_or_without_an_object():
    assert (CastShadow(prob=0.0).transform(sample())['img'] == 200).all()
    results = sample()
    results['gt_mask'][:] = 0
    assert (CastShadow(prob=1.0).transform(results)['img'] == 200).all()


@pytest.mark.parametrize(
    'settings',
    [
        dict(prob=1.5),
        dict(distance=(0.3, 0.1)),
        dict(distance=(-0.1, 0.1)),
        dict(strength=(0.9, 0.3)),
        dict(strength=(0.5, 1.2)),
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        CastShadow(**settings)
