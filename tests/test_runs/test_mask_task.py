"""What a run over pairs refuses, and what it says of one mask."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import MaskOptions, RefinerOptions, refine_folder
from segrefiner_mm.cli import main as cli
from tests.helpers import write_folder

FAST = RefinerOptions(device='cpu', steps=1, runtime='torch')


@pytest.fixture
def data(tmp_path):
    return write_folder(tmp_path, 1)


def refine(data, mask, *options):
    words = 'refine', data / 'images' / '000.jpg', mask
    words += '-o', data / 'out.png', '--device', 'cpu', '--steps', 1
    return cli.main([str(word) for word in (*words, *options)])


def test_a_file_of_several_masks_is_refused(data, capsys):
    path = data / 'masks.npy'
    np.save(path, np.ones((2, 96, 128), bool))
    assert refine(data, path) == 2
    printed = capsys.readouterr().err
    assert 'holds 2 masks, but a result holds one' in printed
    assert not (data / 'out.png').exists()


@pytest.mark.parametrize(
    ('part', 'message'),
    [
        (None, 'too small, too thin, empty or full'),
        ('0,0,4,4', 'the part that may change needs no change'),
    ],
)
def test_why_a_mask_is_kept_is_said(data, part, message, capsys):
    mask = data / 'masks' / '000.png'
    if part is None:
        cv2.imwrite(str(mask), np.zeros((96, 128), np.uint8))
    only = () if part is None else ('--only', part)
    assert refine(data, mask, *only) == 0
    assert f'kept as it is: {message}' in capsys.readouterr().out


def test_a_mask_of_noise_is_left_as_it_is(data, capsys):
    """No refinement of a mask without an object can be trusted."""
    rng = np.random.default_rng(0)
    image = np.full((96, 128, 3), 90, np.uint8)
    cv2.imwrite(str(data / 'images' / '000.jpg'), image)
    noise = (rng.random((12, 16)) < 0.5).astype(np.uint8) * 255
    mask = data / 'noise.png'
    cv2.imwrite(
        str(mask),
        cv2.resize(noise, (128, 96), interpolation=cv2.INTER_NEAREST),
    )
    assert refine(data, mask) == 0
    printed = capsys.readouterr().out
    assert 'as it is' in printed
    before, after = (
        cv2.imread(str(path), 0) for path in (mask, data / 'out.png')
    )
    np.testing.assert_array_equal(before, after)


def test_folders_without_a_pair_are_refused(data, tmp_path):
    (tmp_path / 'other').mkdir()
    path = tmp_path / 'other' / 'x.png'
    (data / 'masks' / '000.png').rename(path)
    folders = data / 'images', tmp_path / 'other', data / 'out'
    with pytest.raises(ValueError, match='has a mask of the same name'):
        refine_folder(*folders, MaskOptions(), FAST)
    assert not (data / 'out').exists()
