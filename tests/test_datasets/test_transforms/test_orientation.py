"""Photographs that say how to turn them, and masks of both orientations.

The object is red on green, so image and mask can be compared. How the pixels
are stored is worked out by Pillow, which turns them by the same data.
"""

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image, ImageOps

from segrefiner_mm.datasets.transforms import LoadCoarseMasks, LoadTrueMask
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import encode_mask

LYING = (5, 6, 7, 8)
SIZE = (60, 90)


@pytest.fixture(params=range(1, 9))
def photograph(request, tmp_path):
    """Its path and orientation, and the mask as stored and upright."""
    stored = np.zeros(SIZE, np.uint8)
    stored[8:40, 10:70] = 1
    stored[30:, 10:24] = 1
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[..., 0], colours[..., 1] = stored * 255, (1 - stored) * 255
    exif = Image.Exif()
    exif[0x0112] = request.param
    path = tmp_path / 'image.jpg'
    Image.fromarray(colours).save(path, exif=exif, quality=95, subsampling=0)
    picture = Image.fromarray(stored)
    picture.getexif()[0x0112] = request.param
    upright = np.asarray(ImageOps.exif_transpose(picture))
    return str(path), request.param, stored, upright


def load(path, **more):
    return LoadImageFromFile()(dict(img_path=path, **more))


def check(found, mask, key='gt_mask'):
    """The image lies as the mask, and the mask as it was given."""
    red = found['img'][..., 2] > 128
    assert found['img'].shape[:2] == found['img_shape'] == found['ori_shape']
    assert np.array_equal(found[key], mask)
    assert (red != (mask > 0)).mean() < 0.02


def test_masks_as_pictures(photograph, tmp_path):
    path, orientation, *masks = photograph
    # Where both sizes are the same, photographs are looked at upright.
    for mask in masks if orientation in LYING else masks[1:]:
        cv2.imwrite(str(tmp_path / 'mask.png'), mask * 255)
        found = LoadTrueMask(min_area=1)(
            load(path, mask_path=str(tmp_path / 'mask.png'))
        )
        check(found, mask)
        found = LoadCoarseMasks()(
            load(path, coarse_paths=[str(tmp_path / 'mask.png')])
        )
        check(found, mask, 'coarse_mask')


def test_annotations(photograph):
    path, orientation, *masks = photograph
    for mask in masks if orientation in LYING else masks[1:]:
        encoded = encode_mask(mask > 0)
        size = dict(ann_size=mask.shape)
        found = LoadTrueMask(min_area=1)(
            load(path, ann_id=1, segmentation=encoded, **size)
        )
        check(found, mask)
        results = load(path, coarse_segmentations=[encoded] * 2, **size)
        found = LoadCoarseMasks()(results)
        first, second = found['coarse_mask']
        assert np.array_equal(first, second)
        check(dict(found, coarse_mask=second), mask, 'coarse_mask')


def test_no_other_size_is_taken(photograph, tmp_path):
    """Nor turned pictures without such data, nor two ways at once."""
    path, orientation, stored, upright = photograph
    mask = str(tmp_path / 'mask.png')
    cv2.imwrite(mask, stored[:-1] * 255)
    message = r'mask\.png is 90 x 59, its image is '
    with pytest.raises(InputError, match=message):
        LoadTrueMask()(load(path, mask_path=mask))
    if orientation in LYING:
        cv2.imwrite(mask, stored * 255)
        results = load(path, gt_mask=upright, coarse_paths=[mask])
        with pytest.raises(InputError, match='is 90 x 60, its image is 60'):
            LoadCoarseMasks()(results)
    else:
        cv2.imwrite(mask, stored.T * 255)
        with pytest.raises(InputError, match='is 60 x 90, its image is 90'):
            LoadTrueMask()(load(path, mask_path=mask))
