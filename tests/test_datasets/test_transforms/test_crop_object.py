"""Expected windows are worked out from the boxes by hand."""

import numpy as np
import pytest

from segrefiner_mm.datasets.transforms import (
    CropObject,
    PackRefineInputs,
    PhotometricJitter,
    RandomFlipMasks,
)


@pytest.fixture
def results():
    image = np.zeros((100, 120, 3), np.uint8)
    image[..., 0] = np.arange(120)
    image[..., 1] = np.arange(100)[:, None]
    coarse = np.zeros((100, 120), np.uint8)
    coarse[30:60, 40:70] = 1
    true = np.roll(coarse, 5, axis=1)
    return dict(img=image, coarse_mask=coarse, gt_mask=true, seed=3)


def test_a_fixed_pad_gives_the_window_of_the_refiner(results):
    cropped = CropObject(size=50, pad=(10, 10))(dict(results))
    assert cropped['img'].shape == (50, 50, 3)
    assert cropped['img'][0, 0].tolist() == [30, 20, 0]
    assert cropped['img'][-1, -1].tolist() == [79, 69, 0]
    assert cropped['coarse_mask'][10:40, 10:40].all()
    assert cropped['coarse_mask'].sum() == 900
    assert cropped['gt_mask'][10:40, 15:45].all()


def test_windows_stay_inside_the_image(results):
    cropped = CropObject(size=64, pad=(500, 500))(dict(results))
    assert cropped['img'][0, 0].tolist() == [0, 0, 0]


def test_a_coarse_mask_that_lost_its_object(results):
    empty = np.zeros_like(results['coarse_mask'])
    cropped = CropObject(size=50, pad=(10, 10))(
        dict(results, coarse_mask=empty)
    )
    assert cropped['gt_mask'].sum() == 900


def test_flips_hold_image_and_masks_together(results):
    seen = set()
    for seed in range(20):
        flipped = RandomFlipMasks()(dict(results, seed=seed))
        mirrored = flipped['img'][0, 0, 0] == 119
        seen.add(mirrored)
        for key in ('gt_mask', 'coarse_mask'):
            expected = results[key][:, ::-1] if mirrored else results[key]
            assert np.array_equal(flipped[key], expected)
    assert seen == {True, False}


def test_jitter_changes_colours_alone(results):
    jitter = PhotometricJitter()
    first, again, other = (
        jitter(dict(results, seed=s))['img'] for s in (1, 1, 2)
    )
    assert first.dtype == np.uint8
    assert first.shape == results['img'].shape
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_packing_without_true_masks(results):
    del results['gt_mask'], results['seed']
    packed = PackRefineInputs()(dict(results, img_path='a.jpg'))
    sample = packed['data_samples']
    assert sample.coarse_instances.masks.shape == (1, 100, 120)
    assert 'gt_instances' not in sample
    assert sample.img_path == 'a.jpg'
