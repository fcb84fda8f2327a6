"""Refine COCO results with a network that takes no time.

    python tools/benchmark_throughput.py --masks 10000
    OMP_NUM_THREADS=1 torchrun --nproc-per-node 2 \
        tools/benchmark_throughput.py --masks 10000 --engine pytorch

The measured time is that of everything but the network: reading the JSON and
the images, cropping, the guard, pasting, encoding, the journal and writing the
JSON. The network is replaced by one that answers with the coarse mask
(``same``), so that the guard keeps every mask, or with the mask moved to the
right and no belief in the old edge (``moved``), so that every mask is refined
and encoded. With ``--engine pytorch``, the processes of torchrun share the
images, as with ``segrefiner coco --engine pytorch``. The images are parts of
the photograph of the demo, 640 x 480 pixels, with seven masks each, whose
sizes are distributed like COCO's.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from resources import peak, resident
from torch import Tensor, distributed

from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.reporting.reporter import Advance, Reporter
from segrefiner_mm.runs.predictions.prediction_options import PredictionOptions
from segrefiner_mm.runs.predictions.refine_predictions import (
    refine_predictions,
)
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.scale import shard_worker
from segrefiner_mm.scale.launched_engine import joined
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.refine_dataset import refine_dataset

DEMO = Path(__file__).parents[1] / 'demo'
HEIGHT, WIDTH = 480, 640
MASKS_PER_IMAGE = 7
# Median and spread of the square root of COCO's areas, in pixels.
MEDIAN_SIDE, SPREAD = 55.0, 1.1
HEAD = (
    '| answer | masks | refined | s | masks/s | CPU ms per mask | '
    'memory growth after 1,000 masks, MiB | memory, MiB |'
)
Measure = Callable[[Path, int, str, int], str | None]


class Context(NamedTuple):
    """The context of the steps: logits of the masks and of the error map."""

    logits: Tensor
    error_logits: Tensor


class Instead:
    """A denoiser that answers at once; see :class:`Denoiser`.

    Args:
        moved (int): Pixels by which the mask moves to the right.
    """

    def __init__(self, moved: int) -> None:
        self.moved = moved

    def encode(self, images: Tensor, coarse: Tensor) -> Context:
        """Answer with the coarse mask; see :class:`Denoiser`."""
        logits = 16 * coarse.roll(self.moved, dims=3) - 8
        small = torch.zeros(
            len(coarse), 1, *(n // 4 for n in coarse.shape[2:])
        )
        return Context(logits, small)

    def decode(self, context: Context, masks: Tensor, t: Tensor) -> Tensor:
        """Return the answer; see :class:`Denoiser`."""
        return context.logits


class FastRefiner(Refiner):
    """A refiner whose network takes no time.

    Args:
        model (str): Named model.
        moved (int): See :class:`Instead`.
    """

    def __init__(self, model: str, moved: int) -> None:
        super().__init__(RefinerOptions(model, device='cpu', runtime='torch'))
        self.model.runtime = Instead(moved)


class Meter(Reporter):
    """Records time and memory after every image.

    Attributes:
        times (list[float]): Clock after every image, in seconds.
        memory (list[float]): Memory after every image, in MiB.
    """

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.memory: list[float] = []

    @contextmanager
    def progress(self, total: int | None, what: str = '') -> Iterator[Advance]:
        """Yield :meth:`note`; see :class:`Reporter`."""
        yield self.note

    def note(self, verdicts: Sequence[str] = ()) -> None:
        """Record time in seconds and memory in MiB after an image."""
        self.times.append(time.perf_counter())
        self.memory.append(resident())


def blobs(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Draw the masks of an image: polygons close to an ellipse."""
    for _ in range(MASKS_PER_IMAGE):
        side = MEDIAN_SIDE * np.exp(SPREAD * rng.standard_normal())
        side = float(np.clip(side, 6, 420))
        shape = np.exp(0.35 * rng.standard_normal())
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        radii = side / 2 * (1 + 0.15 * rng.standard_normal(24))
        x = rng.uniform(0, WIDTH) + radii * np.cos(angles) * shape
        y = rng.uniform(0, HEIGHT) + radii * np.sin(angles) / shape
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        points = np.stack([x, y], 1).round().astype(np.int32)
        cv2.fillPoly(mask, [points], 1)
        if mask.any():
            yield mask


