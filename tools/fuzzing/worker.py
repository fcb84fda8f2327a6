"""Runs commands in a process of their own, and survives what they do."""

import functools
import io
import multiprocessing
import os
import random
import re
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import cv2
import torch

from fuzzing.readers import READERS, Trial
from segrefiner_mm.apis import cli, model_options

OK, REFUSED, FAULT = 'ok', 'refused', 'FAULT'
MOST_SECONDS = 10.0
MOST_RSS = 2**31
_EXCEPTION = re.compile(r'\b(?:[A-Z]\w*(?:Error|Exception)|errno)\b')


class Verdict(NamedTuple):
    """What became of one damaged file."""

    kind: str
    text: str
    seconds: float


def get_ready() -> None:
    """Load what the workers share, without a thread, before they fork."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    # The same network again, as segrefiner_mm.refine() keeps it.
    build = functools.lru_cache(maxsize=1)(model_options.SegRefinerInferencer)
    model_options.SegRefinerInferencer = build  # type: ignore


def verdicts(
    reader: str, base: Path, work: Path, seeds: list[int]
) -> Iterator[tuple[int, Verdict]]:
    """Judge damaged files; a worker that ends or hangs is replaced.

    Args:
        reader (str): Of :data:`READERS`.
        base (Path): The valid files.
        work (Path): A folder to work in.
        seeds (list[int]): One per damaged file.

    Yields:
        tuple[int, Verdict]: For each seed, in their order.
    """
    context = multiprocessing.get_context('fork')
    left = list(seeds)
    while left:
        receiver, sender = context.Pipe(duplex=False)
        worker = context.Process(
            target=_work, args=(reader, base, work, list(left), sender)
        )
        worker.start()
        sender.close()
        while left:
            verdict, goes_on = _next(receiver, worker)
            yield left.pop(0), verdict
            if not goes_on:
                break
        worker.join()
        receiver.close()


def _next(
    receiver: Connection, worker: multiprocessing.Process
) -> tuple[Verdict, bool]:
    """The next verdict, and whether the worker has lived through it."""
    start, problem = time.monotonic(), ''
    while not receiver.poll(0.05):
        if time.monotonic() - start > MOST_SECONDS:
            problem = f'hangs: no answer in {MOST_SECONDS:.0f} s'
        elif _rss(worker.pid) > MOST_RSS:
            problem = f'takes more than {MOST_RSS / 2**30:.1f} GiB'
        if problem:
            worker.kill()
            break
    else:
        try:
            return Verdict(*receiver.recv()), True
        except EOFError:
            pass
    worker.join()
    problem = problem or f'crashes: exit status {worker.exitcode}'
    return Verdict(FAULT, problem, time.monotonic() - start), False


def _rss(pid: int | None) -> int:
    try:
        pages = Path(f'/proc/{pid}/statm').read_text().split()[1]
    except OSError:
        return 0  # this system does not tell
    return int(pages) * os.sysconf('SC_PAGE_SIZE')


def _work(
    reader: str, base: Path, work: Path, seeds: list[int], sender: Connection
) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what libraries of C print
        os.dup2(nowhere, stream)
    for seed in seeds:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        trial = READERS[reader](base, work, random.Random(seed))
        start = time.monotonic()
        kind, text = judge(trial)
        sender.send((kind, text, time.monotonic() - start))
    sender.close()


def judge(trial: Trial) -> tuple[str, str]:
    """Run a command and say what became of it, and why."""
    said = io.StringIO()
    try:
        with (
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            status = cli.main(trial.argv)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    except BaseException as error:
        return FAULT, f'raises {_place_of(error)}'
    text = said.getvalue()
    problems = [
        line for line in text.splitlines() if line.startswith('segrefiner: ')
    ]
    errors = [p for p in problems if p.startswith('segrefiner: error')]
    if 'Traceback' in text:
        return FAULT, 'prints a traceback'
    if status not in (cli.DONE, cli.SOME_FAILED, cli.NOTHING_DONE):
        return FAULT, f'ends with {status}'
    if (status != cli.DONE) != bool(errors):
        return FAULT, f'ends with {status} and {len(errors)} errors'
    if status != cli.NOTHING_DONE and trial.out and not trial.out.exists():
        return FAULT, f'ends with {status}, but without {trial.out.name}'
    for line in errors:
        shown = line.replace('\n', ' ')[:300]
        if trial.file not in text:
            return FAULT, f'does not name {trial.file}: {shown}'
        if found := _EXCEPTION.search(line):
            return FAULT, f'says {found[0]}: {shown}'
    return (REFUSED, errors[0]) if errors else (OK, '')


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if 'segrefiner_mm' in f.filename] or frames
    place = f'{Path(own[-1].filename).name}:{own[-1].lineno}'
    return f'{type(error).__name__} at {place}: {str(error)[:200]}'
