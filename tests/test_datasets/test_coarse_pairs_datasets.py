"""BIG and DIS5K, small and drawn, in the layouts that are published."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from segrefiner_mm.datasets import BIGDataset, DIS5KDataset
from segrefiner_mm.errors import InputError
from tests.helpers import ROOT, blocky, draw_object

BASE = ROOT / 'configs' / '_base_' / 'datasets' / 'coarse_pairs.py'


def write(folder, image_name, mask_name, coarse_name):
    rng = np.random.default_rng(0)
    drawn = {}
    for name in ('a', 'b'):
        image, mask = draw_object(rng)
        coarse = blocky(mask)
        for pattern, picture in (
            (image_name, image),
            (mask_name, mask * 255),
            (coarse_name, coarse * 255),
        ):
            file = folder / pattern.format(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(file), picture)
        drawn[name] = mask, coarse
    return drawn


CASES = [
    (BIGDataset, 'test/{}_im.jpg', 'test/{}_gt.png', 'coarse/{}_seg.png'),
    (BIGDataset, 'test/{}_im.jpg', 'test/{}_gt.png', 'coarse/{}.png'),
    (DIS5KDataset, 'DIS-VD/im/{}.jpg', 'DIS-VD/gt/{}.png', 'coarse/{}.png'),
]


@pytest.mark.parametrize(('kind', 'image', 'mask', 'coarse'), CASES)
def test_published_layouts(tmp_path, kind, image, mask, coarse):
    drawn = write(tmp_path, image, mask, coarse)
    pipeline = [
        dict(step, type=f'segrefiner_mm.{step.type}')
        for step in Config.fromfile(BASE).test_pipeline
    ]
    pipeline[0]['type'] = 'LoadImageFromFile'
    data = kind(
        data_root=str(tmp_path), coarse_dir='coarse', pipeline=pipeline
    )
    assert len(data) == 2
    for packed, (true, rough) in zip(data, drawn.values(), strict=True):
        sample = packed['data_samples']
        for found, expected in (
            (sample.gt_instances, true),
            (sample.coarse_instances, rough),
        ):
            [mask] = found.masks.numpy()
            np.testing.assert_array_equal(mask, expected > 0)


@pytest.mark.parametrize(('kind', 'image', 'mask', 'coarse'), CASES[1:])
def test_what_is_missing_is_named(tmp_path, kind, image, mask, coarse):
    write(tmp_path, image, mask, coarse)
    options = dict(data_root=str(tmp_path), pipeline=[])
    with pytest.raises(InputError, match='gone'):
        kind(coarse_dir='gone', **options)
    with pytest.raises(InputError, match='no-such'):
        kind(coarse_dir='coarse', split='no-such', **options)
    (tmp_path / coarse.format('b')).unlink()
    with pytest.raises(InputError, match='no coarse mask b'):
        kind(coarse_dir='coarse', **options)


def test_half_a_set_is_an_error(tmp_path):
    """A figure of the part that is there would pass for that of the set."""
    write(tmp_path, *CASES[2][1:])
    (tmp_path / 'DIS-VD' / 'gt' / 'a.png').unlink()
    with pytest.raises(InputError, match=r'lack a partner, such as a'):
        DIS5KDataset(data_root=str(tmp_path), coarse_dir='coarse', pipeline=[])
