"""A drawn data set, and the runs that are compared."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segrefiner_mm.apis import (
    DatasetOptions,
    PredictionOptions,
    RefinerOptions,
    refine_dataset,
    refine_predictions,
)
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.runs.predictions.prediction_options import PredictionSummary
from tests.helpers import GOLDEN, blocky, draw_object, tiny_model_cfg

SIZE = 96, 128


def refiner() -> RefinerOptions:
    """The golden network, in its fastest form."""
    windows = dict(type='ObjectWindows', min_area=100)
    model = tiny_model_cfg(windows=windows, num_steps=1, model_size=64)
    model['checkpoint'] = str(GOLDEN / 'tiny_upstream.pth')
    return RefinerOptions(model=model, device='cpu', runtime='torch')


def write_dataset(folder: Path, images: int, masks: int = 2) -> Path:
    """Images, and ``coco.json``, whose annotations are in no order.

    Every third mask is of polygons; one of ten is a crowd or has no mask.
    """
    rng = np.random.default_rng(5)
    (folder / 'img').mkdir(parents=True)
    records: list[dict] = []
    annotations: list[dict] = []
    for index in range(images):
        image, mask = draw_object(rng, *SIZE)
        name = f'{index:04d}.png'
        cv2.imwrite(str(folder / 'img' / name), image)
        height, width = SIZE
        records.append(
            dict(id=index, file_name=name, height=height, width=width)
        )
        for _ in range(masks):
            annotations.append(_annotation(rng, index, mask))
    order = rng.permutation(len(annotations)).tolist()
    annotations = [annotations[index] for index in order]
    for number, annotation in enumerate(annotations):
        annotation['id'] = number + 1
    content = dict(
        info=dict(description='dràwn'),
        images=records,
        annotations=annotations,
        categories=[dict(id=1, name='near')],
    )
    (folder / 'coco.json').write_text(json.dumps(content, ensure_ascii=False))
    return folder


def _annotation(
    rng: np.random.Generator, image_id: int, mask: np.ndarray
) -> dict:
    coarse = blocky(np.roll(mask, rng.integers(-3, 4, 2), axis=(0, 1)))
    kind = rng.integers(0, 10)
    segmentation: Any = encode_mask(coarse)
    if kind % 3 == 1:
        segmentation = outlines_of(segmentation, 0.5)
    if kind == 9:
        segmentation = []
    return dict(
        image_id=image_id,
        category_id=1,
        iscrowd=int(kind == 8),
        score=float(rng.uniform()),
        bbox=[1.0, 2, 3.25, 4],
        segmentation=segmentation,
    )


def run_whole(folder: Path, out: Path, **options: Any) -> PredictionSummary:
    """Refine in one process that holds all, the reference."""
    given = PredictionOptions(folder / 'img', **options)
    return refine_predictions(folder / 'coco.json', out, given, refiner())


def run_shards(folder: Path, out: Path, **options: Any) -> PredictionSummary:
    """Refine in shards."""
    settings = dict(images=str(folder / 'img'), shard_masks=4)
    given = DatasetOptions(**{**settings, **options})
    return refine_dataset(folder / 'coco.json', out, given, refiner())
