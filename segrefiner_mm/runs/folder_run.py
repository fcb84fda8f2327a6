"""Does many jobs, goes on where it was stopped, and loses nothing."""

import argparse
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from segrefiner_mm.cli.exit_status import DONE, NOTHING_DONE, SOME_FAILED
from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.pictures import read_picture
from segrefiner_mm.runs.jobs import PairJob, protect_inputs
from segrefiner_mm.runs.label_task import LabelWork
from segrefiner_mm.runs.mask_task import MaskWork
from segrefiner_mm.runs.run_journal import RunJournal
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK

Work = MaskWork | LabelWork


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
        InputError: If there is nothing to do, something would be lost, or
            another run writes this output.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        _report(console, problem)
    if not jobs:
        raise InputError(nothing)
    protect_inputs(jobs)
    settings = {**work.prepare(), **own_settings}  # mistakes leave no folder
    with OutputLock(out, is_folder=True):
        run = _FolderRun(work, RunJournal(out, settings), console)
        todo = run.open(jobs, args.overwrite)
        verdicts = run.write_all(todo)
    failed = len(problems) + run.failed
    counts = {
        'refined': verdicts.count(REFINED),
        'kept': verdicts.count(KEPT),
        'rolled back': verdicts.count(ROLLED_BACK),
        'done before': run.done_before,
        'failed': failed,
    }
    listed = ', '.join(f'{n} {what}' for what, n in counts.items() if n)
    print(f'{out}: {listed}')
    if not failed:
        return DONE
    return SOME_FAILED if verdicts or run.done_before else NOTHING_DONE


class _FolderRun:
    """Loads and writes result by result; names what fails, and goes on."""

    def __init__(
        self, work: Work, journal: RunJournal, console: Console
    ) -> None:
        self.failed = 0
        self.done_before = 0
        self._work = work
        self._journal = journal
        self._console = console

    def open(self, jobs: list[PairJob], overwrite: bool) -> list[PairJob]:
        """The jobs that are to be done, and may be."""
        if overwrite:
            return jobs
        for job in jobs:
            self._protect(job)
        return [job for job in jobs if self._is_open(job)]

    def _protect(self, job: PairJob) -> None:
        """Refuse to overwrite what no earlier run has written."""
        for path in job.outputs():
            if path.exists() and not self._journal.is_ours(job.outputs()):
                raise InputError(
                    f'{path} is there already and is not of an earlier run: '
                    'choose another folder, or --overwrite'
                )

    def _is_open(self, job: PairJob) -> bool:
        inputs, outputs = job.inputs(), job.outputs()
        if self._journal.is_done(inputs, outputs):
            self.done_before += 1
            return False
        edited = [p for p in self._journal.edited(outputs) if _is_whole(p)]
        if not edited:
            return True
        names = ' and '.join(str(path) for path in edited)
        kept = f'{names} was changed after it was written, and is kept'
        if self._journal.is_due(inputs, outputs):
            self._fail(
                f'{kept}, though its inputs or the settings are others now: '
                '--overwrite does it again'
            )
        else:
            self._console.print(f'segrefiner: {kept}', markup=False)
            self.done_before += 1
        return False

    def write_all(self, jobs: list[PairJob]) -> list[str]:
        """Do the jobs; returns the verdicts of those that worked."""
        verdicts: list[str] = []
        hidden = not self._console.is_terminal
        with Progress(console=self._console, disable=hidden) as bar:
            count = len(jobs) + self.failed
            task = bar.add_task('Refining', total=count)
            results: Any = self._work.refine(self._loaded(jobs))
            for loaded, result in results:
                try:
                    verdicts.append(self._write(loaded, result))
                except InputError as error:
                    self._fail(error)
                done = len(verdicts) + self.failed
                bar.update(task, completed=done)
        return verdicts

    def _loaded(self, jobs: list[PairJob]) -> Iterator[Any]:
        for job in jobs:
            try:
                with about(job.mask):
                    self._journal.look(job.inputs(), job.outputs())
                    loaded: Any = self._work.load(job)
            except InputError as error:
                self._fail(error)
                continue
            yield loaded

    def _write(self, loaded: Any, result: Any) -> str:
        job: PairJob = loaded.tag
        files: dict[Path, bytes] = self._work.encode(loaded, result)
        contents = [sha256(content).hexdigest() for content in files.values()]
        self._journal.begin(job.outputs(), contents)
        for path, content in files.items():
            write_whole(path, content)
        notes = self._work.notes(loaded, result)
        self._journal.add(job.inputs(), job.outputs(), **notes)
        return notes['verdict']

    def _fail(self, problem: object) -> None:
        self.failed += 1
        _report(self._console, problem)


def _is_whole(path: Path) -> bool:
    """Whether somebody means a picture to be as it is; else it is damaged."""
    try:
        read_picture(path)
    except InputError:
        return False
    return True


def _report(console: Console, problem: object) -> None:
    console.print(f'segrefiner: error: {problem}', markup=False)
