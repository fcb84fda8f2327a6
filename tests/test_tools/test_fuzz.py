"""Some faulty files for every reader, and some stops of a folder run."""

import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT


def run(tool, *options):
    process = subprocess.run(
        [sys.executable, ROOT / 'tools' / tool, *map(str, options)],
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout.splitlines()


def test_no_faulty_file_is_a_fault():
    """``make fuzz`` does the same 20 times as often."""
    *rows, total = run('fuzz.py', '--count', 25)
    assert len(rows) == 1 + 19
    assert total == '475 mutations, 0 faults'


@pytest.mark.slow
def test_no_stop_loses_anything():
    """``make soak`` does the same with 300 pictures."""
    rows = run('soak.py', '--images', 120, '--kills', 3, '--full', 2)
    assert rows[0].startswith('120 results in ')
    assert rows[1] == '120 results after 3 kills: same=True'
    assert rows[2] == '120 results of two runs at once: same=True'
    assert len(rows) == 4
