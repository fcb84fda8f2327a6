"""Measure the throughput of a device in windows per second.

    python tools/benchmark_windows.py --model segrefiner-lr --steps 6 --masks 3
    python tools/benchmark_windows.py --images 60 --masks 5 --device cuda

Every image is the photograph of the demo; its masks are the mask of the demo,
shifted by up to 18 pixels. The published procedure runs one window at a
time in float32; this package runs without guard and tiles. A named model whose
weights are not bundled gets random weights.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from methods import PLAIN, Scene, build, cpu_ways, published, read_scene

from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.names import DEFAULT_MODEL, MODEL_NAMES
from segrefiner_mm.windows import RefineJob, compact_masks

Way = Callable[[list[list[Scene]]], int]


def scenes(images: int, masks: int) -> list[list[Scene]]:
    """Make the scenes of every image, one per mask."""
    base = read_scene(0.2)
    return [
        [
            Scene(base.image, np.roll(base.coarse, 3 * ((i + j) % 10) - 9, 1))
            for j in range(masks)
        ]
        for i in range(images)
    ]


def one_by_one(model: SegRefiner, steps: int) -> Way:
    """Return the published procedure; it returns the number of windows."""
    refine = published(model, steps)

    def run(given: list[list[Scene]]) -> int:
        return len([refine(scene) for image in given for scene in image])

    return run


def batched(model: SegRefiner, **options: Any) -> Way:
    """Return this package's procedure; it returns the number of windows."""
    settings = user_settings(model, windows=PLAIN, guard=False, **options)

    def jobs(given: list[list[Scene]]) -> Iterator[RefineJob[None]]:
        for image in given:
            picture, _ = image[0].tensors
            coarse = torch.cat([scene.tensors[1] for scene in image])
            yield RefineJob(picture, compact_masks(coarse), None)

    def run(given: list[list[Scene]]) -> int:
        results = model.refine(jobs(given), settings)
        return sum(len(parts) for _, parts in results)

    return run


def ways(name: str, steps: int | None, device: str) -> Iterator[Any]:
    """Yield the name of every row, and its procedure or why it cannot run."""
    model = build(name)
    steps = steps or model.settings().num_steps
    assert steps is not None
    model = model.to(device)
    yield 'the published way', one_by_one(model, steps)
    if device == 'cpu':
        rows = cpu_ways(model)
    else:
        rows = (
            (f'{device}, {precision}', model, dict(precision=precision))
            for precision in ('fp32', 'bf16')
        )
    for way, own, precision in rows:
        if isinstance(own, str):
            yield way, own
        else:
            yield way, batched(own, num_steps=steps, **precision)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--model', choices=MODEL_NAMES, default=DEFAULT_MODEL)
    add('--steps', type=int, help='reverse steps (default: of the model)')
    add('--images', type=int, default=1, help='(default: %(default)s)')
    several = 'per image, a column each (default: 1 10 100)'
    add('--masks', type=int, nargs='+', default=[1, 10, 100], help=several)
    add('--device', default='cpu', help='(default: %(default)s)')
    args = parser.parse_args()
    if args.device != 'cpu' and not torch.cuda.is_available():
        sys.exit(f'not run on {args.device}: no CUDA device')
    given = [scenes(args.images, count) for count in args.masks]
    counts = ' | '.join(f'{count} masks: windows/s' for count in args.masks)
    print(f'{args.model}, {args.images} images')
    print(f'| way | {counts} | s per window | CPU s per window |')
    print('|---|' + '---:|' * (len(given) + 2))
    for name, way in ways(args.model, args.steps, args.device):
        if isinstance(way, str):
            print(f'| {name} | {way} |' + ' |' * (len(given) + 1))
            continue
        # A first run is slower; a GPU takes batches.
        way(given[-1] if args.device != 'cpu' else [given[0][0][:1]])
        cells = []
        for images in given:
            start, cpu = time.perf_counter(), time.process_time()
            count = way(images)
            taken = time.perf_counter() - start
            used = time.process_time() - cpu
            cells.append(f'{count / taken:.2f}')
        # Of the last column, which has most windows.
        cells += [f'{taken / count:.3f}', f'{used / count:.3f}']
        print(f'| {name} | {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    main()
