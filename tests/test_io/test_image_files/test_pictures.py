"""Which files are pictures; written by Pillow, OpenCV, or byte by byte."""

import sys
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.pictures import (
    read_deep_colour,
    read_picture,
)
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.limits import set_max_pixels

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
EPS = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 30 20\nshowpage\n%%EOF\n'


@pytest.mark.parametrize(
    'name', ['a.bmp', 'a.gif', 'a.jpg', 'a.png', 'a.ppm', 'a.tif', 'a.webp']
)
def test_what_is_meant_is_read_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    Image.fromarray(RGB).save(path)
    assert read_picture(path).size == (30, 20)
    assert read_picture(path.rename(tmp_path / 'other.dat')).size == (30, 20)


@pytest.mark.parametrize('name', ['a.jpg', 'a.eps', 'a.png'])
def test_no_other_program_is_started(tmp_path, name, monkeypatch):
    """Pillow gives an EPS to Ghostscript, by its content."""
    started = []
    sys.addaudithook(
        lambda event, _: (
            started.append(event) if event == 'subprocess.Popen' else None
        )
    )
    (tmp_path / name).write_bytes(EPS)
    with pytest.raises(InputError, match='not an image that can be read'):
        load_image(tmp_path / name)
    assert started == []


@pytest.mark.parametrize('kind', ['ICO', 'SGI', 'TGA', 'JPEG2000', 'PCX'])
def test_other_formats_are_refused_by_name(tmp_path, kind):
    content = BytesIO()
    try:
        Image.fromarray(RGB).save(content, kind)
    except (KeyError, OSError):
        pytest.skip(f'Pillow cannot write {kind} here')
    (tmp_path / 'a.png').write_bytes(content.getvalue())
    with pytest.raises(InputError, match=r'a\.png'):
        read_picture(tmp_path / 'a.png')


@pytest.mark.parametrize('kind', ['GIF', 'PNG', 'TIFF', 'WEBP'])
def test_a_second_page_is_not_dropped_from_a_mask(tmp_path, kind):
    path = tmp_path / 'a.tif'
    pages = [Image.fromarray(RGB[..., i]) for i in (0, 1)]
    pages[0].save(path, kind, save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match=r'a\.tif has several pages'):
        read_picture(path, one_page=True)
    assert read_picture(path).size == (30, 20)  # an image is its first page
    pages[0].save(path, kind)
    assert read_picture(path, one_page=True).size == (30, 20)


def test_the_limit_can_be_moved(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(RGB).save(path)
    set_max_pixels(599)
    try:
        for read in (read_picture, read_deep_colour):
            with pytest.raises(InputError, match=r'a\.png is 30 x 20.*599'):
                read(path)
        set_max_pixels(600)
        assert read_picture(path).size == (30, 20)
    finally:
        set_max_pixels(None)


def test_pictures_that_pillow_calls_bombs_have_a_way(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    Image.fromarray(RGB).save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)
    assert read_picture(path).size == (30, 20)
    assert Image.MAX_IMAGE_PIXELS == 10  # of others, and as it was


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    """A header that asks for 10,000 megapixels, and no pixels."""
    Image.fromarray(RGB).save(tmp_path / 'a.bmp')
    content = bytearray((tmp_path / 'a.bmp').read_bytes())
    content[18:26] = np.array([100_000, 100_000], '<u4').tobytes()
    (tmp_path / 'a.bmp').write_bytes(content)
    with pytest.raises(InputError, match=r'a\.bmp is 100000 x 100000'):
        load_image(tmp_path / 'a.bmp')


@pytest.mark.parametrize('suffix', ['png', 'tif'])
@pytest.mark.parametrize('channels', [3, 4])
def test_colours_of_16_bits_are_scaled_as_grey_is(tmp_path, suffix, channels):
    """12 bits in 16; an alpha of 65,535 says nothing about the rest."""
    stored = np.full((20, 30, channels), 65_535, np.uint16)
    stored[..., :3] = RGB[..., ::-1].astype(np.uint16) * 16
    path = tmp_path / f'a.{suffix}'
    cv2.imwrite(str(path), stored)
    np.testing.assert_array_equal(load_image(path), RGB[..., ::-1])
    with pytest.raises(InputError, match='16 bits per colour'):
        read_picture(path)  # as a mask, of which Pillow would lose 8


@pytest.mark.parametrize('orientation', range(1, 9))
def test_deep_colours_are_turned_as_others_are(tmp_path, orientation):
    """As Pillow turns the same pixels with 8 bits."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = BytesIO()
    Image.fromarray(RGB).save(content, 'PNG', exif=exif)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(content)))
    chunk = _chunk(content.getvalue(), b'eXIf')
    deep = cv2.imencode('.png', RGB[..., ::-1].astype(np.uint16) * 257)[1]
    deep = deep.tobytes()
    (tmp_path / 'a.png').write_bytes(deep[:33] + chunk + deep[33:])
    found = load_image(tmp_path / 'a.png')
    np.testing.assert_array_equal(found, shown[..., ::-1])
    # A mask of the stored size wins.
    found = load_image(tmp_path / 'a.png', (20, 30))
    if orientation >= 5:
        np.testing.assert_array_equal(found, RGB[..., ::-1])


def _chunk(png, name):
    """A chunk of a PNG, with its length and checksum."""
    start = png.index(name) - 4
    length = int.from_bytes(png[start : start + 4], 'big')
    return png[start : start + 12 + length]


def test_floating_point_images_are_refused_by_name(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.tif'), RGB[..., 0].astype(np.float32))
    with pytest.raises(InputError, match=r'a\.tif: .*floating-point'):
        load_image(tmp_path / 'a.tif')
