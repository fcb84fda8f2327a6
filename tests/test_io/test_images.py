"""Pictures of every kind, written here by PIL, which is not what reads
arrays; expected values are the pixels that were written.
"""

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import check_same_size, load_image, save_mask

RGB = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
BGR = RGB[..., ::-1]


def test_colour(tmp_path):
    Image.fromarray(RGB).save(tmp_path / 'a.png')
    for source in (tmp_path / 'a.png', str(tmp_path / 'a.png')):
        assert np.array_equal(load_image(source), BGR)
    assert np.array_equal(load_image(Image.fromarray(RGB)), BGR)
    assert np.array_equal(load_image(BGR), BGR)


def test_grey(tmp_path):
    Image.fromarray(RGB[..., 0]).save(tmp_path / 'a.png')
    expected = np.repeat(RGB[..., :1], 3, axis=2)
    assert np.array_equal(load_image(tmp_path / 'a.png'), expected)
    assert np.array_equal(load_image(RGB[..., 0]), expected)
    assert np.array_equal(load_image(RGB[..., :1]), expected)


def test_alpha_is_dropped(tmp_path):
    rgba = np.dstack([RGB, np.zeros((5, 7), np.uint8)])
    Image.fromarray(rgba).save(tmp_path / 'a.png')
    assert np.array_equal(load_image(tmp_path / 'a.png'), BGR)
    assert np.array_equal(load_image(rgba[..., [2, 1, 0, 3]]), BGR)


def test_16_bit(tmp_path):
    values = np.array([[0, 256, 65535], [511, 512, 40000]], np.uint16)
    Image.fromarray(values).save(tmp_path / 'a.png')
    expected = np.repeat((values // 256).astype(np.uint8)[..., None], 3, 2)
    assert np.array_equal(load_image(tmp_path / 'a.png'), expected)
    assert np.array_equal(load_image(values), expected)


def test_palette(tmp_path):
    picture = Image.fromarray(RGB).quantize(4)
    picture.save(tmp_path / 'a.png')
    expected = np.asarray(picture.convert('RGB'))[..., ::-1]
    assert np.array_equal(load_image(tmp_path / 'a.png'), expected)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_rotation_follows_the_mask(tmp_path, orientation):
    """Turned as a viewer shows it, unless the mask has the stored size."""
    picture, exif = Image.fromarray(RGB), Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / 'a.png', exif=exif)
    upright = load_image(tmp_path / 'a.png')
    turned = orientation >= 5
    assert upright.shape[:2] == ((7, 5) if turned else (5, 7))
    if turned:
        shown = load_image(tmp_path / 'a.png', (7, 5))
        assert np.array_equal(shown, upright)
        stored = load_image(tmp_path / 'a.png', (5, 7))
        assert np.array_equal(stored, BGR)


def test_read_only_arrays():
    image = BGR.copy()
    image.flags.writeable = False
    loaded = load_image(image)
    assert loaded.flags.writeable
    assert np.array_equal(loaded, BGR)


def test_unwritable_places(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='cannot write'):
        save_mask(tmp_path / 'file' / 'mask.png', np.ones((2, 2), bool))
    (tmp_path / 'folder.png').mkdir()
    with pytest.raises(InputError, match='cannot write'):
        save_mask(tmp_path / 'folder.png', np.ones((2, 2), bool))
    assert sorted(p.name for p in tmp_path.iterdir()) == ['file', 'folder.png']


def test_one_pixel():
    assert load_image(np.zeros((1, 1, 3), np.uint8)).shape == (1, 1, 3)


def test_sizes_must_agree():
    with pytest.raises(InputError, match=r'7 x 5, but its mask is 9 x 8'):
        load_image(BGR, (8, 9))


def test_sizes_are_compared_before_anything_is_decoded(tmp_path):
    image, mask = tmp_path / 'image.png', tmp_path / 'mask.png'
    Image.fromarray(BGR).save(image)
    save_mask(mask, np.ones((700, 90), bool))
    mask.write_bytes(mask.read_bytes()[:48])  # a header, and no pixels
    with pytest.raises(InputError, match=r'7 x 5, but its mask is 90 x 700'):
        check_same_size(image, mask)
    check_same_size(BGR, mask)  # not a file: load_image compares
    check_same_size(image, tmp_path / 'mask.npy')


def test_missing(tmp_path):
    with pytest.raises(InputError, match=r'no such file: .*a\.png'):
        load_image(tmp_path / 'a.png')


@pytest.mark.parametrize('suffix', ['png', 'jpg', 'bmp', 'tif'])
@pytest.mark.parametrize('part', [0.0, 0.1, 0.7])
def test_truncated_files(tmp_path, suffix, part):
    path = tmp_path / f'a.{suffix}'
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)
    Image.fromarray(noise).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match=r'a\.'):
        load_image(path)


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_wrong_arrays(array):
    with pytest.raises(InputError, match='image array must be'):
        load_image(array)


def test_wrong_type():
    with pytest.raises(InputError, match='got int'):
        load_image(3)


@pytest.mark.parametrize('suffix', ['png', 'bmp', 'tif'])
def test_masks_are_written_whole_and_lossless(tmp_path, suffix):
    mask = np.random.default_rng(0).random((20, 30)) > 0.5
    path = tmp_path / 'new' / f'mask.{suffix}'
    save_mask(path, mask)
    assert np.array_equal(np.asarray(Image.open(path)), mask * 255)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
