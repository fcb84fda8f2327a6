"""The benchmark as a user runs it, on two drawn objects."""

import re
import subprocess
import sys

import cv2
import pytest

from tests.helpers import ROOT, write_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def table(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp('data'), 2)
    masks = tmp_path_factory.mktemp('predicted')
    # A model has seen the first object only, and that rightly.
    first = sorted((folder / 'masks').iterdir())[0]
    cv2.imwrite(str(masks / first.name), cv2.imread(str(first)))
    process = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'benchmark_quality.py'),
            *(folder, '--device', 'cpu', '--steps', '2'),
            *('--kinds', 'perfect', 'elastic', 'superpixels'),
            *('--predicted', f'some_model={masks}'),
        ],
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    rows = {}
    listed = [n for n in process.stdout.splitlines() if n.startswith('|')]
    for line in listed[2:]:  # below the head of the table
        kind, method, *cells = (c.strip() for c in line.split('|')[1:-1])
        n, coarse, *gains, harmed, changed, seconds = cells
        first = [float(re.match(r'[-+.\d]+', gain)[0]) for gain in gains]
        figures = [int(n), float(coarse.split(' / ')[0]), *first]
        figures += [float(harmed), float(changed), float(seconds)]
        rows[kind.rstrip(' *'), method] = figures
    return rows


METHODS = {'guarded', 'no guard', 'GrabCut', 'guided filter'}


def test_every_kind_by_every_method(table):
    kinds, methods = (set(names) for names in zip(*table, strict=True))
    means = {'mean but perfect', 'mean of those'}
    assert kinds == {
        'some_model',
        'perfect',
        'elastic',
        'superpixels',
        *means,
    }
    assert methods == METHODS


def test_figures_are_gains(table):
    for method in METHODS:
        assert table['perfect', method][1] == 100
        assert table['perfect', method][2] <= 0
        assert 50 < table['elastic', method][1] < 100
    # Only one mask of the model is there, and it is perfect.
    assert table['some_model', 'GrabCut'][:2] == [1, 100]
    rows = [table[kind, 'GrabCut'] for kind in ('elastic', 'superpixels')]
    means = [sum(column) / 2 for column in zip(*rows, strict=True)]
    # Of the kinds in this table all but the perfect masks have a star.
    stars = table['mean of those', 'GrabCut']
    assert stars[0] == 4
    assert stars[2:5] == pytest.approx(means[2:5], abs=0.011)
