"""Give every reader damaged files, and see that none does harm.

``python tools/fuzz.py`` damages valid small files in many ways (bits, pieces,
values that do not belong) and runs the commands on them. Each must be done,
or refused in words that name the file: no exception, no crash, no more than
10 seconds or 2 GiB, and nothing written but the output. A table tells what
became of them; each fault comes with the seed that repeats it:
``--reader NAME --seed SEED --count 1``. The exit status is 1 if there was a
fault.
"""

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from fuzzing.readers import READERS
from fuzzing.samples import write_samples
from fuzzing.worker import FAULT, OK, REFUSED, get_ready, verdicts

BATCH = 50  # files per worker


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition('\n')[0],
    )
    add = parser.add_argument
    add('--count', type=int, default=500, help='damaged files per reader')
    add(
        '--reader',
        nargs='+',
        choices=list(READERS),
        default=list(READERS),
        metavar='NAME',
        help=f'of {", ".join(READERS)} (default: all)',
    )
    add('--seed', type=int, default=0, help='seed of the first file')
    args = parser.parse_args(argv)
    warnings.simplefilter('ignore')
    get_ready()
    faults: list[str] = []
    memory = Path('/dev/shm')  # spares a disk thousands of small files
    where = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        base = Path(folder) / 'valid'
        # Not a file: loggers keep the stream, and a closed one fails.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            write_samples(base)
        head = f'{"reader":24}{OK:>8}{REFUSED:>9}{FAULT:>7}{"slowest":>10}'
        print(head, flush=True)
        for reader in args.reader:
            faults += _fuzz(reader, base, args.seed, args.count)
    for line in faults:
        print(line)
    total = args.count * len(args.reader)
    print(f'{total} damaged files, {len(faults)} faults')
    return 1 if faults else 0


def _fuzz(reader: str, base: Path, first: int, count: int) -> list[str]:
    """Try one reader; prints its row and returns its faults."""
    counts: Counter[str] = Counter()
    faults, slowest = [], 0.0
    work = base.parent / 'work'
    for start in range(first, first + count, BATCH):
        seeds = list(range(start, min(start + BATCH, first + count)))
        before = _files(base.parent, work)
        for seed, verdict in verdicts(reader, base, work, seeds):
            counts[verdict.kind] += 1
            slowest = max(slowest, verdict.seconds)
            if verdict.kind == FAULT:
                faults.append(f'{reader} --seed {seed}: {verdict.text}')
        for path in before ^ _files(base.parent, work):
            what = f'writes {path[0]}, which is not its output'
            faults.append(f'{reader} --seed {start} to {seeds[-1]}: {what}')
    row = f'{reader:24}{counts[OK]:8}{counts[REFUSED]:9}{counts[FAULT]:7}'
    print(f'{row}{slowest:9.2f}s', flush=True)
    return faults


def _files(folder: Path, work: Path) -> set[tuple[str, int, int]]:
    """Names, sizes and times of what no command may touch."""
    found = set()
    for path in folder.rglob('*'):
        if path != work and work not in path.parents and path.is_file():
            state = path.stat()
            found.add((str(path), state.st_size, state.st_mtime_ns))
    return found


if __name__ == '__main__':
    sys.exit(main())
