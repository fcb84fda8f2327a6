"""Damaged files are done or refused by name; a fault would be found."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import ROOT

TOOL = ROOT / 'tools' / 'fuzz.py'

needs_fork = pytest.mark.skipif(
    not hasattr(os, 'fork'), reason='workers are forked'
)


def fuzz(*options):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, options)],
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONWARNINGS='ignore'),
        capture_output=True,
        text=True,
        timeout=300,
    )


@needs_fork
def test_no_reader_has_a_fault():
    process = fuzz('--count', 25)
    assert process.returncode == 0, process.stdout + process.stderr
    assert '400 damaged files, 0 faults' in process.stdout
    rows = process.stdout.splitlines()[1:17]
    counts = {row.split()[0]: list(map(int, row.split()[1:4])) for row in rows}
    assert all(sum(own) == 25 for own in counts.values())
    # Journals are not refused: what they say is not believed, and done again.
    refused = {name for name, own in counts.items() if own[1]}
    assert counts.keys() - refused == {'run-journal', 'prediction-journal'}
    assert sum(own[0] for own in counts.values()) > 50


@pytest.fixture
def worker(monkeypatch):
    """The module of the workers, with little patience."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    from fuzzing import worker

    monkeypatch.setattr(worker, 'MOST_SECONDS', 0.5)
    return worker


def says(text, status):
    def run(argv):
        print(text, file=sys.stderr)
        return status

    return run


def exits(argv):
    raise SystemExit(3)


def raises(argv):
    raise KeyError('segmentation')


@pytest.mark.parametrize(
    ('command', 'kind', 'text'),
    [
        (says('segrefiner: error: a.json: bad', 2), 'refused', 'bad'),
        (says('done', 0), 'ok', ''),
        (says('segrefiner: error: bad', 2), 'FAULT', 'does not name a.json'),
        (says('segrefiner: error: a.json: KeyError', 2), 'FAULT', 'KeyError'),
        (says('a.json', 2), 'FAULT', '2 and 0 errors'),
        (says('segrefiner: error: a.json', 0), 'FAULT', '0 and 1 errors'),
        (says('Traceback (most recent', 2), 'FAULT', 'traceback'),
        (exits, 'FAULT', 'ends with 3'),
        (raises, 'FAULT', 'KeyError at test_fuzz.py'),
    ],
)
def test_what_a_fault_is(worker, monkeypatch, command, kind, text):
    monkeypatch.setattr(worker.cli, 'main', command)
    found, why = worker.judge(worker.Trial([], 'a.json'))
    assert found == kind
    assert text in why


def test_an_output_must_be_there(worker, monkeypatch, tmp_path):
    monkeypatch.setattr(worker.cli, 'main', says('', 0))
    out = tmp_path / 'out.json'
    trial = worker.Trial([], 'a.json', out)
    assert worker.judge(trial)[0] == 'FAULT'
    out.write_text('[]')
    assert worker.judge(trial)[0] == 'ok'


@needs_fork
def test_crashes_and_hangs_are_named(worker, monkeypatch, tmp_path):
    """The others of the same batch are judged all the same."""
    if not Path('/proc/self/statm').exists():
        pytest.skip('this system does not tell what a process takes')
    monkeypatch.setattr(worker, 'MOST_RSS', worker._rss(os.getpid()) + 2**28)

    def reader(base, work, rng):
        kind = int(rng.random() * 4)
        return worker.Trial([str(kind)], 'a.json')

    def run(argv):
        if argv == ['1']:
            os.kill(os.getpid(), signal.SIGKILL)
        if argv == ['2']:
            time.sleep(60)
        if argv == ['3']:
            bytearray(b'x') * 2**29
            time.sleep(60)
        return 0

    monkeypatch.setattr(worker.cli, 'main', run)
    monkeypatch.setitem(worker.READERS, 'planted', reader)
    seeds = {}
    for seed in range(100):
        kind = int(worker.random.Random(seed).random() * 4)
        seeds.setdefault(kind, seed)
    order = [seeds[kind] for kind in (0, 1, 0, 2, 3, 0)]
    found = list(worker.verdicts('planted', tmp_path, tmp_path / 'w', order))
    assert [seed for seed, _ in found] == order
    kinds = [verdict.kind for _, verdict in found]
    assert kinds == ['ok', 'FAULT', 'ok', 'FAULT', 'FAULT', 'ok']
    texts = [verdict.text for _, verdict in found]
    assert 'crashes: exit status -9' in texts[1]
    assert 'hangs' in texts[3]
    assert 'takes more than' in texts[4]
