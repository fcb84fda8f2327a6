"""The benchmark as a user runs it, on two drawn objects."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT, write_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def table(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp('data'), 2)
    process = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'benchmark_quality.py'),
            *(folder, '--device', 'cpu', '--steps', '2'),
            *('--kinds', 'perfect', 'elastic', 'superpixels'),
        ],
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    rows = {}
    for line in process.stdout.splitlines()[4:]:
        kind, method, *figures = (c.strip() for c in line.split('|')[1:-1])
        rows[kind.rstrip(' *'), method] = [float(f) for f in figures]
    return rows


def test_every_kind_with_and_without_guard_and_by_grabcut(table):
    kinds, methods = (set(names) for names in zip(*table, strict=True))
    means = {'mean but perfect', 'mean of those'}
    assert kinds == {'perfect', 'elastic', 'superpixels', *means}
    assert methods == {'guarded', 'no guard', 'GrabCut'}


def test_figures_are_gains(table):
    for method in ('guarded', 'no guard', 'GrabCut'):
        assert table['perfect', method][0] == 100
        assert table['perfect', method][1] <= 0
        assert 50 < table['elastic', method][0] < 100
    rows = [table[kind, 'GrabCut'] for kind in ('elastic', 'superpixels')]
    means = [sum(column) / 2 for column in zip(*rows, strict=True)]
    # Of the kinds in this table all but the perfect masks have a star.
    for name in ('mean but perfect', 'mean of those'):
        assert table[name, 'GrabCut'] == pytest.approx(means, abs=0.011)
