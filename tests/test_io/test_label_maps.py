"""Label maps in and out; expected values are the numbers that were written."""

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from segrefiner_mm.io.image_files.webp import is_lossy_webp
from segrefiner_mm.io.label_maps import (
    LabelMap,
    encode_label_map,
    has_32_bits,
    read_label_map,
)

RAW = [0, 1, 2, 255]
IDS = {
    'uint8': RAW,
    'uint16': [*RAW, 65_535],
    'int16': [*RAW, -1, -32_768],
    'int8': [0, 1, 2, -1],
    'int32': [*RAW, -1, 65_536, 70_000, 2**31 - 1, -(2**31)],
    'uint32': [*RAW, 65_536, 2**31 - 1],
}


def tiff(array, sample_format):
    """An uncompressed TIFF, byte by byte: Pillow cannot write all of them."""
    height, width = array.shape
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8 * array.itemsize),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, array.nbytes),
        (339, 3, sample_format),
    ]
    content = array.astype(array.dtype.newbyteorder('<')).tobytes()
    table = len(entries).to_bytes(2, 'little')
    for tag, kind, value in entries:
        table += tag.to_bytes(2, 'little') + kind.to_bytes(2, 'little')
        table += (1).to_bytes(4, 'little') + value.to_bytes(4, 'little')
    start = (8 + len(content)).to_bytes(4, 'little')
    return b'II*\0' + start + content + table + b'\0\0\0\0'


@pytest.mark.parametrize('dtype', IDS)
def test_tiffs_of_every_kind_of_number(tmp_path, dtype):
    ids = np.array([IDS[dtype]], dtype)
    path = tmp_path / 'a.tif'
    path.write_bytes(tiff(ids, 2 if dtype.startswith('int') else 1))
    labels, palette, place = read_label_map(path)
    assert labels.tolist() == [IDS[dtype]]
    assert palette is None
    assert place is None
    assert has_32_bits(path) == (dtype in ('int16', 'int32', 'uint32'))


def test_what_32_bits_cannot_hold_is_refused(tmp_path):
    path = tmp_path / 'a.tif'
    path.write_bytes(tiff(np.array([[2**31, 0]], np.uint32), 1))
    with pytest.raises(InputError, match=r'a\.tif has labels from 0 to 2147'):
        read_label_map(path)
    np.save(tmp_path / 'a.npy', np.array([[2**40, 0]]))
    with pytest.raises(InputError, match=r'a\.npy has labels from 0 to 1099'):
        read_label_map(tmp_path / 'a.npy')


@pytest.mark.parametrize('ids', [IDS['int32'], IDS['uint16'], RAW])
def test_they_come_back_exactly(tmp_path, ids):
    labels = np.array([ids], np.int32)
    path = tmp_path / 'a.tif'
    path.write_bytes(encode_label_map(path, LabelMap(labels)))
    np.testing.assert_array_equal(read_label_map(path).labels, labels)
    assert np.asarray(Image.open(path)).dtype == np.int32
    path = tmp_path / 'a.png'
    if min(ids) >= 0 and max(ids) <= 65_535:
        path.write_bytes(encode_label_map(path, LabelMap(labels)))
        np.testing.assert_array_equal(read_label_map(path).labels, labels)
    else:
        with pytest.raises(InputError, match=r'a\.png cannot hold labels'):
            encode_label_map(path, LabelMap(labels))


@pytest.mark.parametrize(
    ('name', 'options'),
    [('a.jpg', {}), ('a.png', {}), ('a.tif', dict(compression='jpeg'))],
)
def test_jpeg_is_refused_with_the_reason(tmp_path, name, options):
    """By its content: 4 labels become dozens."""
    labels = np.repeat(np.arange(4, dtype=np.uint8) * 60, 24).reshape(4, 24)
    labels = np.kron(labels, np.ones((6, 1), np.uint8))
    kind = 'TIFF' if options else 'JPEG'
    Image.fromarray(labels).save(tmp_path / name, kind, **options)
    with pytest.raises(InputError, match='such as JPEG, changes numbers'):
        read_label_map(tmp_path / name)


@pytest.mark.parametrize('exif', [{}, dict(exif=b'Exif\0\0MM\0*\0\0\0\x08')])
def test_webp_is_read_if_it_is_lossless(tmp_path, exif):
    """With EXIF data, the image is not the first chunk of the file."""
    labels = np.kron(np.arange(4, dtype=np.uint8), np.ones((8, 6), np.uint8))
    grey = Image.fromarray(np.stack([labels * 60] * 3, axis=2))
    grey.save(tmp_path / 'a.png', 'WEBP', lossless=True, **exif)
    assert not is_lossy_webp(tmp_path / 'a.png')
    ids = read_segment_ids(tmp_path / 'a.png')
    np.testing.assert_array_equal(ids, labels * np.int32(60 * 0x10101))
    grey.save(tmp_path / 'a.png', 'WEBP', quality=50, **exif)
    with pytest.raises(InputError, match='changes numbers'):
        read_segment_ids(tmp_path / 'a.png')


def test_palettes(tmp_path):
    labels = np.array([[0, 1, 2]], np.uint8)
    picture = Image.fromarray(labels)
    colours = [0, 0, 0, 128, 0, 0, 0, 128, 0]
    picture.putpalette(colours)
    picture.save(tmp_path / 'a.png')
    found = read_label_map(tmp_path / 'a.png')
    assert found.labels.tolist() == labels.tolist()
    assert found.palette[:9] == colours


def test_numpy_files(tmp_path):
    labels = np.array([[0, -1, 70_000]])
    np.save(tmp_path / 'a.npy', labels)
    np.savez(tmp_path / 'a.npz', labels)
    for name in ('a.npy', 'a.npz'):
        found = read_label_map(tmp_path / name).labels
        np.testing.assert_array_equal(found, labels)
    np.save(tmp_path / 'a.npy', labels.astype(float))
    with pytest.raises(InputError, match='2-d array of whole numbers'):
        read_label_map(tmp_path / 'a.npy')


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'F', 'CMYK'])
def test_other_pictures_are_no_label_maps(tmp_path, mode):
    Image.new(mode, (4, 3)).save(tmp_path / 'a.tif')
    with pytest.raises(InputError, match=rf'a\.tif.*mode {mode}'):
        read_label_map(tmp_path / 'a.tif')
