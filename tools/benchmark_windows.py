"""Measure the throughput of a device in windows per second.

    python tools/benchmark_windows.py --model segrefiner-lr --steps 6
    python tools/benchmark_windows.py --images 60 --device cuda

Every image is the photograph of the demo; its masks are the mask of the demo,
shifted by multiples of 3 pixels. The published procedure runs one window at a
time in float32; this package runs without guard and tiles. A named model whose
weights are not bundled gets random weights.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from benchmark_runtimes import (
    PLAIN,
    Scene,
    build,
    cpu_runtimes,
    published,
    read_scene,
)

from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.half_precision import is_fast
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.names import DEFAULT_MODEL, MODEL_NAMES
from segrefiner_mm.windows import RefineJob, compact_masks

Way = Callable[[list[list[Scene]]], int]


def scenes(images: int, masks: int) -> list[list[Scene]]:
    """Make the scenes of every image, one per mask."""
    base = read_scene(0.2)
    return [
        [
            Scene(base.image, np.roll(base.coarse, 3 * (i + j) - 9, axis=1))
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
    if device != 'cpu':
        for precision in ('fp32', 'bf16'):
            yield (
                f'{device}, {precision}',
                batched(model, precision=precision, num_steps=steps),
            )
        return
    for runtime, own in cpu_runtimes(model):
        if isinstance(own, str):
            yield runtime, own
            continue
        yield runtime, batched(own, num_steps=steps)
        if runtime == 'openvino' and is_fast(torch.bfloat16, 'cpu'):
            half = batched(own, precision='bf16', num_steps=steps)
            yield 'openvino, bf16', half
    if is_fast(torch.bfloat16, 'cpu'):
        yield 'torch, bf16', batched(model, precision='bf16', num_steps=steps)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--model', choices=MODEL_NAMES, default=DEFAULT_MODEL)
    add('--steps', type=int, help='reverse steps (default: of the model)')
    add('--images', type=int, default=6, help='(default: %(default)s)')
    add('--masks', type=int, default=5, help='(default: %(default)s)')
    add('--device', default='cpu', help='(default: %(default)s)')
    args = parser.parse_args()
    given = scenes(args.images, args.masks)
    print('| way | windows | s | windows/s | CPU s per window |')
    print('|---|' + '---:|' * 4)
    for name, way in ways(args.model, args.steps, args.device):
        if isinstance(way, str):
            print(f'| {name} | {way} | | | |')
            continue
        way([given[0][:1]])  # a first run is slower
        start, cpu = time.perf_counter(), time.process_time()
        count = way(given)
        taken, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(
            f'| {name} | {count} | {taken:.2f} | {count / taken:.2f} | '
            f'{cpu / count:.3f} |',
            flush=True,
        )


if __name__ == '__main__':
    main()
