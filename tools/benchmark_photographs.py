"""Time every CPU runtime on photographs with the masks of models.

``python tools/benchmark_photographs.py DATA --ann-file LIST --predicted
NAME=FOLDER`` takes the same data as ``benchmark_quality.py``. Each mask is
refined from the decoded picture to the dense result, with guard and tiles. All
rows take turns on every mask, so that other programs slow them alike. *As they
are* stands for PyTorch with the modules of the network, before any runtime.
``IoU`` is the lowest between a row's masks and those of the first row.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmark_quality import build_parser, kinds_of, load_samples, parsed
from methods import Ours, Scene, build, cpu_ways

from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.evaluation.functional import mask_iou
from segrefiner_mm.models import SegRefiner

Array = npt.NDArray[Any]
HEADER = ('way', 'masks', 's / mask', 'times', 'CPU s / mask', 'times', 'IoU')


class Way:
    """A runtime and a precision, and what they took.

    Args:
        model (SegRefiner): The model, with its runtime set.
        options (Any): Options of :func:`user_settings`.
    """

    def __init__(self, model: SegRefiner, **options: Any) -> None:
        self._refine = Ours(model, **options)
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.ious: list[float] = []

    def __call__(self, image: Array, coarse: Array) -> Array:
        """Refine a mask, (H, W) bool, and add the time to the lists."""
        wall, cpu = time.perf_counter(), time.process_time()
        mask: Array = self._refine(Scene(image, coarse))
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return mask


def ways(args: argparse.Namespace) -> Iterator[tuple[str, Way]]:
    """Yield the name of every row, and its way; the plain modules first."""
    model = build(args.model)
    shared = dict(num_steps=args.steps, windows=args.windows)
    yield 'torch, as they are', Way(model, **shared)
    for name, own, options in cpu_ways(model):
        if isinstance(own, str):
            print(f'{name}: {own}', file=sys.stderr)
        else:
            yield name, Way(own, **options, **shared)


def masks_of(args: argparse.Namespace) -> Iterator[tuple[Array, Array]]:
    """Yield photographs with a coarse mask, of the kinds in turn."""
    kinds = list(kinds_of(args).values())
    for number, sample in enumerate(load_samples(args)):
        coarse = kinds[number % len(kinds)](sample, number)
        if coarse is not None and coarse.any():
            yield sample.image, coarse.astype(bool)


def main() -> None:
    """Run all ways in turns, and print a table."""
    args = parsed(build_parser(__doc__.splitlines()[0], []))
    rows = dict(ways(args))
    for number, (image, coarse) in enumerate(masks_of(args)):
        if not number:  # a first run is slower
            for way in rows.values():
                way(image, coarse)
                way.wall.clear()
                way.cpu.clear()
        masks = [way(image, coarse) for way in rows.values()]
        for way, mask in zip(rows.values(), masks, strict=True):
            same = np.array_equal(mask, masks[0])
            way.ious.append(1.0 if same else float(mask_iou(mask, masks[0])))
    print('| ' + ' | '.join(HEADER) + ' |')
    print('|---|' + '---:|' * (len(HEADER) - 1))
    first = next(iter(rows.values()))
    if not first.ious:
        raise InputError('no photograph has a coarse mask')
    for name, way in rows.items():
        wall, cpu = np.mean(way.wall), np.mean(way.cpu)
        print(
            f'| {name} | {len(way.ious)} | {wall:.3f} | '
            f'{np.mean(first.wall) / wall:.2f} | {cpu:.3f} | '
            f'{np.mean(first.cpu) / cpu:.2f} | {min(way.ious):.6f} |'
        )


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
