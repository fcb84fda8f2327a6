"""Areas are counted; a disc stays a disc."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import RandomShrink


def results(seed=0, radius=60):
    mask = np.zeros((180, 240), np.uint8)
    cv2.circle(mask, (120, 90), radius, 1, -1)
    image = np.where(mask[..., None] > 0, 200, 30).repeat(3, axis=2)
    return dict(img=image.astype(np.uint8), gt_mask=mask, seed=seed)


def test_objects_of_many_sizes():
    areas = []
    for seed in range(60):
        shrunk = RandomShrink(prob=1.0, min_area=512)(results(seed))
        image, mask = shrunk['img'], shrunk['gt_mask']
        assert image.shape == (*mask.shape, 3)
        assert set(np.unique(mask)) == {0, 1}
        # The image still shows the object where the mask is.
        assert ((image[..., 0] > 115) == mask).mean() > 0.99
        areas.append(int(mask.sum()))
    assert 480 <= min(areas) < 700
    assert 8000 < max(areas) <= 11400
    # Evenly by the logarithm: the middle one lies between them.
    assert 1700 < np.median(areas) < 3500


def test_a_coarse_mask_is_shrunk_too():
    whole = results(seed=3)
    whole['coarse_mask'] = whole['gt_mask']
    shrunk = RandomShrink(prob=1.0)(whole)
    assert shrunk['gt_mask'].shape < (180, 240)
    assert np.array_equal(shrunk['coarse_mask'], shrunk['gt_mask'])


def test_the_same_seed_gives_the_same_size():
    first, second = (RandomShrink(prob=1.0)(results(5)) for _ in range(2))
    assert np.array_equal(first['img'], second['img'])


def test_thin_lines_do_not_vanish():
    mask = np.zeros((400, 400), np.uint8)
    mask[::10, :] = 1  # 16,000 pixels in lines of one
    image = np.zeros((400, 400, 3), np.uint8)
    for seed in range(20):
        whole = dict(img=image, gt_mask=mask, seed=seed)
        shrunk = RandomShrink(prob=1.0, min_area=512)(whole)
        assert shrunk['gt_mask'].sum() >= 256


def test_some_stay():
    same = sum(
        RandomShrink(prob=0.5)(results(seed))['gt_mask'].shape == (180, 240)
        for seed in range(100)
    )
    assert 35 < same < 65


def test_small_objects_stay():
    whole = results(radius=10)
    shrunk = RandomShrink(prob=1.0, min_area=512)(dict(whole))
    assert shrunk['gt_mask'] is whole['gt_mask']


@pytest.mark.parametrize('options', [dict(prob=2), dict(min_area=0)])
def test_mistakes_are_refused(options):
    with pytest.raises(ValueError, match='must be'):
        RandomShrink(**options)
