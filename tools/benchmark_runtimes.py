"""Time the runtimes on one photograph, against the published procedure.

    python tools/benchmark_runtimes.py --model segrefiner-lr --steps 6

Run it with ``make bench``. Other methods of refinement are timed too. All rows
take turns within one run, and the shortest time of each counts; what takes
long runs once, or not at all. Compare the ratios: absolute times depend on the
machine and on its load. A named model whose weights are not bundled gets
random weights, which take as long and refine nothing.
"""

import argparse
import copy
import time
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from coarse_kinds import grab_cut, guided_filter
from methods import (
    PLAIN,
    Method,
    Ours,
    Scene,
    build,
    cpu_ways,
    published,
    read_scene,
)
from peers import PEERS
from resources import matrix_rate, network_use, peak_memory

from segrefiner_mm.models.checkpoint import BUNDLED
from segrefiner_mm.names import DEFAULT_MODEL, MODEL_NAMES
from segrefiner_mm.runtimes.machine import machine, versions

PUBLISHED = 'the published way'
# Seconds above which a method runs once; above which, judging by the size
# before, it does not run.
ONCE, NEVER = 10.0, 150.0


def methods(name: str, steps: int | None) -> dict[str, Method | str]:
    """Return the methods by name; a str says why one cannot run here."""
    model = build(name)
    steps = steps or model.settings().num_steps
    assert steps is not None
    options = dict(windows=PLAIN, guard=False, num_steps=steps)
    rows: dict[str, Method | str] = {PUBLISHED: published(model, steps)}
    for way, own, precision in cpu_ways(model):
        if isinstance(own, str):
            rows[way] = 'not installed' if 'installed' in own else own
            continue
        rows[way] = Ours(own, **precision, **options)
        if name in BUNDLED and not precision:
            rows[f'{way}, guard and tiles'] = Ours(own, num_steps=steps)
    rows['torch, CUDA, bf16'] = 'not run: no CUDA device'
    if torch.cuda.is_available():
        rows['torch, CUDA, bf16'] = Ours(
            copy.deepcopy(model).to('cuda'), precision='bf16', **options
        )
    rows['GrabCut'] = lambda scene: grab_cut(scene.image, scene.coarse)
    rows['guided filter'] = lambda scene: guided_filter(
        scene.image, scene.coarse
    )
    for peer, (package, make) in PEERS.items():
        if find_spec(package) is None:
            rows[peer] = f'{package} is not installed'
            continue
        try:
            rows[peer] = partial(_apply, make())
        except ImportError as error:  # the package lacks one of its own
            rows[peer] = f'{package} cannot be used: {error}'
    return rows


def _apply(method: Any, scene: Scene) -> Any:
    return method(scene.image, scene.coarse)


def run(
    rows: dict[str, Method | str], scenes: list[Scene], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[Any]]]:
    """Run all methods in turns, ``rounds`` times after a warm-up.

    Returns:
        tuple[dict, dict]: Shortest seconds, infinite for what would take too
        long, and the mask, by name of the method, each a list with a value per
        scene.
    """
    running = {k: row for k, row in rows.items() if callable(row)}
    best = {name: [float('inf')] * len(scenes) for name in running}
    masks: dict[str, list[Any]] = {name: [None] * len(scenes) for name in best}
    for turn in range(rounds + 1):  # the first is a warm-up
        for name, method in running.items():
            # One window takes as long whatever the size.
            flat = name == PUBLISHED or getattr(method, 'one_window', False)
            before = 0.0  # seconds per pixel
            for index, scene in enumerate(scenes):
                pixels, known = scene.coarse.size, best[name][index]
                if before * pixels > NEVER and not flat:
                    break  # larger ones would take longer still
                taken = known
                if not ONCE < known < np.inf:
                    start = time.perf_counter()
                    masks[name][index] = method(scene)
                    taken = time.perf_counter() - start
                before = taken / pixels
                if turn or taken > ONCE:
                    best[name][index] = min(known, taken)
    return best, masks


def iou(a: Any, b: Any) -> float:
    """Return the IoU of two masks, (H, W) bool; 0 for two empty masks."""
    return int((a & b).sum()) / max(int((a | b).sum()), 1)


def show_times(
    rows: dict[str, Method | str],
    best: dict[str, list[float]],
    masks: dict[str, list[Any]],
    megapixels: list[float],
) -> None:
    """Print a row per method: its times, and how its masks agree."""
    sizes = ' | '.join(
        f'{size:g} Mpx: s | s per Mpx | times as fast' for size in megapixels
    )
    print(f'| | {sizes} | lowest IoU with the published way |')
    print('|---|' + '---:|' * (3 * len(megapixels) + 1))
    for name, row in rows.items():
        if isinstance(row, str):
            print(f'| {name} | {row} |' + ' |' * 3 * len(megapixels))
            continue
        cells = []
        for size, slow, taken in zip(
            megapixels, best[PUBLISHED], best[name], strict=True
        ):
            if np.isfinite(taken):
                times = f'{slow / taken:.2f}'
                cells += [f'{taken:.3f}', f'{taken / size:.3f}', times]
            else:
                cells += ['not run: too slow', '', '']
        pairs = zip(masks[name], masks[PUBLISHED], strict=True)
        lowest = min(
            (iou(a, b) for a, b in pairs if a is not None and b is not None),
            default=float('nan'),
        )
        print(f'| {name} | {" | ".join(cells)} | {lowest:.4f} |', flush=True)


def show_resources(
    rows: dict[str, Method | str], best: dict[str, list[float]], scene: Scene
) -> None:
    """Print a row per method: its memory, and what its network does."""
    print(
        f'\n| {scene.coarse.size / 1e6:.2g} Mpx | peak memory, MiB | ', end=''
    )
    print('outside the network, % | share of the matrix rate, % |')
    print('|---|---:|---:|---:|')
    rate = matrix_rate()
    for name, row in rows.items():
        if isinstance(row, str) or not best[name][0] < ONCE:
            continue
        call = partial(row, scene)
        memory, cells = peak_memory(call), ['', '']
        if isinstance(row, Ours) and row.model.runtime is not None:
            share, flops = network_use(row.model, call)
            cells = [f'{100 * (1 - share):.0f}', f'{100 * flops / rate:.0f}']
        print(f'| {name} | {memory:.0f} | {" | ".join(cells)} |', flush=True)
    print(f'\nmatrix rate: {rate / 1e9:.0f} GFLOP/s in float32')


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--model', choices=MODEL_NAMES, default=DEFAULT_MODEL)
    add('--steps', type=int, help='reverse steps (default: of the model)')
    add('--megapixels', type=float, nargs='+', default=[0.2, 2.0, 24.0])
    add('--rounds', type=int, default=3, help='(default: %(default)s)')
    args = parser.parse_args()
    scenes = [read_scene(megapixels) for megapixels in args.megapixels]
    rows = methods(args.model, args.steps)
    best, masks = run(rows, scenes, args.rounds)
    about = machine()
    used = versions(('torch', 'onnxruntime', 'openvino'))
    print(f'{args.model}, one mask; {about["processor"]}, ', end='')
    print(f'{about["capability"]}, {about["threads"]} threads; ', end='')
    print(', '.join(f'{k} {v}' for k, v in used.items() if v))
    show_times(rows, best, masks, args.megapixels)
    show_resources(rows, best, scenes[0])


if __name__ == '__main__':
    main()
