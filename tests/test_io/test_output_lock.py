"""Locks between processes of their own, one of which is killed."""

import subprocess
import sys

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import partial_prefix
from segrefiner_mm.io.output_lock import OutputLock
from tests.helpers import ROOT

HOLD = """
import sys, time
from pathlib import Path
from segrefiner_mm.io.output_lock import OutputLock
with OutputLock(Path(sys.argv[1]), sys.argv[2] == 'folder'):
    print('locked', flush=True)
    time.sleep(100)
"""


def hold(out, kind):
    process = subprocess.Popen(
        [sys.executable, '-c', HOLD, str(out), kind],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == 'locked\n'
    return process


@pytest.mark.parametrize('kind', ['folder', 'file'])
def test_the_second_is_refused_by_the_name_of_the_first(tmp_path, kind):
    out = tmp_path / 'out'
    first = hold(out, kind)
    try:
        with (
            pytest.raises(InputError, match=f'process {first.pid} on '),
            OutputLock(out, kind == 'folder'),
        ):
            pass
        with OutputLock(tmp_path / 'other', kind == 'folder'):
            pass  # is another output
    finally:
        first.kill()
        first.wait()
    # Nobody holds it any more, though its file is still there.
    folder = out if kind == 'folder' else tmp_path
    assert len(list(folder.glob('.segrefiner-*lock'))) == 1
    with OutputLock(out, kind == 'folder'):
        pass
    assert not list(folder.glob('.segrefiner-*lock'))


def test_what_a_killed_run_left_is_removed(tmp_path):
    mask, other = tmp_path / 'below' / 'a.png', tmp_path / 'b.png'
    mask.parent.mkdir()
    left = [
        p.with_name(f'{partial_prefix(p)}1.partial') for p in (mask, other)
    ]
    for path in left:
        path.write_text('half')
    with OutputLock(mask, is_folder=False):
        assert [path.exists() for path in left] == [False, True]
    with OutputLock(tmp_path, is_folder=True):
        assert [path.exists() for path in left] == [False, False]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('')
    with (
        pytest.raises(InputError, match='cannot write'),
        OutputLock(tmp_path / 'file', is_folder=True),
    ):
        pass
    with OutputLock(tmp_path / 'new' / 'out.png', is_folder=False):
        pass
    assert list((tmp_path / 'new').iterdir()) == []
