"""The tool as a user runs it."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.helpers import ROOT, iou, write_folder

TOOL = ROOT / 'tools' / 'dataset_tools' / 'gen_coarse_masks.py'


def run(*options):
    return subprocess.run(
        [sys.executable, TOOL, *map(str, options)],
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def masks(tmp_path):
    return write_folder(tmp_path, 5) / 'masks'


def read(folder):
    return {
        path.name: cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        for path in sorted(folder.iterdir())
    }


def test_two_masks_each_whatever_the_number_of_processes(masks, tmp_path):
    ring = np.zeros((300, 300), np.uint8)
    cv2.circle(ring, (150, 150), 110, 255, 40)
    cv2.imwrite(str(masks / '000.png'), ring)
    one, two = tmp_path / 'one', tmp_path / 'two'
    assert run(masks, one, '--jobs', 1, '--mode', 'diverse').returncode == 0
    assert run(masks, two, '--jobs', 2, '--mode', 'diverse').returncode == 0
    first, second = read(one), read(two)
    assert len(first) == 10
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[n], second[n]) for n in first)
    for name, coarse in first.items():
        assert set(np.unique(coarse)) == {0, 255}
        true = cv2.imread(str(masks / f'{name[:3]}.png'), 0)
        assert iou(coarse > 0, true > 0) > 0.2
    changed = [
        first[f'{n:03d}_0.png'] != first[f'{n:03d}_1.png'] for n in (0, 4)
    ]
    assert all(difference.any() for difference in changed)
    # The second one is made from the mask with its hole filled.
    hole = np.s_[120:180, 120:180]
    assert first['000_1.png'][hole].mean() > first['000_0.png'][hole].mean()


def test_it_goes_on_where_it_was_stopped(masks, tmp_path):
    out = tmp_path / 'out'
    run(masks, out)
    kept = out / '001_0.png'
    kept.write_bytes(b'mine')
    (out / '003_1.png').unlink()
    process = run(masks, out)
    assert process.returncode == 0
    assert '4 were there already' in process.stderr
    assert '1 done' in process.stdout
    assert kept.read_bytes() == b'mine'
    assert (out / '003_1.png').is_file()
    assert run(masks, out, '--overwrite').returncode == 0
    assert kept.read_bytes() != b'mine'


def test_bad_masks_are_named_and_the_rest_is_done(masks, tmp_path):
    (masks / '001.png').write_bytes(b'broken')
    cv2.imwrite(str(masks / '002.png'), np.zeros((50, 50), np.uint8))
    process = run(masks, tmp_path / 'out')
    assert process.returncode == 1
    assert '001.png' in process.stderr
    assert '002.png' in process.stderr
    assert '3 done, 2 failed' in process.stdout
    assert 'Traceback' not in process.stderr


def test_nothing_can_be_done(masks, tmp_path):
    for folder in (tmp_path / 'nowhere', tmp_path):
        process = run(folder, tmp_path / 'out')
        assert process.returncode == 2
        assert str(folder) in process.stderr
        assert 'Traceback' not in process.stderr
