"""Measure the calibration of soft maps, and draw a reliability diagram.

``python tools/benchmark_calibration.py DATA`` takes images and true masks as
``benchmark_quality.py`` does. It refines coarse masks of several kinds, and
evaluates the pixels within 2 % of the image's diagonal of the refined edges.
For every kind, for all masks, and for masks with the verdict ``refined``, it
prints the expected calibration error over 15 bins, 0 to 1, and the factor of
the temperature that would fit best. ``--diagram`` draws the reliability
diagram.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from benchmark_quality import (
    Sample,
    build_parser,
    kinds_of,
    load_samples,
    parsed,
)

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.errors import SegRefinerError
from segrefiner_mm.evaluation.functional.calibration import (
    Reliability,
    edge_zone,
)
from segrefiner_mm.io.images import save_picture
from segrefiner_mm.models.user_settings import guard_for_any_weights
from segrefiner_mm.windows import REFINED

KINDS = ('grid28', 'hasty_polygon', 'reference', 'wobble', 'perfect')
SIDE, PAD = 480, 60


def measure(
    args: argparse.Namespace, samples: list[Sample]
) -> dict[str, Reliability]:
    """Count pixels near the refined edges by probability.

    Args:
        args (Namespace): From :func:`parse_args`.
        samples (list[Sample]): Photographs with true masks.

    Returns:
        dict[str, Reliability]: Counts by kind, and for ``'all'`` masks and
        ``'refined'`` masks.
    """
    inferencer = SegRefinerInferencer(args.model, args.weights, args.device)
    judge = not args.no_guard and guard_for_any_weights(inferencer.model)
    if args.temperature is not None:
        test_cfg = inferencer.model.test_cfg or {}
        test_cfg['temperature'] = args.temperature
        inferencer.model.test_cfg = test_cfg
    kinds = kinds_of(args)
    found = {name: Reliability() for name in (*kinds, 'all', 'refined')}
    for seed, sample in enumerate(samples):
        for number, (name, make) in enumerate(kinds.items()):
            if args.one_kind and (seed - number) % len(kinds):
                continue
            coarse = make(sample, seed)
            if coarse is None or not coarse.any():
                continue
            [prediction] = inferencer(
                sample.image,
                coarse.astype(bool),
                windows=args.windows,
                num_steps=args.steps,
                guard=judge,
                soft=True,
            )['predictions']
            near = edge_zone(prediction['masks'][0])
            pixels = prediction['soft'][0][near], sample.true[near] > 0
            rows = [name, 'all']
            if prediction['verdicts'] == [REFINED]:
                rows.append('refined')
            for row in rows:
                found[row].add(*pixels)
    return found


def draw(found: Reliability) -> np.ndarray:
    """Draw a reliability diagram, (600, 600, 3) uint8 BGR."""
    picture = np.full((SIDE + 2 * PAD, SIDE + 2 * PAD, 3), 255, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(PAD + x * SIDE), round(PAD + (1 - y) * SIDE)

    said, true, share = found.curve()
    for x, part in zip(said, share, strict=True):
        cv2.rectangle(
            picture, at(x - 0.02, part), at(x + 0.02, 0), (225, 225, 225), -1
        )
    for tick in np.linspace(0, 1, 6):
        cv2.line(picture, at(tick, 0), at(tick, 1), (235, 235, 235))
        cv2.line(picture, at(0, tick), at(1, tick), (235, 235, 235))
        x, y = at(tick, 0)
        write(picture, f'{tick:.1f}', (x - 12, y + 20))
        x, y = at(0, tick)
        write(picture, f'{tick:.1f}', (x - 36, y + 5))
    cv2.rectangle(picture, at(0, 0), at(1, 1), (90, 90, 90))
    cv2.line(picture, at(0, 0), at(1, 1), (150, 150, 150), 1, cv2.LINE_AA)
    points = [at(x, y) for x, y in zip(said, true, strict=True)]
    line = np.array(points, np.int32)
    cv2.polylines(picture, [line], False, (0, 90, 220), 2, cv2.LINE_AA)
    for point in points:
        cv2.circle(picture, point, 4, (0, 90, 220), -1, cv2.LINE_AA)
    write(picture, 'probability (bars: share of the pixels)', (130, 592))
    write(picture, 'share of foreground', (8, 40))
    write(picture, f'ECE {found.error():.3f}', (400, 40))
    return picture


def write(picture: np.ndarray, text: str, at: tuple[int, int]) -> None:
    """Draw a line of text on a picture; ``at`` is x, y of its lower left."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, at, font, 0.45, (40, 40, 40), 1, cv2.LINE_AA)


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(__doc__.splitlines()[0], KINDS)
    add = parser.add_argument
    add('--no-guard', action='store_true', help='refine every mask')
    add('--temperature', type=float, help='(default: that of the model)')
    add(
        '--one-kind',
        action='store_true',
        help='the kinds in turn, one for each image, instead of all',
    )
    add('--diagram', type=Path, metavar='PNG', help='draw the diagram')
    return parsed(parser)


def main() -> None:
    """Measure, print and draw."""
    args = parse_args()
    samples = load_samples(args)
    found = measure(args, samples)
    print(f'{args.model} on {len(samples)} objects, near their edges\n')
    print('| masks | pixels | ECE | temperature, times |')
    print('|---|---:|---:|---:|')
    for name, reliability in found.items():
        pixels = int(reliability.counts.sum())
        if pixels:
            best = reliability.best_temperature()
            error = reliability.error()
            print(f'| {name} | {pixels} | {error:.4f} | {best:.2f} |')
    if args.diagram:
        save_picture(args.diagram, draw(found['all']))


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
