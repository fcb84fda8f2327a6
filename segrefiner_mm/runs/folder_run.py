"""Runs over many jobs, which resume after they were stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.image_files.pictures import read_picture
from segrefiner_mm.io.image_with_masks import Annotation, LoadedPair
from segrefiner_mm.io.numpy_files import read_array
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.reporting.reporter import Advance, Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.runs.jobs import PairJob, protect_inputs
from segrefiner_mm.runs.run_journal import RunJournal
from segrefiner_mm.runs.task import Result, Task
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK


def run_jobs(
    task: Task[Annotation, Result],
    jobs: list[PairJob],
    out: Path,
    own_settings: dict[str, Any],
    overwrite: bool,
    reporter: Reporter,
) -> RunSummary:
    """Run the jobs that earlier runs have not done.

    A job that fails is reported, and the run goes on with the next.

    Args:
        task (Task): Loads, refines and encodes the pairs.
        jobs (list[PairJob]): The jobs, at least one.
        out (Path): Output folder, which is created and has the journal.
        own_settings (dict): Settings that results depend on, besides those
            of the refiner, as plain values.
        overwrite (bool): Whether to repeat finished jobs, and to overwrite
            files that no run has written.
        reporter (Reporter): Receives the jobs that fail. Failures reported
            before the run count as well.

    Returns:
        RunSummary: Counts of the verdicts and of the failures.

    Raises:
        InputError: If files would be lost, another run writes this output,
            the journal cannot be read or written, or the model or an option
            cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    protect_inputs(jobs)
    # Before a folder is made, so that a mistake leaves none behind.
    settings = {**task.prepare(), **own_settings}
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
    """Loads pairs and writes results; reports failures and continues."""

    def __init__(
        self, task: Task[Any, Any], journal: RunJournal, reporter: Reporter
    ) -> None:
        self.done_before = 0
        self._task = task
        self._journal = journal
        self._reporter = reporter

    def open(self, jobs: list[PairJob], overwrite: bool) -> list[PairJob]:
        """Return the jobs to run: neither done, nor with edited results."""
        if overwrite:
            return jobs
        for job in jobs:
            self._journal.protect(job.outputs())
        return [job for job in jobs if self._is_open(job)]

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
                f'{kept}, though its inputs or the settings have changed: '
                '--overwrite refines it again'
            )
        else:
            self._reporter.say(f'segrefiner: {kept}')
            self.done_before += 1
        return False

    def write_all(self, jobs: list[PairJob]) -> list[str]:
        """Run the jobs; return the verdicts of the jobs that succeed."""
        verdicts: list[str] = []
        with self._reporter.progress(len(jobs)) as advance:
            pairs = self._loaded(jobs, advance)
            for loaded, result in self._task.refine(pairs):
                done = []
                try:
                    done.append(self._write(loaded, result))
                except InputError as error:
                    self._reporter.error(error)
                verdicts += done
                advance(done)
        return verdicts

    def _loaded(
        self, jobs: list[PairJob], advance: Advance
    ) -> Iterator[LoadedPair[Any, PairJob]]:
        for job in jobs:
            try:
                with about(job.mask):
                    self._journal.look(job.inputs(), job.outputs())
                    loaded = self._task.load(job)
            except InputError as error:
                self._reporter.error(error)
                advance()
                continue
            yield loaded

    def _write(self, loaded: LoadedPair[Any, PairJob], result: Any) -> str:
        job = loaded.tag
        files = self._task.encode(loaded, result)
        self._journal.write(job.outputs(), files)
        notes = self._task.notes(loaded, result)
        self._journal.add(job.inputs(), job.outputs(), **notes)
        return notes['verdict']


def _is_whole(path: Path) -> bool:
    """Return whether an edited file can be read, and is not just damaged."""
    if path.suffix == '.npz':
        return is_zipfile(path)
    try:
        if path.suffix == '.npy':
            read_array(path)
        else:
            read_picture(path)
    except InputError:
        return False
    return True
