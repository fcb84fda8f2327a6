"""``segrefiner refine``: one pair of files, or two folders."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from segrefiner_mm.apis.cli import DONE, NOTHING_DONE, SOME_FAILED
from segrefiner_mm.apis.image_io import LOSSLESS_SUFFIXES
from segrefiner_mm.apis.label_work import LabelWork
from segrefiner_mm.apis.mask_work import MaskWork
from segrefiner_mm.apis.model_options import run_settings
from segrefiner_mm.apis.pair_jobs import (
    PairJob,
    match_folders,
    match_trees,
    protect_inputs,
    protect_outputs,
)
from segrefiner_mm.apis.run_journal import RunJournal
from segrefiner_mm.errors import InputError
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK

Work = MaskWork | LabelWork


def run_refine(args: argparse.Namespace) -> int:
    """Refine a pair or a folder; returns the exit status."""
    image, mask, out = Path(args.image), Path(args.mask), Path(args.out)
    for path in (image, mask):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
    if image.is_dir() != mask.is_dir():
        raise InputError('IMAGE and MASK must be two files or two folders')
    if args.labels and args.threshold is not None:
        raise InputError('--threshold is for masks, not for --labels')
    work = LabelWork(args, args.ignore) if args.labels else MaskWork(args)
    if image.is_dir():
        return _run_folder(args, work, image, mask, out)
    return _run_pair(args, work, image, mask, out)


def _run_pair(
    args: argparse.Namespace, work: Work, image: Path, mask: Path, out: Path
) -> int:
    if out.is_dir() or not out.suffix:
        out = out / f'{mask.stem}.png'
    suffixes = {'.png'} if args.labels else LOSSLESS_SUFFIXES
    if out.suffix.lower() not in suffixes:
        listed = ', '.join(sorted(suffixes))
        raise InputError(f'a mask is written as {listed}, not {out.name}')
    overlay = out.with_name(f'{out.stem}_overlay.jpg')
    job = PairJob(image, mask, out, overlay if args.overlay else None)
    protect_inputs([job])
    # Before the model, so that a mistake shows at once.
    loaded: Any = work.load(job)
    work.prepare()
    results: Any = work.refine([loaded])
    [(_, result)] = results
    work.write(loaded, result)
    print(f'{job.out}: {work.summary(loaded, result)}')
    return DONE


def _run_folder(
    args: argparse.Namespace, work: Work, images: Path, masks: Path, out: Path
) -> int:
    if out.is_file():
        raise InputError(f'{out} is a file, but IMAGE and MASK are folders')
    if {images.resolve(), masks.resolve()} & {
        out.resolve(),
        *(out.resolve().parents if args.labels else ()),
    }:
        raise InputError(
            f'{out} is an input: results in it would be inputs of the next '
            'run; choose another folder'
        )
    match = match_trees if args.labels else match_folders
    jobs, problems = match(images, masks, out, args.overlay)
    own = dict(overlay=args.overlay, threshold=args.threshold)
    if args.labels:
        own |= dict(labels=True, ignore=args.ignore)
    nothing = f'no image in {images} has a mask of the same name in {masks}'
    return run_jobs(args, work, jobs, problems, out, own, nothing)


def run_jobs(
    args: argparse.Namespace,
    work: Work,
    jobs: list[PairJob],
    problems: list[str],
    out: Path,
    own_settings: dict[str, Any],
    nothing: str,
) -> int:
    """Do what earlier runs have not done, and say what became of it.

    Args:
        args (argparse.Namespace): Of the command line.
        work (Work): How to do a job.
        jobs (list[PairJob]): What to do.
        problems (list[str]): What could not become a job.
        out (Path): Output folder, where the journal is.
        own_settings (dict): What results depend on beside the model options.
        nothing (str): What to say where there is no job.

    Returns:
        int: Exit status.

    Raises:
        InputError: If there is nothing to do, or something would be lost.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        _report(console, problem)
    if not jobs:
        raise InputError(nothing)
    protect_inputs(jobs)
    work.prepare()  # a mistake leaves no folder behind
    journal = RunJournal(out, {**run_settings(args), **own_settings})
    if not args.overwrite:
        protect_outputs(jobs, journal)
    todo = [
        job
        for job in jobs
        if args.overwrite or not journal.is_done(job.inputs(), job.outputs())
    ]
    verdicts = _write_all(work, journal, _Loading(work, todo, console))
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
        self, work: Work, jobs: list[PairJob], console: Console
    ) -> None:
        self.work = work
        self.jobs = jobs
        self.console = console
        self.bar = Progress(console=console, disable=not console.is_terminal)
        self.task = self.bar.add_task('Refining', total=len(jobs))

    def __iter__(self) -> Iterator[Any]:
        for job in self.jobs:
            try:
                yield self.work.load(job)
            except InputError as error:
                self.failed(error)

    def failed(self, problem: object) -> None:
        """Name a pair that could not be done."""
        _report(self.console, problem)
        self.bar.advance(self.task)


def _write_all(
    work: Work, journal: RunJournal, loading: _Loading
) -> list[str]:
    """Write result by result; returns the verdicts of those that worked."""
    verdicts: list[str] = []
    results: Any = work.refine(loading)
    with loading.bar as bar:
        for loaded, result in results:
            job = loaded.tag
            try:
                journal.begin(job.outputs())
                work.write(loaded, result)
                notes = work.notes(loaded, result)
                journal.add(job.inputs(), job.outputs(), **notes)
            except InputError as error:
                loading.failed(error)
                continue
            verdicts.append(notes['verdict'])
            bar.advance(loading.task)
    return verdicts


def _report(console: Console, problem: object) -> None:
    console.print(f'segrefiner: error: {problem}', markup=False)
