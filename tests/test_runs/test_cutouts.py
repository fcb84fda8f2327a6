"""Cut-outs beside refined masks."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from tests.helpers import write_folder

COMMON = ['--device', 'cpu', '--steps', '1']


@pytest.fixture
def data(tmp_path):
    return write_folder(tmp_path, 2)


def refine(*words):
    return cli.main(['refine', *map(str, words), *COMMON])


@pytest.mark.slow
def test_a_folder_gets_cut_outs_and_resumes(data, capsys):
    pytest.importorskip('pymatting')
    words = data / 'images', data / 'masks', '-o', data / 'out', '--alpha'
    assert refine(*words) == 0
    for name in ('000.png', '001.png'):
        mask = cv2.imread(str(data / 'out' / name), 0)
        path = data / 'out' / 'cutouts' / name
        cut = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert cut.shape == (*mask.shape, 4)
        # Away from the edge alpha is the mask.
        kernel = np.ones((13, 13), np.uint8)
        sure = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, kernel) == 0
        np.testing.assert_array_equal(cut[sure][:, 3], mask[sure])
    path.unlink()
    capsys.readouterr()
    assert refine(*words) == 0
    assert path.exists()
    assert '1 done before' in capsys.readouterr().out


@pytest.mark.slow
def test_a_pair_gets_one_beside_the_mask(data):
    pytest.importorskip('pymatting')
    image, mask = data / 'images' / '000.jpg', data / 'masks' / '000.png'
    words = image, mask, '-o', data / 'new.png', '--alpha', '--alpha-band', 6
    assert refine(*words) == 0
    path = data / 'new_cutout.png'
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[2] == 4


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--alpha-band', '4'], '--alpha-band needs --alpha'),
        (['--alpha', '--alpha-band', '0'], '1 pixel or more'),
        (['--alpha', '--labels'], '--alpha is for masks'),
    ],
)
def test_mistakes_are_told_and_leave_nothing(data, options, message, capsys):
    words = data / 'images', data / 'masks', '-o', data / 'out', *options
    assert refine(*words) == 2
    assert message in capsys.readouterr().err
    assert not (data / 'out').exists()
