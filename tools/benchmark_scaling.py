"""Measure the service times of a run in shards, each on one core.

Processor time is printed, as other programs affect it less than elapsed time.
The numbers are the input of ``simulate_scaling.py``.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from segrefiner_mm.apis import (
    DatasetOptions,
    RefinerOptions,
    refine_dataset,
)
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.scale.coco_source import CocoSource
from segrefiner_mm.scale.image_places import ImagePlaces
from segrefiner_mm.scale.merge import MergedFile, collect
from segrefiner_mm.scale.places import Place
from segrefiner_mm.scale.refine_rows import RefinedRows, refine_rows
from segrefiner_mm.scale.result_store import ResultStore
from segrefiner_mm.scale.rows import Shard, shards_of
from segrefiner_mm.scale.shard_files import write_shard

MASKS_PER_IMAGE = 7  # as COCO has


def main() -> None:
    """Measure the service times, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=6)
    parser.add_argument('--size', type=int, nargs=2, default=[480, 640])
    parser.add_argument('--model', default='segrefiner-lite')
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), args.images, (*args.size,), args.model)


def _measure(
    folder: Path, images: int, size: tuple[int, ...], model: str
) -> None:
    masks = images * MASKS_PER_IMAGE
    _draw(folder, images, size)
    source = CocoSource(folder / 'coco.json', None, str(folder))
    # The first call of each imports or allocates.
    load_image(folder / '0.jpg')
    write_shard(Place(str(folder / 'first')), 'first', RefinedRows(), {})
    shards: list[Shard] = []
    with _timed('read json', masks):
        shards += shards_of(source.rows(), 256, '')
    with _timed('decode image', images):
        for path in sorted(folder.glob('*.jpg')):
            load_image(path)
    options = RefinerOptions(model=model, device='cpu', runtime='torch')
    refiner = Refiner(options)
    refiner.fingerprint()
    rows = RefinedRows()
    with _timed('refine mask', masks):
        for shard in shards:
            done = refine_rows(
                shard.images(), refiner, ImagePlaces(str(folder)), 'source'
            )
            rows.rows += done.rows
    place = Place(str(folder / 'shards'))
    with _timed('write shard', masks):
        write_shard(place, shards[0].key, rows, {})
    _measure_merge(folder, source, place, shards[0].key, masks)
    reporter = Reporter()
    out = folder / 'out.json'
    given = DatasetOptions(images=str(folder))
    with _timed('whole run', masks):
        refine_dataset(source.path, out, given, options, reporter)


def _measure_merge(
    folder: Path, source: CocoSource, place: Place, key: str, masks: int
) -> None:
    with ResultStore(folder) as store, _timed('merge', masks):
        collect(place, [key], store, Reporter())
        MergedFile(source, store, MaskStyle(), False).write(
            folder / 'merged.json'
        )


def _draw(folder: Path, images: int, size: tuple[int, ...]) -> None:
    """Draw ellipses on noise, with coarse masks of a sixteenth of the size."""
    rng = np.random.default_rng(0)
    height, width = size
    records: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index in range(images):
        image = rng.integers(90, 130, (height, width, 3), dtype=np.uint8)
        for _ in range(MASKS_PER_IMAGE):
            mask = np.zeros((height, width), np.uint8)
            centre = rng.uniform(
                (0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height)
            ).astype(int)
            axes = rng.integers(height // 16, height // 4, 2)
            angle = float(rng.uniform(0, 180))
            cv2.ellipse(
                mask,
                (*centre.tolist(),),
                (*axes.tolist(),),
                angle,
                0,
                360,
                1,
                -1,
            )
            image[mask > 0] = image[mask > 0] // 2 + rng.integers(0, 90)
            small = cv2.resize(mask, (width // 16, height // 16))
            coarse = cv2.resize(
                small, (width, height), interpolation=cv2.INTER_NEAREST
            )
            annotations.append(
                dict(
                    id=len(annotations),
                    image_id=index,
                    segmentation=encode_mask(coarse),
                )
            )
        name = f'{index}.jpg'
        cv2.imwrite(str(folder / name), image)
        records.append(dict(id=index, file_name=name))
    content = dict(images=records, annotations=annotations)
    (folder / 'coco.json').write_text(json.dumps(content))


@contextmanager
def _timed(
    what: str, count: int, clock: Callable[[], float] = time.process_time
) -> Iterator[None]:
    begin = clock()
    yield
    milliseconds = (clock() - begin) / count * 1000
    print(f'{what:14}{milliseconds:10.3f} ms', flush=True)


if __name__ == '__main__':
    main()
