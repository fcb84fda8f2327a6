"""Does many jobs, goes on where it was stopped, and loses nothing."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.pictures import read_picture
from segrefiner_mm.runs.jobs import PairJob, protect_inputs
from segrefiner_mm.runs.reporter import Advance, Reporter
from segrefiner_mm.runs.run_journal import RunJournal
from segrefiner_mm.runs.run_summary import RunSummary
from segrefiner_mm.runs.task import Loaded, Result, Task
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK


def run_jobs(
    task: Task[Loaded, Result],
    jobs: list[PairJob],
    out: Path,
    own_settings: dict[str, Any],
    overwrite: bool,
    reporter: Reporter,
) -> RunSummary:
    """Do the jobs that earlier runs have not done.

    Args:
        task (Task): How to do a job.
        jobs (list[PairJob]): What to do, one job or more.
        out (Path): Output folder, where the journal is.
        own_settings (dict): What results depend on beside the refiner.
        overwrite (bool): Whether to do again what is done, and to overwrite
            files of others.
        reporter (Reporter): Is told of jobs that fail; it may know of
            failures already, which are counted too.

    Returns:
        RunSummary: Counts of the verdicts and of the failures.

    Raises:
        InputError: If something would be lost, or another run writes this
            output.
    """
    protect_inputs(jobs)
    settings = {**task.prepare(), **own_settings}  # mistakes leave no folder
    with OutputLock(out, is_folder=True):
        run = _FolderRun(task, RunJournal(out, settings), reporter)
        todo = run.open(jobs, overwrite)
        verdicts = run.write_all(todo)
    failed = len(reporter.problems)
    counts = {
        'refined': verdicts.count(REFINED),
        'kept': verdicts.count(KEPT),
        'rolled back': verdicts.count(ROLLED_BACK),
        'done before': run.done_before,
        'failed': failed,
    }
    listed = ', '.join(f'{n} {name}' for name, n in counts.items() if n)
    done = len(verdicts) + run.done_before
    return RunSummary(
        f'{out}: {listed}', done, failed, tuple(reporter.problems)
    )


class _FolderRun:
    """Loads and writes result by result; reports what fails, and goes on."""

    def __init__(
        self, task: Task, journal: RunJournal, reporter: Reporter
    ) -> None:
        self.done_before = 0
        self._task = task
        self._journal = journal
        self._reporter = reporter
        self._advance: Advance = lambda count=1: None

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
            self._reporter.error(
                f'{kept}, though its inputs or the settings are others now: '
                '--overwrite does it again'
            )
        else:
            self._reporter.say(f'segrefiner: {kept}')
            self.done_before += 1
        return False

    def write_all(self, jobs: list[PairJob]) -> list[str]:
        """Do the jobs; returns the verdicts of those that worked."""
        verdicts: list[str] = []
        with self._reporter.progress(len(jobs)) as self._advance:
            for loaded, result in self._task.refine(self._loaded(jobs)):
                try:
                    verdicts.append(self._write(loaded, result))
                except InputError as error:
                    self._reporter.error(error)
                self._advance()
        return verdicts

    def _loaded(self, jobs: list[PairJob]) -> Iterator[Any]:
        for job in jobs:
            try:
                with about(job.mask):
                    self._journal.look(job.inputs(), job.outputs())
                    loaded = self._task.load(job)
            except InputError as error:
                self._reporter.error(error)
                self._advance()
                continue
            yield loaded

    def _write(self, loaded: Any, result: Any) -> str:
        job = self._task.job_of(loaded)
        files = self._task.encode(loaded, result)
        contents = [sha256(content).hexdigest() for content in files.values()]
        self._journal.begin(job.outputs(), contents)
        for path, content in files.items():
            write_whole(path, content)
        notes = self._task.notes(loaded, result)
        self._journal.add(job.inputs(), job.outputs(), **notes)
        return notes['verdict']


def _is_whole(path: Path) -> bool:
    """Whether somebody means a picture to be as it is; else it is damaged."""
    try:
        read_picture(path)
    except InputError:
        return False
    return True
