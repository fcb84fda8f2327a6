"""Folder runs that are killed, run in parallel, or run out of disk space."""

import random
import time
from pathlib import Path

from fuzzing import seeds
from fuzzing.small_disk import SmallDisk
from fuzzing.started import Started

FLAT = 24 * 2**20  # memory may differ by so much from moment to moment


class Soak:
    """Runs over one folder of images, which are checked for lost results.

    Args:
        folder (Path): An empty folder.
        images (int): Number of images to draw.
        seed (int): Seed of the random moments. Defaults to 0.

    Attributes:
        lines (list[str]): A line about every check.
        faults (list[str]): Messages about failed checks.
    """

    def __init__(self, folder: Path, images: int, seed: int = 0) -> None:
        self.lines: list[str] = []
        self.faults: list[str] = []
        self._folder = folder
        self._images = images
        self._rng = random.Random(seed)
        self._seconds = 0.0
        self._expected: dict[str, bytes] = {}
        seeds.write_model(folder)
        for number in range(images):
            image, mask = seeds.draw(number, 64, 64)
            seeds.write(folder / 'img' / f'{number:04d}.png', image)
            seeds.write(folder / 'mask' / f'{number:04d}.png', mask * 255)

    def uninterrupted(self) -> None:
        """Run without a break, and check that memory does not grow.

        Call this first: the other runs are compared with this one.
        """
        out = self._folder / 'whole'
        with self._start(out) as run:
            levels = run.levels(self._images, out)
            ran = run.result()
        self._seconds = run.seconds
        self._expected = _results(out)
        self._check(ran.status == 0, f'the run without a break: {ran}')
        count = len(self._expected)
        self._check(count == self._images, f'{count} results')
        early, late = max(levels[:2]), max(levels[2:])
        grown = (late - early) / 2**20
        self._check(late - early < FLAT, f'memory grew by {grown:.0f} MiB')
        self.lines.append(
            f'{count} results in {self._seconds:.1f} s; memory '
            f'{early / 2**20:.0f} MiB, later {grown:+.1f} MiB'
        )

    def killed(self, times: int) -> None:
        """Kill a run at random moments, and resume it each time.

        Args:
            times (int): Number of kills.
        """
        out = self._folder / 'killed'
        self._interrupt(out, times)
        with self._start(out) as run:
            ran = run.result()
        self._check(ran.status == 0, f'after {times} kills: {ran}')
        self._compare(out, f'after {times} kills')

    def two_at_once(self) -> None:
        """Start a second run on the output of a run in progress."""
        out = self._folder / 'shared'
        with self._start(out) as first:
            first.wait_for(lambda: len(_results(out)) > 0)
            with self._start(out) as second:
                refused = second.result()
            going_on = first.is_running()
            worked = first.result()
        self._check(going_on, 'the first of two runs was done too soon')
        self._check(
            refused.status == 2 and str(out) in refused.said,
            f'the second of two runs: {refused}',
        )
        self._check(
            f'process {first.pid}' in refused.said,
            f'the second run does not name {first.pid}: {refused.said}',
        )
        self._check(worked.status == 0, f'the first of two runs: {worked}')
        self._compare(out, 'of two runs at once')

    def full_disk(self, times: int) -> None:
        """Run repeatedly on a full disk; without root, this is skipped.

        Args:
            times (int): Number of runs.
        """
        disk = SmallDisk(self._folder / 'disk')
        if not disk.mount():
            self.lines.append('left out: the full disk, as this is not root')
            return
        try:
            self._fill(disk, times)
        finally:
            disk.unmount()

    def _fill(self, disk: SmallDisk, times: int) -> None:
        out = disk.path / 'out'
        named = 0
        for number in range(times):
            disk.leave(self._rng.randrange(4 * 2**10, 2**15))
            with self._start(out) as run:
                ran = run.result()
            said = 'No space left on device' in ran.said
            named += said and str(disk.path) in ran.said
            done = ran.status == 0 and not said
            self._check(
                done or (ran.status in (1, 2) and said),
                f'full disk {number}: {ran.status} {ran.fault or ran.said}',
            )
            self._check_parts(out, f'full disk {number}')
        disk.leave(2**27)
        with self._start(out) as run:
            ran = run.result()
        self._check(ran.status == 0, f'after {times} full disks: {ran}')
        self._compare(out, f'after {times} full disks, {named} named')

    def _interrupt(self, out: Path, times: int) -> None:
        """Kill runs, which together do about all of the work."""
        longest = 2 * self._seconds / max(times, 1)
        for number in range(times):
            moment = self._rng.uniform(0, longest)
            with self._start(out):
                time.sleep(moment)
            self._check_parts(out, f'kill {number}')

    def _check_parts(self, out: Path, when: str) -> None:
        """Check that every result that exists is complete."""
        for name, content in _results(out).items():
            whole = self._expected.get(name) == content
            self._check(whole, f'{when}: {name} is not as it should be')

    def _compare(self, out: Path, when: str) -> None:
        results = _results(out)
        same = results == self._expected
        self._check(same, f'{when}: {len(results)} results, and not the same')
        left = [
            p.name for p in out.glob('.segrefiner-*') if 'run' not in p.name
        ]
        self._check(not left, f'{when}: {left} left behind')
        self.lines.append(f'{len(results)} results {when}: {same=}')

    def _start(self, out: Path) -> Started:
        folder = self._folder
        argv: list[str | Path] = ['refine', folder / 'img', folder / 'mask']
        argv += ['-o', out, '--model', folder / 'model.py', '--no-guard']
        argv += ['--weights', folder / 'weights.safetensors']
        return Started([*argv, '--device', 'cpu'])

    def _check(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(fault[:2000])


def _results(out: Path) -> dict[str, bytes]:
    """Return the contents of the results that exist, by name."""
    if not out.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in out.glob('[!.]*')}
