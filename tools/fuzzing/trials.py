"""Runs one trial: a command on a faulty file, whose outcome is checked."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzzing.readers import OUT, Trial, absolute
from fuzzing.sandbox import Ran, run_command

Files = dict[str, tuple[int, int]]


def do_trial(
    folder: Path, trials: list[Trial], reader: str, seed: int | None
) -> Ran:
    """Mutate a file of a reader, run the command, and check its outcome.

    The valid file is restored afterwards.

    Args:
        folder (Path): Folder of the seeds.
        trials (list[Trial]): Trials of the reader, one of which is chosen.
        reader (str): Name of the reader.
        seed (int, optional): Seed of the mutation. None: the first trial with
            its valid file.

    Returns:
        Ran: The outcome, with a ``fault`` if the command failed in a way that
        no faulty file may cause.
    """
    _share_model()
    rng = random.Random(f'{reader} {seed}')
    trial = rng.choice(trials) if seed is not None else trials[0]
    out, target = folder / OUT, folder / trial.target
    shutil.rmtree(out, ignore_errors=True)
    if trial.start:
        shutil.copytree(folder / trial.start, out)
    else:
        out.mkdir()
    content = target.read_bytes()
    try:
        if seed is not None:
            target.write_bytes(trial.faulty(rng, content))
        before = _files(folder)
        ran = run_command(absolute(folder, trial.argv))
        # The folder of the seeds, with all that is beside it.
        changed = before.items() ^ _files(folder).items()
    finally:
        if target.parent.is_dir():
            target.write_bytes(content)
    fault = ran.fault or _fault_of(ran, absolute(folder, trial.named))
    if changed and not fault:
        names = sorted({name for name, _ in changed})
        fault = f'outside: wrote {names[0]}'
    return ran._replace(fault=fault or _left_behind(out))


def keep(folder: Path, trials: list[Trial], reader: str, seed: int) -> str:
    """Write the faulty file of a trial; return the command for a shell."""
    rng = random.Random(f'{reader} {seed}')
    trial = rng.choice(trials)
    shutil.rmtree(folder / OUT, ignore_errors=True)
    if trial.start:
        shutil.copytree(folder / trial.start, folder / OUT)
    target = folder / trial.target
    target.write_bytes(trial.faulty(rng, target.read_bytes()))
    return ' '.join(['segrefiner', *absolute(folder, trial.argv)])


def _fault_of(ran: Ran, named: list[str]) -> str:
    if ran.status == 0:
        return ''
    if ran.status not in (1, 2):
        return f'status: {ran.status}'
    lines = [
        line
        for line in ran.said.splitlines()
        if line.startswith('segrefiner: error:')
    ]
    if not lines:
        return f'silent: nothing says why: {ran.said[-200:]!r}'
    for line in lines:
        if not any(name in line for name in named):
            return f'unnamed: {line}'
    return ''


def _left_behind(out: Path) -> str:
    left = [
        str(path)
        for path in out.rglob('.segrefiner-*')
        if path.name.endswith(('.partial', 'lock'))
    ]
    return f'left behind: {left[0]}' if left else ''


def _files(folder: Path) -> Files:
    """Return size and time of all files but the output, by path."""
    states = {}
    for top, folders, names in os.walk(folder.parent):
        if Path(top) == folder:
            folders[:] = [name for name in folders if name != OUT]
        for name in names:
            path = os.path.join(top, name)
            state = os.stat(path, follow_symlinks=False)
            states[path] = state.st_size, state.st_mtime_ns
    return states


def _share_model() -> None:
    """Build the network once for all trials with equal weights."""
    from segrefiner_mm.runs import refiner

    build = refiner.build_refiner
    if isinstance(build, _SharedBuild):
        return
    refiner.build_refiner = _SharedBuild(build)


class _SharedBuild:
    """Builds a new network only if config, weights or device change."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._built: dict[tuple[Any, ...], Any] = {}

    def __call__(self, cfg: Any, weights: str | None, device: str) -> Any:
        time = os.stat(weights).st_mtime_ns if weights else 0
        key = repr(cfg.model), weights, device, time
        if key not in self._built:
            self._built.clear()  # one network is enough
            self._built[key] = self._build(cfg, weights, device)
        return self._built[key]
