"""Panoptic maps in files and in mmdet's form give the same figures."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement, PixelData

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import PanopticBoundaryMetric, evaluate_panoptic

CATEGORIES = [
    dict(id=7, name='cat', isthing=1),
    dict(id=9, name='dog', isthing=1),
    dict(id=200, name='grass', isthing=0),
]
VOID = 3  # mmdet's label of pixels without a segment


def scene(shift):
    """Two cats and grass, and a void, as mmdet numbers them."""
    ids = np.full((80, 120), 2)
    ids[:5] = VOID
    ids[20:50, 10:40] = 0 + 1000
    ids[20:60, 60 + shift : 100 + shift] = 0 + 2000
    return ids


def write(folder, name, shifts):
    """The same as COCO writes it, with ids above 65535."""
    (folder / name).mkdir()
    annotations = []
    for image_id, shift in shifts.items():
        picture = np.zeros((80, 120, 3), np.uint8)
        segments = []
        for number, label in ((2, 2), (1000, 0), (2000, 0)):
            mask = scene(shift) == number
            picture[mask] = 1, number % 251, number // 251  # blue first
            ident = 65536 + 256 * (number % 251) + number // 251
            segments.append(
                dict(id=ident, category_id=CATEGORIES[label]['id'], iscrowd=0)
            )
        own = f'{image_id}.png'
        cv2.imwrite(str(folder / name / own), picture)
        annotations.append(
            dict(image_id=image_id, file_name=own, segments_info=segments)
        )
    file = folder / f'{name}.json'
    content = dict(annotations=annotations, categories=CATEGORIES)
    file.write_text(json.dumps(content))
    return file


@pytest.fixture
def files(tmp_path):
    shifts = dict(gt={1: 0, 2: 0}, dt={1: 8, 2: 3}, other={1: 0, 2: 1})
    return {name: write(tmp_path, name, own) for name, own in shifts.items()}


def sample(image_id, **shifts):
    found = BaseDataElement(metainfo=dict(img_id=image_id))
    for name, shift in shifts.items():
        ids = torch.from_numpy(scene(shift))[None]
        found.set_field(PixelData(sem_seg=ids), f'{name}_panoptic_seg')
    return found


def test_the_figures_are_those_of_the_files(files):
    evaluator = Evaluator(PanopticBoundaryMetric(str(files['gt'])))
    evaluator.dataset_meta = dict(classes=('cat', 'dog', 'grass'))
    evaluator.process(
        [sample(1, coarse=8, pred=0), sample(2, coarse=3, pred=1)]
    )
    figures = evaluator.evaluate(2)
    coarse = evaluate_panoptic(files['gt'], files['dt'])
    refined = evaluate_panoptic(files['gt'], files['other'])
    assert figures == {
        f'coco_panoptic/{prefix}{kind}_{name}': value
        for prefix, found in (('coarse_', coarse), ('', refined))
        for kind, numbers in found.items()
        for name, value in numbers.items()
    }
    assert coarse['segm']['PQ_th'] == pytest.approx(
        (1 + 32 / 48 + 1 + 37 / 43) / 4
    )
    assert coarse['boundary']['PQ'] < refined['boundary']['PQ'] < 1


def test_mistakes_are_named(files, tmp_path):
    (tmp_path / 'dt' / '2.png').write_bytes(b'')
    with pytest.raises(InputError, match=r'image .*dt/2\.png'):
        evaluate_panoptic(files['gt'], files['dt'])
    content = json.loads(files['gt'].read_text())
    content.pop('categories')
    files['gt'].write_text(json.dumps(content))
    with pytest.raises(InputError, match='categories'):
        PanopticBoundaryMetric(str(files['gt']))
    for faulty in (
        '{}',
        '{"file_name": "a.png", "segments_info": []}',
        '{"image_id": 1, "file_name": "1.png", "segments_info": [{"id": 1}]}',
    ):
        files['dt'].write_text(f'{{"annotations": [{faulty}]}}')
        with pytest.raises(InputError, match='COCO panoptic'):
            evaluate_panoptic(files['other'], files['dt'])
