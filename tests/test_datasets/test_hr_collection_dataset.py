"""Folders laid out as DIS5K and ThinObject-5K are."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import DATASETS, build_child
from tests.helpers import ROOT, write_pairs

PIPELINE = Config.fromfile(
    ROOT / 'configs' / '_base_' / 'datasets' / 'hr_collection_256.py'
).train_pipeline


@pytest.fixture
def folder(tmp_path):
    write_pairs(tmp_path / 'DIS-TR', 'im', 'gt', 3, height=300, width=400)
    thin = write_pairs(tmp_path / 'Thin', 'images', 'masks', 4, height=120)
    (thin / 'list').mkdir()
    (thin / 'list' / 'train.txt').write_text('000.jpg\n002.jpg\n')
    return tmp_path


def build(folder, **settings):
    settings = {
        'collections': [
            dict(root='DIS-TR', layout='dis5k'),
            dict(root='Thin', layout='thin_object'),
        ],
        'pipeline': PIPELINE,
        **settings,
    }
    cfg = dict(type='HRCollectionDataset', data_root=str(folder), **settings)
    return build_child(DATASETS, cfg)


def test_collections_are_joined(folder):
    dataset = build(folder)
    names = [
        '/'.join(dataset.get_data_info(i)['img_path'].split('/')[-3:])
        for i in range(len(dataset))
    ]
    assert names == [
        'DIS-TR/im/000.jpg',
        'DIS-TR/im/001.jpg',
        'DIS-TR/im/002.jpg',
        'Thin/images/000.jpg',
        'Thin/images/002.jpg',
    ]


def test_every_sample_is_seen_as_object_and_as_patch(folder):
    """The object's outline is inside of an object crop; a patch of a large
    image shows it at full resolution, so the object reaches its border.
    """
    dataset = build(folder, indices=3)
    for pair in range(6):
        whole, patch = dataset[2 * pair], dataset[2 * pair + 1]
        assert whole['data_samples'].img_path == patch['data_samples'].img_path
        for view in (whole, patch):
            assert view['inputs'].shape == (3, 256, 256)
            mask = view['data_samples'].gt_instances.masks
            assert mask.any()
            assert not mask.all()


def test_stored_coarse_masks(folder):
    coarse = folder / 'coarse'
    coarse.mkdir()
    for path in (folder / 'DIS-TR' / 'gt').iterdir():
        mask = cv2.imread(str(path), 0)
        for number, shift in enumerate((5, -5)):
            name = f'{path.stem}_{number}.png'
            cv2.imwrite(str(coarse / name), np.roll(mask, shift, axis=1))
    dataset = build(
        folder,
        collections=[dict(root='DIS-TR', coarse='coarse')],
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadTrueMask'),
            dict(type='LoadCoarseMasks'),
            dict(type='SynthesizeCoarseMask'),
            dict(type='PackRefineInputs'),
        ],
    )
    shifts = set()
    for index in range(24):
        sample = dataset[index]['data_samples']
        true = sample.gt_instances.masks[0].numpy()
        mask = sample.coarse_instances.masks[0].numpy()
        [shift] = [s for s in (5, -5) if (np.roll(true, s, 1) == mask).all()]
        shifts.add(shift)
    assert shifts == {5, -5}


def test_what_is_missing_is_said(folder, log_lines):
    (folder / 'Thin' / 'images' / '000.jpg').unlink()
    dataset = build(
        folder, collections=[dict(root='Thin', layout='thin_object')]
    )
    assert {dataset[i]['data_samples'].img_path[-7:] for i in range(8)} == {
        '002.jpg'
    }
    [line] = log_lines
    assert '000.jpg' in line
    for collection, reason in (
        (dict(root='Nowhere'), 'no such folder'),
        (
            dict(root='Thin', names='none.txt', img='images', mask='masks'),
            'No such file',
        ),
        (dict(root='DIS-TR', coarse='none'), 'gen_coarse_masks'),
    ):
        with pytest.raises(InputError, match=reason):
            build(folder, collections=[collection])
    with pytest.raises(ValueError, match='layout must be one of'):
        build(folder, collections=[dict(root='Thin', layout='other')])
