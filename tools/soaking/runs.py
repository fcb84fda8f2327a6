"""Starts the run that is disturbed, and checks what it leaves."""

import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

import cv2
import numpy as np
from fuzzing.samples import write_network

from segrefiner_mm.apis import cli

SIDE = 64  # pixels
MOST_SECONDS = 600.0


class SoakError(Exception):
    """A promise that was not kept."""


class Run:
    """A folder run in a process of its own.

    Args:
        base (Path): Where the images, the masks and the network are.
        out (Path): Output folder.
        most_bytes (int, optional): How long a file may get. Defaults to
            None: as long as it fits.
    """

    def __init__(
        self, base: Path, out: Path, most_bytes: int | None = None
    ) -> None:
        argv = ['refine', base / 'img', base / 'mask', '-o', out]
        argv += ['--model', base / 'model.py', '--device', 'cpu']
        self._printed = base / f'printed_{time.monotonic_ns()}.txt'
        self.pid = os.fork()
        if self.pid:
            return
        status = 70
        try:
            printed = os.open(self._printed, os.O_WRONLY | os.O_CREAT)
            for stream in (1, 2):
                os.dup2(printed, stream)
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes,) * 2)
            status = cli.main([str(part) for part in argv])
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def has_ended(self) -> bool:
        """Whether it has; :meth:`end` is still to be called."""
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, how) is not None

    def end(self) -> tuple[int, str]:
        """Wait for it.

        Returns:
            tuple[int, str]: Exit status, or minus its signal, and what it has
            printed.
        """
        deadline = time.monotonic() + MOST_SECONDS
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.005)
        hangs = not self.has_ended()
        if hangs:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        printed = ''
        if self._printed.exists():  # else it was killed before
            printed = self._printed.read_text(errors='replace')
            self._printed.unlink()
        if hangs:
            raise SoakError(f'a run hangs: no end in {MOST_SECONDS:.0f} s')
        if 'Traceback' in printed:
            raise SoakError(f'a traceback:\n{printed[-2000:]}')
        return os.waitstatus_to_exitcode(status), printed


def whole_run(base: Path, out: Path) -> None:
    """A run that must end well."""
    status, printed = Run(base, out).end()
    if status != cli.DONE:
        raise SoakError(f'a run ends with {status}: {printed[-500:]}')


def write_data(base: Path, count: int) -> None:
    """Images, coarse masks and a network."""
    rng = np.random.default_rng(0)
    for name in ('img', 'mask'):
        (base / name).mkdir()
    for index in range(count):
        mask = np.zeros((SIDE, SIDE), np.uint8)
        axes = tuple(int(axis) for axis in rng.integers(12, 24, 2))
        cv2.ellipse(mask, (32, 32), axes, index, 0, 360, 1, -1)
        image = np.where(mask[..., None] > 0, 60, 170)
        image = (image + rng.integers(0, 40, (SIDE, SIDE, 3))).astype(np.uint8)
        coarse = np.roll(mask, 2, axis=1) * 255
        cv2.imwrite(str(base / 'img' / f'{index:03d}.png'), image)
        cv2.imwrite(str(base / 'mask' / f'{index:03d}.png'), coarse)
    write_network(base)


def results(out: Path) -> dict[str, bytes]:
    """The results that are there."""
    return {path.name: path.read_bytes() for path in out.glob('*.png')}


def check(out: Path, expected: dict[str, bytes]) -> dict[str, bytes]:
    """See that what is there is as it must be; returns it."""
    found = results(out)
    wrong = [n for n, own in found.items() if own != expected.get(n)]
    if wrong:
        raise SoakError(f'{out.name}: another result: {", ".join(wrong[:5])}')
    return found


def check_all(out: Path, expected: dict[str, bytes]) -> None:
    """See that all is there, and nothing else."""
    found = check(out, expected)
    if len(found) < len(expected):
        raise SoakError(f'{out.name}: {len(found)} of {len(expected)} results')
    others = {path.name for path in out.iterdir()} - found.keys()
    if others != {'.segrefiner-run.jsonl'}:
        raise SoakError(f'{out.name}: left behind: {", ".join(others)}')
