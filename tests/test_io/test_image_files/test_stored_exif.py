"""Orientations are written by Pillow, and chunks as the PNG specification."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.orientation import ORIENTATION
from segrefiner_mm.io.image_files.pictures import picture_size
from segrefiner_mm.io.image_files.stored_exif import orientation_of


def stored(kind, orientation=None, side=200):
    """An image of 200 x 300 noisy pixels, so that a PNG has many chunks."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (side, side + 100, 3), dtype=np.uint8)
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


def chunks(png):
    """Kind and bytes of every chunk."""
    place, found = 8, []
    while place < len(png):
        (length,) = struct.unpack('>I', png[place : place + 4])
        end = place + 12 + length
        found.append((png[place + 4 : place + 8], png[place:end]))
        place = end
    return found


def joined(parts):
    return b'\x89PNG\r\n\x1a\n' + b''.join(part for _, part in parts)


def with_exif_behind_pixels(png):
    parts = chunks(png)
    exif = [part for part in parts if part[0] == b'eXIf']
    assert len(exif) == 1
    rest = [part for part in parts if part[0] != b'eXIf']
    return joined([*rest[:-1], *exif, rest[-1]])


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'TIFF'])
@pytest.mark.parametrize('orientation', [None, 1, 3, 6])
def test_the_orientation_is_read(kind, orientation):
    with Image.open(io.BytesIO(stored(kind, orientation))) as picture:
        assert (orientation_of(picture) or 1) == (orientation or 1)
        picture.load()  # the file is where it was


def test_exif_data_may_follow_the_pixels():
    png = with_exif_behind_pixels(stored('PNG', 6))
    assert picture_size(png).upright == (300, 200)
    assert picture_size(png).stored == (200, 300)


def test_pixels_of_a_png_are_not_decoded(monkeypatch):
    png = stored('PNG')
    assert sum(kind == b'IDAT' for kind, _ in chunks(png)) > 1
    monkeypatch.setattr(
        ImageFile.ImageFile, 'load', lambda _: pytest.fail('decoded')
    )
    for content in (png, stored('PNG', 6)):
        with Image.open(io.BytesIO(content)) as picture:
            assert orientation_of(picture) in (None, 6)


@pytest.mark.parametrize('cut', [1000, 60_000])
def test_a_png_that_was_cut_off_is_damaged(cut):
    with pytest.raises(InputError, match=r'truncated|cannot read|damaged'):
        picture_size(stored('PNG')[:-cut])


def test_a_text_behind_the_pixels_may_hold_exif_data():
    """As ImageMagick writes it: the header of Pillow's is hexadecimal."""
    parts = chunks(stored('PNG', 6))
    [exif] = [part for kind, part in parts if kind == b'eXIf']
    content = b'Exif\0\0' + exif[8:-4]
    text = f'\nexif\n{len(content):8d}\n{content.hex()}\n'.encode()
    data = b'Raw profile type exif\0\0' + zlib.compress(text)
    crc = struct.pack('>I', zlib.crc32(b'zTXt' + data))
    chunk = struct.pack('>I', len(data)) + b'zTXt' + data + crc
    rest = [part for part in parts if part[0] != b'eXIf']
    png = joined([*rest[:-1], (b'zTXt', chunk), rest[-1]])
    assert picture_size(png).upright == (300, 200)
