"""A folder of drawn pairs goes through the whole training pipeline."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from segrefiner_mm.datasets.picture_pairs import in_scenes, read_pairs
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import DATASETS, build_child
from tests.helpers import ROOT

PIPELINE = Config.fromfile(
    ROOT / 'configs' / '_base_' / 'datasets' / 'folder_128.py'
).train_pipeline


@pytest.fixture
def folder(tmp_path):
    """Twelve pairs of six scenes."""
    for name in ('images', 'masks'):
        (tmp_path / name).mkdir()
    rng = np.random.default_rng(0)
    for index in range(12):
        stem = f'scene{index // 2}_{index % 2:05d}'
        image = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
        mask = np.zeros((120, 160), np.uint8)
        cv2.circle(mask, (80, 60), 20 + 2 * index, 255, -1)
        cv2.imwrite(str(tmp_path / 'images' / f'{stem}.jpg'), image)
        cv2.imwrite(str(tmp_path / 'masks' / f'{stem}.png'), mask)
    return tmp_path


def build(folder, **settings):
    return build_child(
        DATASETS,
        dict(
            type='FolderRefineDataset',
            data_root=str(folder),
            pipeline=PIPELINE,
            **settings,
        ),
    )


def same(first, second):
    samples = first['data_samples'], second['data_samples']
    return torch.equal(first['inputs'], second['inputs']) and all(
        torch.equal(
            getattr(samples[0], key).masks, getattr(samples[1], key).masks
        )
        for key in ('gt_instances', 'coarse_instances')
    )


def test_a_sample_is_ready_for_the_model(folder):
    sample = build(folder)[0]
    assert sample['inputs'].shape == (3, 128, 128)
    assert sample['inputs'].dtype == torch.uint8
    data = sample['data_samples']
    for instances in (data.gt_instances, data.coarse_instances):
        assert instances.masks.shape == (1, 128, 128)
        assert instances.masks.dtype == torch.bool
    assert data.gt_instances.masks.any()
    assert 'noise_seed' in data


def test_a_draw_depends_on_its_number_alone(folder):
    dataset, other = build(folder), build(folder)
    late = other[1000]
    assert same(dataset[5], other[5])
    assert same(dataset[1000], late)
    assert not same(dataset[5], dataset[5 + 12])
    assert not same(build(folder, seed=1)[5], dataset[5])


def test_every_epoch_visits_every_pair(folder):
    dataset = build(folder)
    for epoch in range(3):
        paths = {
            dataset[12 * epoch + i]['data_samples'].img_path for i in range(12)
        }
        assert len(paths) == 12


def test_scenes_are_not_split(folder):
    splits = [
        build(folder, scenes=dict(take=take, of=3)) for take in ([0], [1, 2])
    ]
    scenes = [
        {d['img_path'].rpartition('_')[0] for d in split}
        for split in (
            [split.get_data_info(i) for i in range(len(split))]
            for split in splits
        )
    ]
    assert [len(split) for split in splits] == [4, 8]
    assert not scenes[0] & scenes[1]


def test_a_list_of_pairs(folder):
    stems = [f'scene{i}_00000' for i in range(6)]
    lines = [f'images/{stem}.jpg\tmasks/{stem}.png' for stem in stems]
    (folder / 'train.tsv').write_text('\n'.join(lines))
    assert len(build(folder, ann_file='train.tsv')) == 6
    (folder / 'train.tsv').write_text('images/scene0_00000.jpg')
    with pytest.raises(InputError, match='line 1: expected image and mask'):
        build(folder, ann_file='train.tsv')


def test_few_scenes_are_dealt_by_picture(folder):
    splits = [build(folder, scenes=dict(take=t, of=9)) for t in ([0], [3, 4])]
    assert [len(split) for split in splits] == [2, 2]


@pytest.mark.parametrize('prefix', ['IMG', 'photo'])
def test_the_prefix_of_a_camera_is_no_scene(tmp_path, log_lines, prefix):
    """One in ten photographs is for validation, and not all of them."""
    stems = [f'drawn0-{i:05d}' for i in range(60)]
    stems += [f'{prefix}_{i:04d}' for i in range(40)]
    lines = [f'{stem}.jpg\t{stem}.png' for stem in stems]
    (tmp_path / 'all.tsv').write_text('\n'.join(lines))
    counts = []
    for take in ([0], list(range(1, 10))):
        split = build(
            tmp_path, ann_file='all.tsv', scenes=dict(take=take, of=10)
        )
        paths = [info['img_path'] for info in split.load_data_list()]
        counts.append(sum(prefix in path for path in paths))
    assert counts == [4, 36]
    assert '10 of 100 images taken' in log_lines[0]


def test_a_label_map_is_not_taken_for_a_mask(folder):
    masks = sorted((folder / 'masks').iterdir())
    labels = np.zeros((120, 160), np.uint8)
    labels[:, 40:80], labels[:, 80:] = 1, 2
    cv2.imwrite(str(masks[0]), labels)
    with pytest.raises(InputError, match='looks like a label map'):
        read_mask(str(masks[0]))
    cv2.imwrite(str(masks[0]), (labels > 0).astype(np.uint16))
    assert read_mask(str(masks[0])).sum() == 120 * 120


def test_pictures_without_a_partner_are_said(folder, log_lines):
    sorted((folder / 'masks').iterdir())[0].unlink()
    assert len(build(folder)) == 11
    [line] = log_lines
    assert 'skipped 1 images' in line
    assert 'scene0_00000.jpg' in line
    (folder / 'images' / 'scene1_00000.png').touch()
    with pytest.raises(InputError, match='two images share a name'):
        build(folder)


def test_a_draw_does_not_depend_on_what_was_skipped(folder, log_lines):
    sorted((folder / 'masks').iterdir())[0].write_bytes(b'')
    used, fresh = build(folder), build(folder)
    for index in range(12):
        used[index]
    assert same(used[30], fresh[30])
    assert sum('skipped' in line for line in log_lines) <= 2


def test_masks_of_0_and_1(folder):
    for path in (folder / 'masks').iterdir():
        cv2.imwrite(str(path), cv2.imread(str(path), 0) // 255)
    assert build(folder)[0]['data_samples'].gt_instances.masks.any()


def test_what_cannot_be_used_is_skipped(folder):
    masks = sorted((folder / 'masks').iterdir())
    masks[0].write_bytes(b'')
    cv2.imwrite(str(masks[1]), np.zeros((120, 160), np.uint8))
    cv2.imwrite(str(masks[2]), np.full((9, 9), 255, np.uint8))
    sorted((folder / 'images').iterdir())[3].write_bytes(b'')
    dataset = build(folder)
    used = {dataset[i]['data_samples'].img_path for i in range(36)}
    assert len(used) == 8
    assert len(dataset.skipped) == 4


@pytest.mark.parametrize('fault', ['image', 'mask', 'small', 'size'])
def test_in_a_test_nothing_takes_the_place_of_another(folder, fault):
    image, mask = (
        folder / name / f'scene1_00000.{suffix}'
        for name, suffix in (('images', 'jpg'), ('masks', 'png'))
    )
    content = {
        'small': np.zeros((120, 160), np.uint8),
        'size': np.full((9, 9), 255, np.uint8),
    }
    if fault in content:
        cv2.imwrite(str(mask), content[fault])
    else:
        (image if fault == 'image' else mask).write_bytes(b'')
    dataset = build(folder, test_mode=True)
    with pytest.raises(InputError, match=r'scene1_00000.* no other sample'):
        dataset[2]
    assert 'scene0_00001' in dataset[1]['data_samples'].img_path
    assert 'scene1_00001' in dataset[3]['data_samples'].img_path


def test_nothing_that_can_be_used(folder):
    for mask in (folder / 'masks').iterdir():
        mask.write_bytes(b'')
    with pytest.raises(InputError, match='samples in a row'):
        build(folder)[0]
    with pytest.raises(InputError, match='no such folder'):
        build(folder / 'nowhere')


def test_a_list_may_name_masks_that_models_have_predicted(folder):
    """The third column is taken as it is; a line without it has none."""
    lines = []
    for index in range(12):
        stem = f'scene{index // 2}_{index % 2:05d}'
        line = [f'images/{stem}.jpg', f'masks/{stem}.png']
        if index % 2:
            cv2.imwrite(
                str(folder / f'{stem}.png'), np.full((120, 160), 255, np.uint8)
            )
            line.append(f'{stem}.png')
        lines.append('\t'.join(line))
    (folder / 'list.txt').write_text('\n'.join(lines))
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadTrueMask'),
        dict(type='LoadCoarseMasks', prob=0.999),
    ]
    dataset = DATASETS.build(
        dict(
            type='FolderRefineDataset',
            _scope_='segrefiner_mm',
            data_root=str(folder),
            ann_file='list.txt',
            pipeline=pipeline,
            test_mode=True,
        )
    )
    for index in range(12):
        sample = dataset[index]
        if index % 2:
            assert sample['coarse_mask'].all()
        else:
            assert 'coarse_mask' not in sample


def test_a_pair_without_a_coarse_mask_is_named(folder):
    pipeline = [*PIPELINE[:2], dict(type='LoadCoarseMasks')]
    settings = dict(pipeline=pipeline, test_mode=True)
    dataset = build_child(
        DATASETS,
        dict(type='FolderRefineDataset', data_root=str(folder), **settings),
    )
    with pytest.raises(InputError, match=r'jpg has no coarse mask: put its'):
        dataset[0]


@pytest.mark.parametrize(
    ('line', 'count'),
    [('a.jpg\tb.png\t', 2), ('a.jpg\tb.png\tc.png', 3)],
)
def test_a_tab_at_the_end_adds_no_mask(tmp_path, line, count):
    file = tmp_path / 'list.txt'
    file.write_text(f'{line}\n')
    [paths] = read_pairs(file, tmp_path)
    assert paths == tuple(tmp_path / name for name in line.split('\t')[:count])


@pytest.mark.parametrize('line', ['a.jpg', 'a.jpg\t', 'a.jpg\t\tc.png'])
def test_a_line_without_a_mask(tmp_path, line):
    file = tmp_path / 'list.txt'
    file.write_text(f'{line}\n')
    with pytest.raises(InputError, match='line 1: expected image and mask'):
        read_pairs(file, tmp_path)


def test_lists_that_are_no_text_and_no_parts_are_refused(tmp_path):
    file = tmp_path / 'list.txt'
    file.write_bytes(b'\xff\xfe')
    with pytest.raises(InputError, match='not text in UTF-8'):
        read_pairs(file, tmp_path)
    with pytest.raises(InputError, match='1 or more, got 0'):
        in_scenes([], [0], 0)
