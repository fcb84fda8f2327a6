"""Kill a folder run, fill its disk, start it twice: nothing may be lost.

``python tools/soak.py`` refines a folder of small drawn images with a tiny
network, undisturbed. Then it does so again, and kills the run at random
moments (SIGKILL), and once more on a disk that is full again and again. After
every moment each result that is there must be the undisturbed one, byte by
byte, and in the end all must be there. Two runs at the same time: one works,
the other is refused and says who works. The exit status is 1 if anything was
otherwise.

The full disk is a small tmpfs, which root may mount; else a limit on the size
of files stands for it.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuzzing.worker import get_ready
from soaking.runs import (
    Run,
    SoakError,
    check,
    check_all,
    results,
    whole_run,
    write_data,
)

from segrefiner_mm.apis import cli

DISK = 64  # MiB
PAGE = 4096  # bytes: what a file takes at least


def soak_kills(
    base: Path,
    expected: dict[str, bytes],
    kills: int,
    rng: random.Random,
    seconds: float,
) -> str:
    """Kill at random moments; an output that is done makes way for a new one.

    Args:
        base (Path): Folder to work in.
        expected (dict[str, bytes]): The undisturbed results.
        kills (int): How many.
        rng (random.Random): Chooses the moments.
        seconds (float): How long an undisturbed run takes.
    """
    done, outputs, there = 0, 1, [0]
    out = base / 'killed_1'
    while done < kills:
        run = Run(base, out)
        _wait(run, out, rng.randrange(len(expected) // 8 + 1))
        time.sleep(rng.uniform(0, max(4 * seconds / len(expected), 0.2)))
        os.kill(run.pid, signal.SIGKILL)
        status, _ = run.end()
        if status == -signal.SIGKILL:
            done += 1
            there.append(len(check(out, expected)))
            continue
        check_all(out, expected)  # it was quicker
        outputs += 1
        out = base / f'killed_{outputs}'
    whole_run(base, out)
    check_all(out, expected)
    return (
        f'{done} kills, with up to {max(there)} results there; {outputs} '
        'outputs, all identical'
    )


def _wait(run: Run, out: Path, more: int) -> None:
    """Until a run has written some results, or has ended."""
    before = len(list(out.glob('*.png')))
    while len(list(out.glob('*.png'))) < before + more:
        if run.has_ended():
            return
        time.sleep(0.005)


def soak_full_disk(
    base: Path, expected: dict[str, bytes], moments: int, rng: random.Random
) -> str:
    """Leave room for some results more, and none after them."""
    refused, there = 0, [0]
    room = max(2 * len(expected) // max(moments, 1), 4)
    with _small_disk(base) as disk:
        out = (disk or base) / 'filled'
        journal = out / '.segrefiner-run.jsonl'
        for _ in range(moments):
            if disk:
                _fill(disk, rng.randrange(room) * PAGE)
                status, printed = Run(base, out).end()
                (disk / 'filler').unlink()
            else:
                size = journal.stat().st_size if journal.exists() else 0
                most = size + rng.randrange(room * 500)
                status, printed = Run(base, out, most).end()
            found = check(out, expected)
            if status not in (cli.DONE, cli.SOME_FAILED, cli.NOTHING_DONE):
                raise SoakError(f'on a full disk: {status}: {printed[-500:]}')
            if status != cli.DONE:
                refused += 1
                there.append(len(found))
                _check_named(printed, out)
        whole_run(base, out)
        check_all(out, expected)
    how = 'tmpfs' if disk else 'limit of file size, as there is no root'
    return (
        f'{moments} moments ({how}), {refused} refused by name, with up to '
        f'{max(there)} results there; identical'
    )


def _check_named(printed: str, out: Path) -> None:
    errors = [
        t for t in printed.splitlines() if t.startswith('segrefiner: err')
    ]
    unnamed = [t for t in errors if str(out) not in t]
    if unnamed or not errors:
        raise SoakError(
            f'a full disk is not named with the file: {printed[:500]}'
        )


@contextmanager
def _small_disk(base: Path) -> Iterator[Path | None]:
    """A tmpfs; None where this process may not mount one."""
    disk = base / 'disk'
    disk.mkdir()
    options = ['-t', 'tmpfs', '-o', f'size={DISK}m', 'tmpfs', str(disk)]
    try:
        subprocess.run(['mount', *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(['umount', str(disk)], check=True)


def _fill(disk: Path, leave: int) -> None:
    """Take all but some bytes of a disk."""
    state = os.statvfs(disk)
    size = max(state.f_bavail * state.f_frsize - leave, 0)
    with (disk / 'filler').open('wb') as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))


def soak_two(base: Path, expected: dict[str, bytes]) -> str:
    """Two runs on one output."""
    out = base / 'two'
    first = Run(base, out)
    _wait(first, out, 1)
    status, printed = Run(base, out).end()
    told = f'{re.escape(str(out))} is being written .*process {first.pid} '
    if status != cli.NOTHING_DONE or not re.search(told, printed):
        raise SoakError(f'the second of two runs: {status}: {printed[:500]}')
    status, printed = first.end()
    if status != cli.DONE:
        raise SoakError(f'the first of two runs: {status}: {printed[:500]}')
    check_all(out, expected)
    return 'one worked, the other was refused and named it; identical'


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--count', type=int, default=300, help='images (default: 300)')
    add('--kills', type=int, default=50, help='(default: 50)')
    add('--full', type=int, default=20, help='full disks (default: 20)')
    add('--seed', type=int, default=0, help='of the moments (default: 0)')
    args = parser.parse_args(argv)
    warnings.simplefilter('ignore')
    get_ready()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_data(base, args.count)
        try:
            start = time.monotonic()
            whole_run(base, base / 'undisturbed')
            seconds = time.monotonic() - start
            expected = results(base / 'undisturbed')
            if len(expected) != args.count:
                raise SoakError(f'only {len(expected)} results')
            print(f'undisturbed: {args.count} masks in {seconds:.1f} s')
            kills = soak_kills(base, expected, args.kills, rng, seconds)
            print(f'killed:      {kills}', flush=True)
            full = soak_full_disk(base, expected, args.full, rng)
            print(f'full disk:   {full}', flush=True)
            print(f'two at once: {soak_two(base, expected)}')
        except SoakError as error:
            print(f'FAULT: {error}')
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
