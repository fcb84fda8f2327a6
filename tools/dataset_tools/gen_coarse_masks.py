"""Make coarse masks for a high-resolution data set ahead of training.

``python tools/dataset_tools/gen_coarse_masks.py MASKS OUT`` writes two coarse
masks for every mask in MASKS: ``OUT/NAME_0.png`` from the mask, and
``OUT/NAME_1.png`` from the mask with its holes filled. A mask whose two files
exist is skipped, unless ``--overwrite`` is given, so a run that was stopped
resumes.
"""

import argparse
import os
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress

from segrefiner_mm.cli.exit_status import DONE, NOTHING_DONE, SOME_FAILED
from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.datasets.transforms.corruptions import without_holes
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in, write_whole

STOPPED = 130


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Make two coarse masks for every true mask of a folder.'
    )
    add = parser.add_argument
    add('masks', type=Path, help='folder of true masks')
    add('out', type=Path, help='folder for the coarse masks')
    add('--mode', choices=['reference', 'diverse'], default='reference')
    add('--seed', type=int, default=0)
    add('--jobs', type=int, default=os.cpu_count(), help='processes')
    add('--overwrite', action='store_true', help='make all anew')
    return parser.parse_args()


def outputs(out: Path, stem: str) -> list[Path]:
    """Return the paths of the two coarse masks of a mask."""
    return [out / f'{stem}_{number}.png' for number in (0, 1)]


def make(
    path: Path, out: Path, mode: Literal['diverse', 'reference'], seed: int
) -> None:
    """Make and write the two coarse masks of a mask.

    Args:
        path (Path): File of the true mask.
        out (Path): Folder of the coarse masks.
        mode (str): See :class:`SynthesizeCoarseMask`.
        seed (int): Seed of the run.

    Raises:
        InputError: If the mask cannot be read or is empty, or a file cannot
            be written.
    """
    cv2.setNumThreads(1)  # the processes share the cores
    mask = read_mask(str(path))
    if not mask.any():
        raise InputError(f'the mask {path} is empty')
    synthesizer = SynthesizeCoarseMask(mode=mode)
    for number, source in enumerate((mask, without_holes(mask))):
        # By name, so that the order of the work does not matter.
        name = f'{seed} {path.stem} {number}'.encode()
        coarse = synthesizer.synthesize(source, zlib.crc32(name))
        _, encoded = cv2.imencode('.png', coarse * np.uint8(255))
        write_whole(outputs(out, path.stem)[number], encoded.tobytes())


def run(paths: list[Path], args: argparse.Namespace) -> Iterator[str | None]:
    """Make the coarse masks of all masks in several processes.

    Args:
        paths (list[Path]): Files of the true masks, at least one.
        args (Namespace): From :func:`parse_args`.

    Yields:
        str | None: The error of a mask, None if there is none; in the order
        of completion.
    """
    pool = ProcessPoolExecutor(max_workers=min(args.jobs, len(paths)))
    try:
        futures = [
            pool.submit(make, path, args.out, args.mode, args.seed)
            for path in paths
        ]
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and not isinstance(error, InputError):
                raise error
            yield None if error is None else str(error)
    finally:
        pool.shutdown(cancel_futures=True)


def main() -> int:
    """Write the coarse masks; return the exit status.

    Raises:
        InputError: If an argument is invalid, or there are no masks.
    """
    args = parse_args()
    console = Console(stderr=True)
    if args.jobs < 1:
        raise InputError(f'--jobs must be >= 1, got {args.jobs}')
    masks = pictures_in(args.masks)
    if args.out.resolve() == args.masks.resolve():
        raise InputError('OUT must not be MASKS')
    if not masks:
        raise InputError(f'no images in {args.masks}')
    todo = [
        path
        for stem, path in masks.items()
        if args.overwrite
        or not all(path.is_file() for path in outputs(args.out, stem))
    ]
    if len(todo) < len(masks):
        console.print(f'{len(masks) - len(todo)} were there already')
    failed = 0
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task('coarse masks', total=len(todo))
        for problem in run(todo, args) if todo else ():
            if problem is not None:
                failed += 1
                console.print(f'skipped: {problem}', soft_wrap=True)
            bar.advance(task)
    print(f'{len(todo) - failed} done, {failed} failed')
    if failed == len(masks):
        return NOTHING_DONE
    return SOME_FAILED if failed else DONE


if __name__ == '__main__':
    try:
        sys.exit(main())
    except InputError as error:
        print(f'error: {error}', file=sys.stderr)
        sys.exit(NOTHING_DONE)
    except KeyboardInterrupt:
        print('stopped; run it again to go on', file=sys.stderr)
        sys.exit(STOPPED)
