"""Measure the gains of refinement, per kind of coarse mask.

``python tools/benchmark_quality.py DATA`` takes a folder with ``images/`` and
``masks/``, or ``--ann-file``, a path of each per line, separated by a tab. It
makes coarse masks of every kind, reads masks that models have predicted
(``--predicted NAME=FOLDER``), and prints a table: the quality of the coarse
masks, the mean gains in points with 95 % bootstrap intervals, the shares of
masks harmed by more than two points of IoU and of masks changed, and seconds
per mask. No recipe trains on kinds with a star.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from coarse_kinds import (
    UNSEEN,
    Image,
    Make,
    Mask,
    grab_cut,
    guided_filter,
    model_masks,
    predicted,
    synthetic_kinds,
)

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.datasets import FolderRefineDataset
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.evaluation import mask_quality
from segrefiner_mm.models.user_settings import guard_for_any_weights
from segrefiner_mm.names import DEFAULT_MODEL

Refine = Callable[[Image, Mask], Mask]
HARM = 0.02
RESAMPLES = 2000
FIGURES = ('iou', 'boundary_iou', 'mba')
HEADER = (
    *('n', 'coarse', 'IoU', 'bIoU', 'mBA'),
    *('harmed %', 'changed %', 's / mask'),
)


class Sample(NamedTuple):
    """A photograph, uint8 BGR, with the true mask of an object, 0 and 1."""

    path: Path
    image: Image
    true: Image


# A sample and a seed to its coarse mask, or None where there is none.
Kind = Callable[[Sample, int], Image | None]


def compare(refine: Refine, samples: list[Sample], kind: Kind) -> np.ndarray:
    """Refine the coarse masks of a kind; return a row each, (N, 9) float64.

    A row has coarse figures, gains, harmed and changed (0 or 1), and seconds.
    """
    rows = []
    for seed, sample in enumerate(samples):
        coarse = kind(sample, seed)
        if coarse is None or not coarse.any():
            continue
        before = mask_quality(sample.true, coarse)
        start = time.perf_counter()
        refined = refine(sample.image, coarse.astype(bool))
        seconds = time.perf_counter() - start
        after = mask_quality(sample.true, refined)
        gains = [after[name] - before[name] for name in FIGURES]
        changed = not np.array_equal(refined, coarse.astype(bool))
        rows.append(
            [
                *(before[name] for name in FIGURES),
                *gains,
                gains[0] < -HARM,
                changed,
                seconds,
            ]
        )
    return np.array(rows, float).reshape(-1, 9)


def cells(rows: np.ndarray) -> list[str]:
    """Return the cells of the table for the rows of :func:`compare`."""
    if not len(rows):
        return ['0', *['-'] * (len(HEADER) - 1)]
    mean = 100 * rows.mean(0)
    rng = np.random.default_rng(0)
    picks = rng.integers(len(rows), size=(RESAMPLES, len(rows)))
    means = 100 * rows[:, 3:6][picks].mean(1)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return [
        str(len(rows)),
        ' / '.join(f'{value:.1f}' for value in mean[:3]),
        *(
            f'{gain:+.2f} ({a:+.1f} to {b:+.1f})'
            for gain, a, b in zip(mean[3:6], low, high, strict=True)
        ),
        f'{mean[6]:.2f}',
        f'{mean[7]:.1f}',
        f'{rows[:, 8].mean():.2f}',
    ]


def load_samples(args: argparse.Namespace) -> list[Sample]:
    """Load images and true masks; at most ``limit``, of ``min_area``."""
    scenes = dict(take=args.take, of=args.of) if args.of > 1 else None
    dataset = FolderRefineDataset(
        data_root=args.data,
        ann_file=args.ann_file,
        scenes=scenes,
        test_mode=True,
        pipeline=[],
    )
    count = min(args.limit, len(dataset))
    samples = []
    for index in np.linspace(0, len(dataset) - 1, count).round().astype(int):
        info = dataset.get_data_info(int(index))
        image = cv2.imread(info['img_path'])
        if image is None:
            raise InputError(f'cannot read the image {info["img_path"]}')
        true = read_mask(info['mask_path'], image.shape[:2])
        if true.sum() >= args.min_area:
            samples.append(Sample(Path(info['img_path']), image, true))
    if not samples:
        raise InputError(f'no object of {args.min_area} pixels or more')
    return samples


def kinds_of(args: argparse.Namespace) -> dict[str, Kind]:
    """Return the chosen kinds by name, predicted masks first."""

    def by_model(folder: str) -> Kind:
        masks = model_masks(Path(folder))
        return lambda sample, seed: predicted(
            masks, sample.path, sample.true.shape
        )

    def synthetic(make: Make) -> Kind:
        return lambda sample, seed: make(sample.image, sample.true, seed)

    kinds: dict[str, Kind] = {}
    for given in args.predicted:
        name, _, folder = given.partition('=')
        if not folder:
            raise InputError(f'expected NAME=FOLDER, got {given!r}')
        kinds[name] = by_model(folder)
    for name, make in synthetic_kinds().items():
        if name.rstrip(' *') in args.kinds:
            kinds[name] = synthetic(make)
    return kinds


def methods_of(args: argparse.Namespace) -> dict[str, Refine]:
    """Return the methods to compare by name, the guarded refiner first."""

    def refiner(model: str, weights: str | None, guard: bool) -> Refine:
        inferencer = SegRefinerInferencer(model, weights, args.device)
        # Its limits may not fit weights of one's own, but it is asked for.
        judge = guard and guard_for_any_weights(inferencer.model)

        def refine(image: Image, mask: Mask) -> Mask:
            out = inferencer(
                image,
                mask,
                windows=args.windows,
                num_steps=args.steps,
                guard=judge,
            )
            return out['predictions'][0]['masks'][0]

        return refine

    methods = {'guarded': refiner(args.model, args.weights, True)}
    if not args.guard_only:
        methods['no guard'] = refiner(args.model, args.weights, False)
    for model in args.beside:
        methods[model] = refiner(model, None, True)
    if not args.no_classical:
        methods |= {'GrabCut': grab_cut, 'guided filter': guided_filter}
    return methods


def build_parser(
    description: str, kinds: Sequence[str]
) -> argparse.ArgumentParser:
    """Build a parser with the options of the data and of the model.

    Args:
        description (str): Description of the tool, for its help.
        kinds (Sequence[str]): Default kinds of coarse masks.

    Returns:
        ArgumentParser: The parser.
    """
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add('data', help='folder with images/ and masks/')
    add('--ann-file', default='', help='list of pairs, instead of the folders')
    add('--take', type=int, nargs='+', default=[0], help='groups to take')
    add('--of', type=int, default=1, help='number of groups of scenes')
    add('--limit', type=int, default=100, help='maximum number of images')
    add('--min-area', type=int, default=512, help='in pixels')
    add('--model', default=DEFAULT_MODEL)
    add('--weights')
    add('--steps', type=int)
    add('--windows', choices=['object', 'tiled'])
    add('--device')
    add(
        '--predicted',
        nargs='+',
        default=[],
        metavar='NAME=FOLDER',
        help='coarse masks of models, with the names of the images',
    )
    add(
        '--kinds',
        nargs='*',
        choices=synthetic_names(),
        default=kinds,
        help='kinds of coarse masks to make',
    )
    return parser


def synthetic_names() -> list[str]:
    """Return the names of all synthetic kinds, without stars."""
    return [kind.rstrip(' *') for kind in synthetic_kinds()]


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line, and check the options of the data.

    Args:
        parser (ArgumentParser): From :func:`build_parser`.

    Returns:
        Namespace: The options.

    Raises:
        SystemExit: If an option is invalid, with status 2 and a message.
    """
    args = parser.parse_args()
    if args.limit < 1 or args.of < 1:
        parser.error('--limit and --of must be 1 or more')
    if args.of == 1 and args.take != [0]:
        parser.error('--take needs --of, the number of groups')
    return args


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = build_parser(__doc__.splitlines()[0], synthetic_names())
    add = parser.add_argument
    add('--beside', nargs='+', default=[], help='other models, with a guard')
    add('--guard-only', action='store_true', help='skip runs without a guard')
    skipped = 'skip GrabCut and the guided filter'
    add('--no-classical', action='store_true', help=skipped)
    return parsed(parser)


def main() -> None:
    """Measure every kind with every method."""
    args = parse_args()
    samples = load_samples(args)
    methods, kinds = methods_of(args), kinds_of(args)
    print(f'{args.model} on {len(samples)} objects; gains in points\n')
    show('kind', 'method', HEADER)
    show('---', '---', ['---:'] * len(HEADER))
    totals: dict[tuple[str, str], list[np.ndarray]] = {}
    for name, kind in kinds.items():
        for method, refine in methods.items():
            rows = compare(refine, samples, kind)
            means = ['mean but perfect'] if name != 'perfect' else []
            means += ['mean of those *'] if name in UNSEEN else []
            for mean in means:
                totals.setdefault((mean, method), []).append(rows)
            show(name, method, cells(rows))
    for (mean, method), parts in totals.items():
        show(mean, method, cells(np.concatenate(parts)))


def show(kind: str, method: str, columns: list[str] | tuple[str, ...]) -> None:
    """Print a row of the table."""
    line = ' | '.join(f'{column:>8}' for column in columns)
    print(f'| {kind:16} | {method:13} | {line} |', flush=True)


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
