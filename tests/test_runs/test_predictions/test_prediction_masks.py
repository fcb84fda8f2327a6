"""The size of masks, and polygons that reach outside it."""

import io
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.runs.predictions import prediction_masks
from segrefiner_mm.runs.predictions.prediction_masks import (
    open_entry,
    with_images,
)

UPRIGHT, STORED = (240, 320), (320, 240)


def box(x1, y1, x2, y2):
    return [[x1, y1, x2, y1, x2, y2, x1, y2]]


@pytest.fixture
def folder(tmp_path):
    """An upright picture, and one that lies on its side."""
    picture = np.zeros((*UPRIGHT, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / 'plain.jpg')
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(picture)))
    lying.save(tmp_path / 'lying.jpg', exif=exif.tobytes())
    return tmp_path


def small_picture():
    content = io.BytesIO()
    Image.new('RGB', (8, 6)).save(content, 'PNG')
    return content.getvalue()


def open_masks(folder, name, size, *masks):
    """The opened entry, and what was said of masks."""
    entry = ImageEntry('1', name, size, dict(enumerate(masks)))
    [found] = with_images([entry], ImageFinder(folder))
    failed, notes = {}, {}
    opened = open_entry(found, failed.__setitem__, notes.__setitem__)
    return opened, failed, notes


WIDE = box(200, 60, 290, 180)  # fits the upright picture alone
SMALL = box(20, 20, 90, 90)  # fits both


@pytest.mark.parametrize(
    ('name', 'size', 'mask', 'chosen'),
    [
        ('plain.jpg', UPRIGHT, WIDE, UPRIGHT),
        ('plain.jpg', None, WIDE, UPRIGHT),
        ('plain.jpg', STORED, WIDE, UPRIGHT),  # sides swapped in the json
        ('lying.jpg', UPRIGHT, WIDE, UPRIGHT),
        ('lying.jpg', STORED, WIDE, UPRIGHT),  # size of the stored pixels
        ('lying.jpg', None, WIDE, UPRIGHT),
        ('lying.jpg', STORED, SMALL, STORED),  # what is said, if it fits
        ('lying.jpg', UPRIGHT, box(60, 200, 180, 290), STORED),
        ('lying.jpg', None, encode_mask(np.ones(STORED, bool)), STORED),
    ],
)
def test_upright_or_as_it_is_stored(folder, name, size, mask, chosen):
    opened, failed, notes = open_masks(folder, name, size, mask)
    assert opened.size == chosen
    assert opened.places == [0]
    assert not failed
    assert not notes
    assert tuple(opened.encoded[0]['size']) == chosen


@pytest.mark.parametrize('orientation', [1, 2, 3, 4])
def test_a_size_that_does_not_tell_the_orientation(folder, orientation):
    """Mirrored or upside down: the upright image counts, and it is said."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.new('RGB', UPRIGHT[::-1])
    picture.save(folder / 'turned.jpg', exif=exif.tobytes())
    opened, _, notes = open_masks(folder, 'turned.jpg', None, WIDE, SMALL)
    assert opened.size == UPRIGHT
    assert notes == ({} if orientation == 1 else {0: prediction_masks.UPRIGHT})


@pytest.mark.parametrize('scale', [1.3, 1.5, 2, 10])
def test_polygons_of_another_size(folder, scale):
    """Those that reach out beside such a one are of that size too."""
    far = [[v * scale for v in WIDE[0]]]
    bit = box(20, 20, 90, 245)
    masks = far, SMALL, bit, encode_mask(np.ones(UPRIGHT, bool))
    opened, failed, _ = open_masks(folder, 'plain.jpg', UPRIGHT, *masks)
    assert opened.places == [1, 3]
    assert set(failed) == {0, 2}
    assert 'outside the 320 x 240 image' in failed[0]


def test_a_hand_that_slipped(folder):
    masks = box(250, 60, 330, 250), box(-1, -2, 30, 30)
    opened, failed, notes = open_masks(folder, 'plain.jpg', UPRIGHT, *masks)
    assert opened.places == [0, 1]
    assert not failed
    assert notes == {0: '17% of it lies outside the image'}


@pytest.mark.parametrize(
    'mask', [SMALL, encode_mask(np.ones((480, 640), bool))]
)
def test_another_size_than_the_picture(folder, mask):
    with pytest.raises(InputError, match=r'320 x 240, but .* 640 x 480'):
        open_masks(folder, 'plain.jpg', (480, 640), mask)


def test_faulty_masks_do_not_take_the_others_along(folder):
    small = encode_mask(np.ones((12, 16), bool))
    bomb = dict(size=[2**20, 2**20], counts='PPPPPP1')
    masks = small, SMALL, bomb, 'NULL', [], [[1, 2, 3]]
    opened, failed, _ = open_masks(folder, 'plain.jpg', None, *masks)
    assert opened.places == [1]
    assert set(failed) == {0, 2, 3, 4, 5}
    assert 'its image has 240 x 320' in failed[0]


def test_one_file_for_two_names(folder):
    """Else the masks of one image would change by the look of another."""
    finder = ImageFinder(folder)
    rle = {0: encode_mask(np.ones(UPRIGHT, bool))}
    names = 'plain.jpg', 'a/plain.jpg', 'b/plain.jpg', 'lying.jpg', 'lying.jpg'
    entries = [
        ImageEntry(str(i), name, None, rle) for i, name in enumerate(names)
    ]
    found = with_images(entries, finder)
    assert [entry.image is not None for entry in found] == [1, 0, 0, 1, 1]
    assert 'plain.jpg also fits' in found[1].problem


@pytest.mark.parametrize(
    ('name', 'is_file'),
    [
        ('plain.jpg', True),
        ('a/../plain.jpg', True),
        ('a\\..\\plain.jpg', True),
        ('a/plain.jpg', False),  # as if plain.jpg were of another folder
        ('below.jpg', False),
        ('gone.jpg', False),
        (None, False),
    ],
)
def test_an_embedded_image_is_used_unless_its_very_file_is_found(
    folder, name, is_file
):
    (folder / 'b').mkdir()
    shutil.copy(folder / 'plain.jpg', folder / 'b' / 'below.jpg')
    rle = {0: encode_mask(np.ones((6, 8), bool))}
    entry = ImageEntry('1', name, None, rle, embedded=small_picture)
    plain = ImageEntry('2', 'plain.jpg', None, rle)
    found, other = with_images([entry, plain], ImageFinder(folder))
    assert other.image == folder / 'plain.jpg'
    assert (found.image, found.problem) == (
        folder / 'plain.jpg' if is_file else None,
        '',
    )
    if not is_file:
        assert open_entry(found, print, print).size == (6, 8)


def test_few_are_decoded_at_once(folder, monkeypatch):
    disc = np.zeros(UPRIGHT, np.uint8)
    cv2.circle(disc, (100, 100), 10, 1, -1)
    full = encode_mask(np.ones(UPRIGHT, bool))
    masks = [encode_mask(disc)] * 25 + [full] * 4
    opened, _, _ = open_masks(folder, 'plain.jpg', None, *masks)
    monkeypatch.setattr(prediction_masks, 'MOST_MASKS', 10)
    groups = opened.groups(2 * 240 * 320)
    places = [place for group, _, _ in groups for place in group]
    assert places == list(range(29))
    assert [len(group) for group, _, _ in groups] == [10, 10, 6, 2, 1]
    for _, crops, own in groups:
        decoded = prediction_masks.decode_group(crops, own)
        assert sum(m.pixels.numel() for m in decoded) <= 2 * 240 * 320
        assert {m.size for m in decoded} == {UPRIGHT}
