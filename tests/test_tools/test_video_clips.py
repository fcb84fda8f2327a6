"""The clips of the benchmark: what is said of them must be true."""

import subprocess
import sys

import cv2
import pytest

from tests.helpers import ROOT, write_folder

pytestmark = pytest.mark.slow


def test_the_benchmark_measures_drawn_clips(tmp_path):
    """Three clips: a camera, an object, and a cut, which has to be found."""
    folder = write_folder(tmp_path, 12)
    for number, path in enumerate(sorted((folder / 'images').iterdir())):
        # A cut between pictures of the same colours could be motion.
        colours = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2HSV)
        colours[..., 0] = 50 * number % 180
        colours[..., 1] = 200
        picture = cv2.cvtColor(colours, cv2.COLOR_HSV2BGR)
        cv2.imwrite(str(path), picture)
    process = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'benchmark_video.py', folder),
            *('--clips', '3', '--frames', '4', '--device', 'cpu'),
            *('--runtime', 'torch'),
        ],
        env={'PYTHONPATH': str(ROOT), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    rows = [line for line in process.stdout.splitlines() if ' yes |' in line]
    assert len(rows) == 3, process.stdout
    assert '| mean |' in process.stdout
