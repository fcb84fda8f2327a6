"""An object of one colour is pasted on a background of another."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import PasteObject
from segrefiner_mm.errors import InputError


@pytest.fixture
def backgrounds(tmp_path):
    grey = np.full((120, 160, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / 'grey.png'), grey)
    return str(tmp_path)


def sample(seed=0):
    mask = np.zeros((80, 100), np.uint8)
    cv2.circle(mask, (50, 40), 20, 1, -1)
    image = np.zeros((80, 100, 3), np.uint8)
    image[mask > 0] = (0, 0, 250)
    image[mask == 0] = (250, 0, 0)
    coarse = np.roll(mask, 4, axis=1)
    return dict(img=image, gt_mask=mask, coarse_mask=coarse, seed=seed)


@pytest.mark.parametrize('seed', range(4))
def test_the_mask_lies_where_the_object_is(backgrounds, seed):
    result = PasteObject(backgrounds, prob=1.0).transform(sample(seed))
    image, mask = result['img'], result['gt_mask']
    assert image.shape == (120, 160, 3)
    assert mask.shape == result['coarse_mask'].shape == (120, 160)
    inner = cv2.erode(mask, np.ones((7, 7), np.uint8)) > 0
    outer = cv2.dilate(mask, np.ones((7, 7), np.uint8)) == 0
    assert inner.any()
    assert (image[inner][:, 2] > 150).all()
    assert (image[outer] == 90).all()  # nothing of the old background
    both = np.count_nonzero(mask & result['coarse_mask'])
    assert 0.5 < both / np.count_nonzero(mask) < 1  # moved along


def test_the_same_seed_gives_the_same_picture(backgrounds):
    paste = PasteObject(backgrounds, prob=1.0)
    first, again = paste.transform(sample(7)), paste.transform(sample(7))
    assert np.array_equal(first['img'], again['img'])


def test_a_background_may_be_tiny(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((5, 30, 3), 90, np.uint8))
    result = PasteObject(str(tmp_path), prob=1.0).transform(sample())
    assert result['img'].shape == (5, 30, 3)
    assert result['gt_mask'].shape == (5, 30)


def test_an_object_cut_off_by_the_border_stays(backgrounds):
    results = sample()
    results['gt_mask'][:, :30] = 1
    image = results['img'].copy()
    result = PasteObject(backgrounds, prob=1.0).transform(results)
    assert np.array_equal(result['img'], image)


def test_a_coarse_mask_much_larger_than_the_object_is_not_cut(backgrounds):
    results = sample()
    disc = np.zeros((80, 100), np.uint8)
    cv2.circle(disc, (50, 40), 35, 1, -1)
    results['coarse_mask'] = disc
    paste = PasteObject(backgrounds, prob=1.0, scale=(0.5, 0.5))
    coarse = paste.transform(results)['coarse_mask']
    # A disc fills pi / 4 of its box; cut at the true box, it would be square.
    _, _, width, height = cv2.boundingRect(coarse)
    filled = coarse.sum() / (width * height)
    assert filled == pytest.approx(np.pi / 4, abs=0.05)


def test_a_fence_that_would_vanish_stays(backgrounds):
    results = sample()
    fence = np.zeros((80, 100), np.uint8)
    fence[2:-2, 10:90:9] = 1
    results.update(gt_mask=fence, coarse_mask=fence.copy())
    paste = PasteObject(backgrounds, prob=1.0, scale=(0.1, 0.1))
    result = paste.transform(results)
    assert np.array_equal(result['gt_mask'], fence)


def test_bad_settings_are_refused(backgrounds, tmp_path):
    with pytest.raises(ValueError, match='prob must be 0 to 1'):
        PasteObject(backgrounds, prob=2.0)
    with pytest.raises(ValueError, match='scale must rise'):
        PasteObject(backgrounds, scale=(0.9, 0.3))
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(InputError, match='no images in'):
        PasteObject(str(empty))
