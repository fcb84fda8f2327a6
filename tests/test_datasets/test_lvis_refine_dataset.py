"""A small LVIS json, whole and with every fault that one may have."""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import DATASETS, build_child
from tests.helpers import write_lvis

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=512),
    dict(type='SynthesizeCoarseMask'),
    dict(type='PackRefineInputs'),
]


@pytest.fixture
def folder(tmp_path):
    write_lvis(tmp_path, 6)
    return tmp_path


def build(folder, change=None, pipeline=PIPELINE, **settings):
    file = folder / 'lvis.json'
    if change is not None:
        content = json.loads(file.read_text())
        change(content)
        file.write_text(json.dumps(content))
    cfg = dict(
        type='LVISRefineDataset',
        data_root=str(folder),
        ann_file='lvis.json',
        pipeline=pipeline,
        **settings,
    )
    return build_child(DATASETS, cfg)


def test_masks_are_those_of_the_polygons(folder):
    dataset = build(folder, test_mode=True)
    assert len(dataset) == 6
    for index in range(6):
        sample = dataset[index]['data_samples']
        true = cv2.imread(str(folder / 'masks' / f'{index:03d}.png'), 0) > 0
        mask = sample.gt_instances.masks[0].numpy()
        # pycocotools rounds polygons by half a pixel.
        assert (mask & true).sum() / (mask | true).sum() > 0.93
        assert sample.img_id == index + 1


def test_one_of_several_objects_is_drawn(folder):
    def second_object(content):
        square = [10, 10, 40, 10, 40, 40, 10, 40]
        for image in content['images']:
            content['annotations'].append(
                dict(
                    id=image['id'],
                    image_id=image['id'],
                    area=900,
                    bbox=[10, 10, 30, 30],
                    segmentation=[square],
                )
            )

    dataset = build(folder, second_object)
    assert len(dataset) == 6
    masks = [dataset[i]['data_samples'].gt_instances.masks for i in range(60)]
    squares = sum(int(mask.sum()) == 900 for mask in masks)
    assert 15 < squares < 45


def test_crowds_and_small_objects_are_left_out(folder):
    def change(content):
        content['annotations'][0]['iscrowd'] = 1
        content['annotations'][1]['area'] = 512

    dataset = build(folder, change)
    assert len(dataset) == 4
    assert not dataset.skipped


FAULTS = {
    'no segmentation': dict(segmentation=[]),
    'at least 3 points': dict(segmentation=[[1, 1, 9, 9]]),
    'reaches out': dict(segmentation=[[1, 1, 900, 1, 900, 900]]),
    'its box is 0 x 9': dict(bbox=[5, 5, 0, 9]),
    'its box is a list of 2': dict(bbox=[5, 5]),
    "its area is '900'": dict(area='900'),
    'a corner that is not a number': dict(
        segmentation=[[float('nan'), 1, 50, 50, 9, 90]]
    ),
    'there is no image 77': dict(image_id=77),
}


@pytest.mark.parametrize('reason', FAULTS)
def test_faulty_annotations_are_said_and_skipped(folder, log_lines, reason):
    dataset = build(
        folder,
        lambda content: content['annotations'][2].update(FAULTS[reason]),
    )
    assert len(dataset) == 5
    assert len(dataset.skipped) == 1
    [line] = [line for line in log_lines if 'skipped (1 so far)' in line]
    assert 'annotation 102' in line
    assert reason in line


def test_what_only_shows_when_loading_is_skipped_then(folder):
    def change(content):
        # One covers nothing, the other less than it says.
        empty = dict(size=[96, 128], counts=[96 * 128])
        content['annotations'][0].update(segmentation=empty)
        content['annotations'][1].update(
            segmentation=dict(size=[96, 128], counts=[5, 5])
        )

    (folder / 'images' / '002.jpg').unlink()
    (folder / 'images' / '003.jpg').write_bytes(b'')
    dataset = build(folder, change)
    assert len(dataset) == 6
    used = {dataset[i]['data_samples'].img_id for i in range(36)}
    assert used == {5, 6}
    assert len(dataset.skipped) == 4


def test_compressed_encodings_and_other_sizes(folder):
    def change(content):
        for annotation in content['annotations'][:2]:
            mask = cv2.imread(
                str(folder / 'masks' / f'{annotation["id"] - 100:03d}.png'), 0
            )
            encoded = coco_mask.encode(np.asfortranarray(mask // 255))
            encoded['counts'] = encoded['counts'].decode()
            annotation['segmentation'] = encoded
        content['images'][1]['height'] = 100

    dataset = build(folder, change, indices=2)
    samples = [dataset[i]['data_samples'] for i in range(6)]
    assert {sample.img_id for sample in samples} == {1}
    true = cv2.imread(str(folder / 'masks' / '000.png'), 0) > 0
    assert np.array_equal(samples[0].gt_instances.masks[0].numpy(), true)
    assert len(dataset.skipped) == 1


def test_wrong_files(folder):
    with pytest.raises(InputError, match='no usable sample'):
        build(folder, min_area=10**6)
    (folder / 'lvis.json').write_text('[1, 2]')
    with pytest.raises(InputError, match='neither COCO results nor'):
        build(folder)
    (folder / 'lvis.json').unlink()
    with pytest.raises(InputError, match='No such file'):
        build(folder)


def test_masks_of_a_model(folder):
    """With a results file, its mask of the image replaces the synthesis."""
    masks, results = {}, []
    for index in range(6):
        true = cv2.imread(str(folder / 'masks' / f'{index:03d}.png'), 0) > 0
        masks[index + 1] = np.roll(true, 4, axis=1)
        for mask in (masks[index + 1], np.roll(true, 60, axis=1)):
            encoded = coco_mask.encode(np.asfortranarray(mask.astype('u1')))
            encoded['counts'] = encoded['counts'].decode()
            results.append(dict(image_id=index + 1, segmentation=encoded))
        bad = dict(size=[96, 128], counts=[5, 5])
        results.append(dict(image_id=index + 1, segmentation=bad))
    file = folder / 'results.json'
    file.write_text(json.dumps(results))
    pipeline = [dict(step) for step in PIPELINE]
    pipeline[2].update(results_file=str(file), results_prob=1.0)
    dataset = build(folder, pipeline=pipeline)
    for index in range(12):
        sample = dataset[index]['data_samples']
        coarse = sample.coarse_instances.masks[0].numpy()
        assert np.array_equal(coarse, masks[sample.img_id])