def write_data(folder: Path, count: int) -> None:
    """Write images, annotations and results with this many masks."""
    rng = np.random.default_rng(0)
    photograph = cv2.imread(str(DEMO / 'coffee.jpg'))
    large = cv2.resize(photograph, (2 * WIDTH, 2 * HEIGHT))
    images: list[Any] = []
    results: list[Any] = []
    (folder / 'images').mkdir()
    while len(results) < count:
        number = len(images) + 1
        y, x = rng.integers(0, HEIGHT), rng.integers(0, WIDTH)
        name = f'{number:06d}.jpg'
        cv2.imwrite(
            str(folder / 'images' / name),
            large[y : y + HEIGHT, x : x + WIDTH],
        )
        images.append(
            dict(id=number, file_name=name, height=HEIGHT, width=WIDTH)
        )
        results += [
            dict(
                image_id=number,
                category_id=1,
                score=0.9,
                segmentation=encode_mask(mask),
            )
            for mask in blobs(rng)
        ]
    del results[count:]
    categories = [dict(id=1, name='thing')]
    ann = dict(images=images, annotations=[], categories=categories)
    (folder / 'ann.json').write_text(json.dumps(ann))
    (folder / 'results.json').write_text(json.dumps(results))


def measure(folder: Path, count: int, model: str, moved: int) -> str:
    """Refine the results; return a row of the table."""
    meter, refiner = Meter(), FastRefiner(model, moved)
    refiner.settings  # noqa: B018  # loads the model before the clock starts
    start, cpu = time.perf_counter(), time.process_time()
    summary = refine_predictions(
        folder / 'results.json',
        folder / f'refined_{moved}.json',
        PredictionOptions(folder / 'images', folder / 'ann.json'),
        refiner,
        meter,
    )
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    refined = sum(row.verdict == 'refined' for row in summary.rows)
    assert summary.done == count, summary.problems
    early = min(len(meter.memory) - 1, 1000 // MASKS_PER_IMAGE)
    growth = max(meter.memory[early:]) - meter.memory[early]
    memory = max(meter.memory)
    return row(moved, count, f'{refined}', wall, cpu, f'{growth:.0f}', memory)


def row(
    moved: int,
    count: int,
    refined: str,
    wall: float,
    cpu: float,
    growth: str,
    memory: float,
) -> str:
    """Return a row of the table, for seconds and MiB."""
    return (
        f'| {"moved" if moved else "same"} | {count} | {refined} | '
        f'{wall:.1f} | {count / wall:.0f} | {1e3 * cpu / count:.2f} | '
        f'{growth} | {memory:.0f} |'
    )


def measure_processes(
    folder: Path, count: int, model: str, moved: int
) -> str | None:
    """Refine the results in all processes; return a row in the first one."""
    shard_worker.agreed_refiner = lambda *_: FastRefiner(model, moved)
    distributed.barrier()
    start, cpu = time.perf_counter(), time.process_time()
    summary = refine_dataset(
        folder / 'results.json',
        folder / f'refined_{moved}.json',
        DatasetOptions(
            folder / 'images', folder / 'ann.json', engine='pytorch'
        ),
        RefinerOptions(model, device='cpu', runtime='torch'),
    )
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    spent: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(spent, (cpu, peak()))
    if distributed.get_rank():
        return None
    assert summary.done == count, summary.problems
    cpus, peaks = zip(*spent, strict=True)
    return row(moved, count, '', wall, sum(cpus), '', max(peaks))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--masks', type=int, default=10_000, help='(default: %(default)s)')
    add('--model', default='segrefiner-lite', help='(default: %(default)s)')
    add('--answers', nargs='+', choices=['same', 'moved'],
        default=['same', 'moved'])  # fmt: skip
    add('--engine', choices=['pytorch'], help='under torchrun')
    args = parser.parse_args()
    group = joined(args.engine) if args.engine else nullcontext(0)
    with group as rank, tempfile.TemporaryDirectory() as name:
        run_all(args, rank, Path(name))


def run_all(args: argparse.Namespace, rank: int, folder: Path) -> None:
    """Write the data, and print the table, in the first process."""
    run: Measure = measure
    if rank == 0:
        print(HEAD)
        print('|---|' + '---:|' * 7)
        write_data(folder, args.masks)
    if args.engine:
        where: list[Any] = [folder]
        distributed.broadcast_object_list(where)
        [folder] = where
        run = measure_processes
    for answer in args.answers:
        moved = 6 if answer == 'moved' else 0
        if line := run(folder, args.masks, args.model, moved):
            print(line, flush=True)


if __name__ == '__main__':
    main()
