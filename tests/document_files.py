"""The files that the documents name, small and drawn."""

import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_masks

from tests.helpers import blocky, draw_object

IMAGES = (
    'photo.jpg',
    'tile.jpg',
    'street.jpg',
    'a.jpg',
    'b.jpg',
    'mosaic.tif',
)
MASKS = (
    *('mask.png', 'coarse_mask.png', 'a.png', 'b.png', 'mosaic_mask.png'),
    *('first_mask.png', 'roofs.png'),
)
IMAGE_FOLDERS = (
    *('images', 'val2017', 'frames', 'tiles', 'photos', 'labels'),
    'dataset/images',
)


def write_files(folder: Path) -> dict:
    """Write images, masks, label maps and json for the examples.

    Returns:
        dict: Names that blocks which need other packages would have set.
    """
    image, mask = draw_object(np.random.default_rng(3))
    coarse = blocky(mask)
    for name in IMAGES:
        _write(folder / name, image)
    for name in MASKS:
        _write(folder / name, coarse * 255)
    _write(folder / 'street_labels.png', coarse * 7)
    soft = cv2.GaussianBlur(coarse * 255, (9, 9), 0)
    for stem in ('a', 'b'):
        for name in IMAGE_FOLDERS:
            _write(folder / name / f'{stem}.jpg', image)
        _write(folder / 'masks' / f'{stem}.png', coarse * 255)
        _write(folder / 'true' / f'{stem}.png', mask * 255)
        _write(folder / 'soft_masks' / f'{stem}.png', soft)
        _write(folder / 'label_maps' / f'{stem}.png', coarse * 7)
    _write_json(folder, coarse)
    _write_labels(folder, coarse)
    return dict(sam_masks=[dict(segmentation=coarse > 0)])


def _write_labels(folder: Path, coarse: np.ndarray) -> None:
    """Write label files of YOLO and labelme."""
    height, width = coarse.shape
    [outline], _ = cv2.findContours(
        coarse, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    points = outline[:, 0].astype(float)
    fractions = (points / (width, height)).ravel()
    line = ' '.join(['0', *(f'{number:.6g}' for number in fractions)])
    for labels, end in (
        (folder / 'runs' / 'segment' / 'predict' / 'labels', ' 0.9'),
        (folder / 'dataset' / 'labels', ''),
    ):
        labels.mkdir(parents=True)
        for stem in ('a', 'b'):
            (labels / f'{stem}.txt').write_text(f'{line}{end}\n')
    shape = dict(label='ellipse', points=points.tolist())
    for stem in ('a', 'b'):
        content = dict(shapes=[shape], imagePath=f'{stem}.jpg')
        (folder / 'labels' / f'{stem}.json').write_text(json.dumps(content))


def _write_json(folder: Path, coarse: np.ndarray) -> None:
    rle = coco_masks.encode(np.asfortranarray(coarse))
    rle['counts'] = rle['counts'].decode()
    height, width = coarse.shape
    box = [float(value) for value in coco_masks.toBbox(rle)]
    images, annotations, results = [], [], []
    for index, name in enumerate(('a.jpg', 'b.jpg'), 1):
        images.append(
            dict(id=index, file_name=name, height=height, width=width)
        )
        result = dict(image_id=index, category_id=1, segmentation=rle)
        results.append(dict(result, score=0.9))
        annotations.append(
            dict(
                result,
                id=index,
                bbox=box,
                area=int(coarse.sum()),
                iscrowd=0,
            )
        )
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='ellipse')],
    )
    for name in ('annotations', 'instances_val2017', 'trusted'):
        (folder / f'{name}.json').write_text(json.dumps(content))
    (folder / 'results.segm.json').write_text(json.dumps(results))


def _write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
