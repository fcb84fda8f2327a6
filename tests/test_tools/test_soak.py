"""Runs that are killed or have no room end like undisturbed ones."""

import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, 'fork'), reason='runs are forked')
def test_kills_and_full_disks():
    process = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'soak.py', '--count', '30'),
            *('--kills', '3', '--full', '3'),
        ],
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONWARNINGS='ignore'),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert '3 kills' in process.stdout
    assert '3 moments' in process.stdout
    assert 'the other was refused' in process.stdout


@pytest.fixture
def runs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    from soaking import runs

    return runs


def test_what_is_checked(runs, tmp_path):
    """Another byte, a result less and a file more are faults."""
    expected = {'a.png': b'1', 'b.png': b'2'}
    (tmp_path / '.segrefiner-run.jsonl').write_text('')
    (tmp_path / 'a.png').write_bytes(b'1')
    assert runs.check(tmp_path, expected) == {'a.png': b'1'}
    with pytest.raises(runs.SoakError, match='1 of 2'):
        runs.check_all(tmp_path, expected)
    (tmp_path / 'b.png').write_bytes(b'2')
    runs.check_all(tmp_path, expected)
    (tmp_path / '.segrefiner-x.partial').write_text('')
    with pytest.raises(runs.SoakError, match=r'left behind: .*partial'):
        runs.check_all(tmp_path, expected)
    (tmp_path / 'b.png').write_bytes(b'')
    with pytest.raises(runs.SoakError, match=r'another result: b\.png'):
        runs.check(tmp_path, expected)
