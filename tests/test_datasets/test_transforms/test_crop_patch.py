"""Pixels of the image say where they come from."""

import numpy as np

from segrefiner_mm.datasets.transforms import CropPatch


def results(height, width, seed=0):
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    mask = np.zeros((height, width), np.uint8)
    mask[40:90, 60:130] = 1
    return dict(img=image, gt_mask=mask, coarse_mask=mask, seed=seed)


def test_full_resolution_with_both_labels():
    corners = set()
    for seed in range(50):
        whole = results(150, 200, seed)
        patch = CropPatch(size=32)(dict(whole))
        left, top, _ = patch['img'][0, 0].tolist()
        window = slice(top, top + 32), slice(left, left + 32)
        for key in ('img', 'gt_mask', 'coarse_mask'):
            assert np.array_equal(patch[key], whole[key][window])
        assert 0 < patch['gt_mask'].sum() < 32 * 32
        corners.add((left, top))
    assert len(corners) > 40


def test_small_images_are_resized():
    whole = results(100, 140)
    patch = CropPatch(size=200)(dict(whole))
    assert patch['img'].shape == (200, 200, 3)
    assert patch['gt_mask'].shape == (200, 200)
    assert set(np.unique(patch['gt_mask'])) == {0, 1}
    assert patch['img'][0, 0].tolist()[:2] == [0, 0]
    assert patch['img'][-1, -1].tolist()[:2] == [139, 99]


def test_a_mask_that_fills_the_image():
    whole = results(100, 140)
    whole['gt_mask'] = whole['coarse_mask'] = np.ones((100, 140), np.uint8)
    assert CropPatch(size=64)(whole)['gt_mask'].all()


def test_before_there_is_a_coarse_mask():
    whole = results(100, 140)
    del whole['coarse_mask']
    assert 'coarse_mask' not in CropPatch(size=64)(whole)
