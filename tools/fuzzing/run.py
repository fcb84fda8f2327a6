"""Fuzzes readers of files, and reports the outcome."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fuzzing.readers import Trial, prepare
from fuzzing.sandbox import Sandbox
from fuzzing.trials import do_trial, keep

_HEAD = (
    f'{"reader":18} {"ok":>6} {"refused":>8} {"FAULTS":>7} {"MiB":>6} {"s":>6}'
)


class Fault(NamedTuple):
    """A mutation on which a reader failed.

    Attributes:
        reader (str): Name of the reader.
        seed (int): Seed of the mutation.
        text (str): Kind of the fault, a colon and details.
    """

    reader: str
    seed: int
    text: str

    @property
    def kind(self) -> str:
        """str: The part of the text before the colon, such as 'traceback'."""
        return self.text.partition(':')[0]


class Counts(NamedTuple):
    """The outcomes of the mutations of a reader.

    Attributes:
        reader (str): Name of the reader.
        ok (int): Number of files that were accepted.
        refused (int): Number of files that were refused, wholly or in part,
            with the name of the file.
        faults (list[Fault]): Faults, one per remaining file.
        peak (int): Peak memory of a trial, in bytes.
        seconds (float): Time of all trials.
    """

    reader: str
    ok: int
    refused: int
    faults: list[Fault]
    peak: int
    seconds: float


def fuzz(
    folder: Path, names: Sequence[str], count: int, first: int
) -> list[Counts]:
    """Try mutations on readers, and print a row for each reader.

    Args:
        folder (Path): An empty folder, alone in its parent.
        names (Sequence[str]): Names of readers; all if empty.
        count (int): Number of mutations per reader.
        first (int): The first seed.

    Returns:
        list[Counts]: Outcomes, one per reader.

    Raises:
        SystemExit: If a reader is unknown, or a valid file is refused.
    """
    # What leads out of the folder of the seeds would hit this one.
    (folder.parent / '.profile').write_text('unharmed')
    readers = prepare(folder)
    for name in names or readers:
        _check_known(name, readers)
    counts = []
    with Sandbox(do_trial) as sandbox:
        for name in names or readers:
            trials = readers[name]
            own = _fuzz_reader(sandbox, folder, name, trials, count, first)
            print(_row(own), flush=True)
            counts.append(own)
    return counts


def keep_trial(folder: Path, reader: str, seed: int) -> str:
    """Write the seeds and one mutation; return the command that reads it.

    Args:
        folder (Path): An empty folder, in which the files are kept.
        reader (str): Name of the reader.
        seed (int): Seed of the mutation.

    Returns:
        str: The command, for a shell.

    Raises:
        SystemExit: If the reader is unknown, or a valid file is refused.
    """
    readers = prepare(folder)
    _check_known(reader, readers)
    return keep(folder, readers[reader], reader, seed)


def _check_known(name: str, readers: Mapping[str, object]) -> None:
    if name not in readers:
        raise SystemExit(f'no reader {name!r}: {", ".join(readers)}')


def total(counts: list[Counts]) -> str:
    """Return the line of totals to print at the end."""
    faults = [fault for own in counts for fault in own.faults]
    tried = sum(own.ok + own.refused for own in counts) + len(faults)
    kinds = Counter(fault.kind for fault in faults)
    listed = ', '.join(f'{n} {kind}' for kind, n in kinds.items())
    return f'{tried} mutations, {len(faults)} faults {listed}'.strip()


def describe(counts: list[Counts], most: int) -> str:
    """Describe the faults, grouped by cause.

    Args:
        counts (list[Counts]): Outcomes from :func:`fuzz`.
        most (int): Maximum number of causes that are printed with their whole
            text.

    Returns:
        str: Lines of text.
    """
    groups: dict[tuple[str, str], list[Fault]] = {}
    for own in counts:
        for fault in own.faults:
            groups.setdefault((own.reader, _cause(fault)), []).append(fault)
    lines = []
    for (reader, cause), faults in groups.items():
        seeds = ', '.join(str(fault.seed) for fault in faults[:5])
        lines.append(f'{reader}: {len(faults)} x {cause}')
        lines.append(f'    --reader {reader!r} --count 1 --seed {seeds}')
        if len(lines) <= 2 * most:
            lines += [f'    | {line}' for line in faults[0].text.splitlines()]
    return '\n'.join(lines)


def main(reader: Sequence[str], count: int, seed: int, to: str | None) -> int:
    """Fuzz, and print a table and the faults; return the exit status.

    Args:
        reader (Sequence[str]): Names of readers; all if empty.
        count (int): Number of mutations per reader.
        seed (int): The first seed.
        to (str, optional): Folder to keep one mutation in, instead of fuzzing.

    Returns:
        int: 1 if there are faults, else 0.

    Raises:
        SystemExit: If a reader is unknown, or ``to`` is given without exactly
            one reader.
    """
    if to is not None:
        if len(reader) != 1:
            raise SystemExit('--keep is for one --reader')
        folder = Path(to, 'seeds').resolve()
        folder.mkdir(parents=True)
        print(keep_trial(folder, reader[0], seed))
        return 0
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent).resolve() / 'seeds'
        folder.mkdir()
        print(_HEAD, flush=True)
        counts = fuzz(folder, reader, count, seed)
    print(total(counts))
    faulty = any(own.faults for own in counts)
    if faulty:
        print(describe(counts, most=20), file=sys.stderr)
    return int(faulty)


def _fuzz_reader(
    sandbox: Sandbox,
    folder: Path,
    name: str,
    trials: list[Trial],
    count: int,
    first: int,
) -> Counts:
    start, peak = time.monotonic(), 0
    ok = refused = 0
    faults = []
    targets = [folder / trial.target for trial in trials if not trial.start]
    valid = {path: path.read_bytes() for path in targets}
    for seed in range(first, first + count):
        ran = sandbox.run(folder, trials, name, seed)
        peak = max(peak, ran.peak)
        if ran.fault:
            faults.append(Fault(name, seed, ran.fault))
            for path, content in valid.items():  # it may have been killed
                path.write_bytes(content)
        elif ran.status == 0:
            ok += 1
        else:
            refused += 1
    seconds = time.monotonic() - start
    return Counts(name, ok, refused, faults, peak, seconds)


def _row(own: Counts) -> str:
    return (
        f'{own.reader:18} {own.ok:6} {own.refused:8} {len(own.faults):7} '
        f'{own.peak / 2**20:6.0f} {own.seconds:6.1f}'
    )


def _cause(fault: Fault) -> str:
    """Return the kind of a fault, and for a traceback its last place."""
    lines = fault.text.strip().splitlines()
    if fault.kind != 'traceback':
        return lines[0][:160]
    places = [line.strip() for line in lines if 'segrefiner_mm' in line]
    place = places[-1].rpartition('segrefiner_mm')[2] if places else ''
    return f'traceback {lines[-1][:100]} ({place})'
