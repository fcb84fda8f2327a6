"""Runs a command on a hostile input and looks at what it has done."""

import hashlib
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

MOST_SECONDS = 30
MOST_RSS = 3 * 2**29  # bytes, of which PyTorch takes a third
MOST_MORE_ADDRESSES = 2**33  # so that the machine lives if a check fails

_CRASH = 70  # exit status of a child with a traceback


class Outcome(NamedTuple):
    """What became of a command.

    Attributes:
        status (int): Its exit status, or minus the signal that ended it.
        said (str): What it printed, both streams.
        peak (int): The most memory it had, in bytes.
        changed (list[str]): Files that came or changed outside ``out``.
    """

    status: int
    said: str
    peak: int
    changed: list[str]


def write_pair(folder: Path) -> tuple[Path, Path]:
    """``img/a.png`` and ``mask/a.png``: a grey picture and a square."""
    for name in ('img', 'mask'):
        (folder / name).mkdir(exist_ok=True)
    image, mask = np.full((48, 64, 3), 90, np.uint8), np.zeros((48, 64))
    image[10:40, 12:50] = 200
    mask[12:38, 10:48] = 255
    paths = folder / 'img' / 'a.png', folder / 'mask' / 'a.png'
    for path, picture in zip(paths, (image, mask), strict=True):
        cv2.imwrite(str(path), picture)
    return paths


def run(folder: Path, *argv: object) -> Outcome:
    """Run a command with a folder as its working directory.

    It may write below ``folder/out`` only.
    """
    # A server that has loaded all and is then forked: it has no threads.
    kinds = multiprocessing.get_all_start_methods()
    kind = 'forkserver' if 'forkserver' in kinds else 'spawn'
    context = multiprocessing.get_context(kind)
    if kind == 'forkserver':
        context.set_forkserver_preload(
            [
                'segrefiner_mm.apis.coco_command',
                'segrefiner_mm.apis.inferencer',
            ]
        )
    said = folder / 'out' / 'said.txt'
    said.parent.mkdir(exist_ok=True)
    before = _hashes(folder)
    own = [str(part) for part in argv]
    process = context.Process(
        target=_child, args=(own, folder, said, os.environ['PATH'])
    )
    process.start()
    peak = _watch(process)
    return Outcome(
        process.exitcode or 0,
        said.read_text(errors='replace') if said.exists() else '',
        peak,
        _differences(before, _hashes(folder)),
    )


def refused(
    folder: Path,
    *argv: object,
    names: str | Iterable[str],
    statuses: tuple[int, ...] = (1, 2),
) -> str:
    """Assert that a command fails safely; returns what it said.

    Args:
        folder (Path): Working directory.
        *argv: The command.
        names (str | Iterable[str]): What the message must have in it.
        statuses (tuple[int, ...]): Exit statuses that may be.
    """
    outcome = run(folder, *argv)
    assert outcome.status in statuses, outcome
    assert 'Traceback' not in outcome.said, outcome.said
    for name in [names] if isinstance(names, str) else names:
        assert name in outcome.said, outcome.said
    assert max(map(len, outcome.said.splitlines())) < 1000, 'a flood'
    assert outcome.changed == []
    assert outcome.peak < MOST_RSS, f'{outcome.peak / 2**30:.2f} GiB'
    return outcome.said


def _child(argv: list[str], folder: Path, said: Path, path: str) -> None:
    os.environ['PATH'] = path  # the server has that of an earlier test
    stream = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for own in (1, 2):
        os.dup2(stream, own)
    os.chdir(folder)
    _limit_addresses()
    import torch

    from segrefiner_mm.apis.cli import main

    torch.set_num_threads(1)
    try:
        status = main(argv)
    except SystemExit as stopped:  # argparse
        status = int(stopped.code or 0)
    except BaseException:
        traceback.print_exc()
        status = _CRASH
    for text in (sys.stdout, sys.stderr):
        text.flush()
    os._exit(status)


def _limit_addresses() -> None:
    status = Path('/proc/self/statm')
    if status.exists():
        import resource  # which Windows lacks

        pages = int(status.read_text().split()[0])
        most = pages * resource.getpagesize() + MOST_MORE_ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _watch(process: multiprocessing.Process) -> int:
    """Wait for a child; ends it past a limit. Returns its peak of memory."""
    peak, start = 0, time.monotonic()
    status = Path(f'/proc/{process.pid}/status')
    while process.is_alive():
        process.join(0.02)
        try:
            for line in status.read_text().splitlines():
                if line.startswith('VmHWM'):
                    peak = max(peak, int(line.split()[1]) * 1024)
        except OSError:
            pass  # it ended meanwhile, or this system does not tell
        if peak > MOST_RSS or time.monotonic() - start > MOST_SECONDS:
            process.kill()
            process.join()
    return peak


def _hashes(folder: Path) -> dict[str, str]:
    """Content of all files around the folder of an attack, but of ``out``."""
    out = folder / 'out'
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.parent.rglob('*'))
        if path.is_file() and out not in path.parents
    }


def _differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    names = before.keys() | after.keys()
    return sorted(n for n in names if before.get(n) != after.get(n))
