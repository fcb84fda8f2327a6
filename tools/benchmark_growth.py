"""Measure how time and memory grow with image size and number of masks.

    python tools/benchmark_growth.py

Every row is measured in a process of its own. The network is replaced by one
that answers at once with the mask moved to the right (see
``benchmark_throughput.py``), so that every mask is refined, also in tiles;
``--network`` runs the real network. The images grow twice: first with a mask
that stays, a disc of 200 pixels, then with one that grows along, a disc of
half the height. In the rows of growing numbers, the masks are discs of 40
pixels. Memory is the peak above the memory of the loaded model and the
image: the memory that refinement itself takes.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import cv2
import numpy as np
import torch
from benchmark_throughput import Instead
from resources import peak, resident

from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.build_refiner import build_refiner, resolve_model
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.runtimes import use_runtime
from segrefiner_mm.windows import Box, CompactMask, RefineJob

MEGAPIXELS = (0.3, 3.0, 30.0, 108.0)
COUNTS = (1, 10, 100, 1000, 2000)
# Radius in pixels of the disc that stays.
STAYS = 100
# A picture of 4 : 3, on which many masks lie.
CROWDED = (1000, 1500)


def disc(size: tuple[int, int], y: int, x: int, radius: int) -> CompactMask:
    """Make the mask of a disc that lies inside an image; all in pixels."""
    side = 2 * radius + 1
    pixels = cv2.circle(
        np.zeros((side, side), np.uint8), (radius, radius), radius, 1, -1
    )
    box = Box(x - radius, y - radius, x + radius + 1, y + radius + 1)
    held = torch.from_numpy(pixels.view(bool))
    return CompactMask(size, box, held, int(pixels.sum()))


def scene(
    megapixels: float, count: int, grows: bool
) -> tuple[Any, list[CompactMask]]:
    """Make an image of noise, (3, H, W) uint8, and its masks.

    With 0 megapixels, the image has 1.5 and ``count`` masks; else it has one,
    whose disc ``grows`` with the image or not.
    """
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5) if megapixels else 0
    size = (height, round(height * 4 / 3)) if megapixels else CROWDED
    image = np.empty((*size, 3), np.uint8)
    cv2.setRNGSeed(0)
    cv2.randu(image, 0, 255)
    picture = torch.from_numpy(image).permute(2, 0, 1)
    if megapixels:
        radius = size[0] // 4 if grows else STAYS
        masks = [disc(size, size[0] // 2, size[1] // 2, radius)]
    else:
        rng = np.random.default_rng(0)
        places = rng.integers(40, [size[0] - 40, size[1] - 40], (count, 2))
        masks = [disc(size, y, x, 20) for y, x in places.tolist()]
    return picture, masks


def load(name: str, network: bool) -> SegRefiner:
    """Load a named model, with its network or one that answers at once."""
    model = build_refiner(*resolve_model(name, None), 'cpu')
    use_runtime(model, 'torch')
    if not network:
        model.runtime = Instead(6)
    return model


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Refine one scene; return seconds, CPU seconds, masks refined, MiB."""
    model = load(args.model, args.network)
    settings = user_settings(model)
    small = RefineJob(*scene(0.05, 1, True), None)
    list(model.refine([small], settings))  # what the first run allocates
    image, masks = scene(args.megapixels, args.count, args.grows)
    before = resident()
    start, cpu = time.perf_counter(), time.process_time()
    [(_, refined)] = model.refine([RefineJob(image, masks, None)], settings)
    return dict(
        seconds=time.perf_counter() - start,
        cpu=time.process_time() - cpu,
        refined=sum(part.verdict == 'refined' for part in refined),
        memory=max(peak() - before, 0.0),
    )


def run(args: argparse.Namespace, *row: float) -> Any:
    """Call :func:`measure` in a new process, and return its result."""
    command = [sys.executable, __file__, '--model', args.model]
    command += ['--row', *map(str, row)]
    command += ['--network'] if args.network else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--model', default='segrefiner-lite', help='(default: %(default)s)')
    add('--network', action='store_true', help='run the network itself')
    add('--row', nargs=3, type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.row:
        args.megapixels, args.grows = args.row[0], bool(args.row[2])
        args.count = round(args.row[1])
        print(json.dumps(measure(args)))
        return
    print('| image, Mpx | masks | refined | s | CPU s | ms per mask | MiB |')
    print('|---:|' + '---:|' * 6)
    rows = [(m, 1, grows) for grows in (False, True) for m in MEGAPIXELS]
    for megapixels, count, grows in [*rows, *((0.0, n, 0) for n in COUNTS)]:
        row = run(args, megapixels, count, int(grows))
        larger = ', larger disc' if grows else ''
        print(
            f'| {megapixels or 1.5:g}{larger} | {count} | {row["refined"]} | '
            f'{row["seconds"]:.2f} | {row["cpu"]:.2f} | '
            f'{1e3 * row["cpu"] / count:.1f} | {row["memory"]:.0f} |',
            flush=True,
        )


if __name__ == '__main__':
    main()
