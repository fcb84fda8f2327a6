"""``segrefiner refine``: one pair of files, or two folders."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress

from segrefiner_mm.apis.cli import DONE, NOTHING_DONE, SOME_FAILED
from segrefiner_mm.apis.image_io import (
    LOSSLESS_SUFFIXES,
    save_mask,
    save_picture,
)
from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.apis.model_options import prepare, run_settings
from segrefiner_mm.apis.pair_input import RefineInput, load_pair
from segrefiner_mm.apis.run_journal import RunJournal
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import pictures_by_stem
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK


class PairJob(NamedTuple):
    """What to read and what to write."""

    image: Path
    mask: Path
    out: Path
    overlay: Path | None

    def inputs(self) -> list[Path]:
        return [self.image, self.mask]

    def outputs(self) -> list[Path]:
        return [self.out] if self.overlay is None else [self.out, self.overlay]


def run_refine(args: argparse.Namespace) -> int:
    """Refine a pair or a folder; returns the exit status."""
    image, mask, out = Path(args.image), Path(args.mask), Path(args.out)
    for path in (image, mask):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
    if image.is_dir() != mask.is_dir():
        raise InputError('IMAGE and MASK must be two files or two folders')
    if image.is_dir():
        return _run_folder(args, image, mask, out)
    return _run_pair(args, image, mask, out)


def _run_pair(
    args: argparse.Namespace, image: Path, mask: Path, out: Path
) -> int:
    if out.is_dir() or not out.suffix:
        out = out / f'{mask.stem}.png'
    if out.suffix.lower() not in LOSSLESS_SUFFIXES:
        suffixes = ', '.join(sorted(LOSSLESS_SUFFIXES))
        raise InputError(f'a mask is written as {suffixes}, not {out.name}')
    overlay = out.with_name(f'{out.stem}_overlay.jpg')
    job = PairJob(image, mask, out, overlay if args.overlay else None)
    _protect_inputs([job])
    # Before the model, so that a mistake shows at once.
    loaded = _load(job, args.threshold)
    inferencer, settings = prepare(args)
    [(_, prediction)] = inferencer.forward([loaded], settings)
    _write(job, inferencer, loaded, prediction)
    print(f'{job.out}: {_summary(loaded, prediction)}')
    return 0


def _run_folder(
    args: argparse.Namespace, images: Path, masks: Path, out: Path
) -> int:
    if out.is_file():
        raise InputError(f'{out} is a file, but IMAGE and MASK are folders')
    if out.resolve() in (images.resolve(), masks.resolve()):
        raise InputError(
            f'{out} is an input: results in it would be inputs of the next '
            'run; choose another folder'
        )
    jobs, problems = _match(images, masks, out, args.overlay)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        _report(console, problem)
    if not jobs:
        raise InputError(
            f'no image in {images} has a mask of the same name in {masks}'
        )
    _protect_inputs(jobs)
    inferencer, settings = prepare(args)  # a mistake leaves no folder behind
    journal = RunJournal(out, _run_settings(args))
    if not args.overwrite:
        _protect_outputs(jobs, journal)
    todo = [
        job
        for job in jobs
        if args.overwrite or not journal.is_done(job.inputs(), job.outputs())
    ]
    loading = _Loading(todo, args.threshold, console)
    results = inferencer.forward(loading, settings)
    verdicts = _write_all(inferencer, results, journal, loading)
    failed = len(problems) + len(todo) - len(verdicts)
    done_before = len(jobs) - len(todo)
    counts = {
        'refined': verdicts.count(REFINED),
        'kept': verdicts.count(KEPT),
        'rolled back': verdicts.count(ROLLED_BACK),
        'done before': done_before,
        'failed': failed,
    }
    listed = ', '.join(f'{n} {what}' for what, n in counts.items() if n)
    print(f'{out}: {listed}')
    if not failed:
        return DONE
    return SOME_FAILED if verdicts or done_before else NOTHING_DONE


class _Loading:
    """Loads pair by pair; reports those that cannot be, and goes on."""

    def __init__(
        self, jobs: list[PairJob], threshold: float | None, console: Console
    ) -> None:
        self.jobs = jobs
        self.threshold = threshold
        self.console = console
        self.bar = Progress(console=console, disable=not console.is_terminal)
        self.task = self.bar.add_task('Refining', total=len(jobs))

    def __iter__(self) -> Iterator[RefineInput]:
        for job in self.jobs:
            try:
                yield _load(job, self.threshold)
            except InputError as error:
                self.failed(error)

    def failed(self, problem: object) -> None:
        """Name a pair that could not be done."""
        _report(self.console, problem)
        self.bar.advance(self.task)


def _write_all(
    inferencer: SegRefinerInferencer,
    results: Iterable[tuple[RefineInput, dict[str, Any]]],
    journal: RunJournal,
    loading: _Loading,
) -> list[str]:
    """Write result by result; returns the verdicts of those that worked."""
    verdicts: list[str] = []
    with loading.bar as bar:
        for loaded, prediction in results:
            job = loaded.tag
            try:
                journal.begin(job.outputs())
                _write(job, inferencer, loaded, prediction)
                journal.add(
                    job.inputs(),
                    job.outputs(),
                    verdict=prediction['verdicts'][0],
                    evidence=prediction['evidence'][0],
                )
            except InputError as error:
                loading.failed(error)
                continue
            verdicts += prediction['verdicts']
            bar.advance(loading.task)
    return verdicts


def _report(console: Console, problem: object) -> None:
    console.print(f'segrefiner: error: {problem}', markup=False)


def _load(job: PairJob, threshold: float | None) -> RefineInput:
    return load_pair(job.image, job.mask, threshold=threshold, tag=job)


def _match(
    images: Path, masks: Path, out: Path, overlay: bool
) -> tuple[list[PairJob], list[str]]:
    """Pair the files of two folders by stem; also what has no partner."""
    by_stem = [pictures_by_stem(images), pictures_by_stem(masks)]
    jobs, problems = [], []
    for stem in sorted({*by_stem[0], *by_stem[1]}):
        found = [group.get(stem, []) for group in by_stem]
        if not found[0]:
            problems.append(f'no image for the mask {found[1][0]}')
        elif not found[1]:
            problems.append(f'no mask for the image {found[0][0]}')
        elif len(found[0]) > 1 or len(found[1]) > 1:
            names = ', '.join(str(path) for path in found[0] + found[1])
            problems.append(f'several files named {stem}: {names}')
        else:
            picture = out / 'overlays' / f'{stem}.jpg' if overlay else None
            [image], [mask] = found
            jobs.append(PairJob(image, mask, out / f'{stem}.png', picture))
    return jobs, problems


def _protect_inputs(jobs: list[PairJob]) -> None:
    inputs = {path.resolve() for job in jobs for path in job.inputs()}
    for job in jobs:
        for path in job.outputs():
            if path.resolve() in inputs:
                raise InputError(
                    f'{path} is an input and would be overwritten: choose '
                    'another output'
                )


def _protect_outputs(jobs: list[PairJob], journal: RunJournal) -> None:
    for job in jobs:
        for path in job.outputs():
            if path.exists() and not journal.is_ours(job.outputs()):
                raise InputError(
                    f'{path} is there already and is not of an earlier run: '
                    'choose another folder, or --overwrite'
                )


def _run_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What the results of a folder run depend on."""
    own = dict(overlay=args.overlay, threshold=args.threshold)
    return {**run_settings(args), **own}


def _write(
    job: PairJob,
    inferencer: SegRefinerInferencer,
    loaded: RefineInput,
    prediction: dict[str, Any],
) -> None:
    if job.overlay is not None:
        [picture] = inferencer.visualize([loaded], [prediction])
        save_picture(job.overlay, picture)
    save_mask(job.out, prediction['masks'][0])


def _summary(loaded: RefineInput, prediction: dict[str, Any]) -> str:
    [verdict], [mask] = prediction['verdicts'], prediction['masks']
    [evidence] = prediction['evidence']
    numbers = ', '.join(f'{name} {n:.2f}' for name, n in evidence.items())
    if verdict == ROLLED_BACK:
        return f'left as it is: no refinement could be trusted ({numbers})'
    if verdict == KEPT and evidence:
        return f'kept as it is: its edge looks right ({numbers})'
    if verdict == KEPT:
        return 'kept as it is: too small, too thin, empty or full'
    coarse = loaded.masks.masks[0]
    changed = np.count_nonzero(coarse.dense().numpy() ^ mask)
    return (
        f'{verdict}, {changed} pixels changed '
        f'({changed / max(coarse.area, 1):.1%} of the mask), confidence '
        f'{prediction["confidence"][0]:.2f}'
    )
