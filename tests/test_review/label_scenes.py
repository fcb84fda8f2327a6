"""Runs over drawn label maps and panoptic json, to be reviewed."""

import json
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from segrefiner_mm.apis import (
    LabelOptions,
    PredictionOptions,
    RefinerOptions,
    refine_labels,
    refine_predictions,
)
from tests.helpers import blocky, draw_object

# As fast as it gets, and every segment is refined.
REFINER = RefinerOptions(device='cpu', steps=1, guard=False)
HOSTILE = '<script>document.title = "broken"</script>'
VOID, IGNORED = 0, 255


class Panoptic(NamedTuple):
    """Files of a panoptic run; PNG files are beside each json."""

    img_dir: Path
    coarse: Path
    refined: Path


def scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An image, and its coarse label map: 1 behind 2, ignored on the left."""
    image, mask = draw_object(rng)
    labels = blocky(mask) + 1
    labels[:, :5] = IGNORED
    return image, labels.astype(np.int32)


def write_label_run(folder: Path) -> Path:
    """A run over a palette ``.png``, a 32-bit ``.tif`` and a ``.npy``."""
    rng = np.random.default_rng(4)
    for name, suffix in (('a', 'png'), ('sub/b', 'tif'), ('sub/c', 'npy')):
        image, labels = scene(rng)
        label_file = folder / 'labels' / f'{name}.{suffix}'
        image_file = folder / 'images' / f'{name}.png'
        for file in (image_file, label_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(image_file), image)
        if suffix == 'png':
            picture = Image.fromarray(labels.astype(np.uint8))
            # With 256 colours, as Pillow would else store 2 bits per pixel.
            palette = [0, 0, 0, 10, 20, 30, 200, 100, 0]
            picture.putpalette(palette + [9] * 759)
            picture.save(label_file)
        elif suffix == 'tif':
            Image.fromarray(labels).save(label_file)
        else:
            np.save(label_file, labels)
    refine_labels(
        folder / 'images',
        folder / 'labels',
        folder / 'refined',
        LabelOptions(),
        REFINER,
    )
    return folder


def colours(ids: np.ndarray) -> np.ndarray:
    """The picture of segment ids, BGR."""
    channels = [ids >> 16 & 255, ids >> 8 & 255, ids & 255]
    return np.stack(channels, axis=2).astype(np.uint8)


def write_panoptic(folder: Path, count: int = 3) -> Panoptic:
    """A run over panoptic json; the ids of segments exceed one byte."""
    rng = np.random.default_rng(6)
    files = Panoptic(
        folder / 'img', folder / 'pan.json', folder / 'refined.json'
    )
    for path in (files.img_dir, folder / 'pan'):
        path.mkdir(parents=True)
    classes = [dict(id=1, name='wall'), dict(id=2, name=HOSTILE)]
    content: dict = dict(images=[], annotations=[], categories=classes)
    for index in range(count):
        image, labels = scene(rng)
        ids = np.where(labels == IGNORED, VOID, labels * 1000 + index)
        name = f'{index}.jpg'
        cv2.imwrite(str(files.img_dir / name), image)
        cv2.imwrite(str(folder / 'pan' / f'{index}.png'), colours(ids))
        content['images'].append(dict(id=index, file_name=name))
        segments = [
            dict(
                id=number * 1000 + index,
                category_id=number,
                area=int(np.count_nonzero(labels == number)),
                bbox=list(cv2.boundingRect((labels == number).astype('u1'))),
                mine='kept',
            )
            for number in (1, 2)
        ]
        content['annotations'].append(
            dict(
                image_id=index,
                file_name=f'{index}.png',
                segments_info=segments,
            )
        )
    files.coarse.write_text(json.dumps(content))
    options = PredictionOptions(img_dir=files.img_dir)
    refine_predictions(files.coarse, files.refined, options, REFINER)
    return files


def write_decisions(path: Path, data: dict, decisions: dict) -> Path:
    """A file as the page of these data exports it, by the name of a map."""
    keys = dict(zip(data['masks']['label'], data['masks']['key'], strict=True))
    listed = [
        dict(key=keys[name], mask=name, decision=decision)
        for name, decision in decisions.items()
    ]
    content = dict(
        segrefiner_decisions=1,
        refined=data['refined'],
        coarse=data['coarse'],
        decisions=listed,
    )
    path.write_text(json.dumps(content))
    return path
