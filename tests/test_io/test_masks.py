"""One mask in every form that people have; expected is the mask itself."""

import io

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.masks import load_masks

MASK = np.zeros((12, 17), bool)
MASK[3:8, 4:11] = True
OTHER = np.roll(MASK, 3, axis=1)
POLYGON = [[4, 3, 11, 3, 11, 8, 4, 8]]


def rle(mask, as_text=False):
    encoded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    if as_text:
        encoded['counts'] = encoded['counts'].decode()
    return encoded


def uncompressed(mask):
    flat = np.concatenate([[0], mask.ravel(order='F').astype(int), [0]])
    edges = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], edges, [mask.size]])).tolist()
    return dict(size=list(mask.shape), counts=counts)


def dense(inputs):
    return np.stack([mask.dense().numpy() for mask in inputs.masks])


@pytest.mark.parametrize(
    'source',
    [
        MASK,
        MASK.astype(np.uint8),
        MASK.astype(np.uint8) * 255,
        MASK.astype(np.float32),
        MASK.astype(np.uint16) * 65535,
        np.asfortranarray(MASK),
        MASK[:, ::-1][:, ::-1],
        torch.from_numpy(MASK),
        Image.fromarray(MASK),
        Image.fromarray(MASK.astype(np.uint8) * 255),
        rle(MASK),
        rle(MASK, as_text=True),
        uncompressed(MASK),
        POLYGON,
        [np.array(POLYGON[0], np.float32)],
        [[np.float64(v) for v in POLYGON[0]]],
        torch.from_numpy(MASK).to(torch.bfloat16),
    ],
    ids=lambda source: type(source).__name__,
)
def test_one_mask(source):
    inputs = load_masks(source, image_size=MASK.shape)
    assert inputs.single
    assert inputs.size == MASK.shape
    assert np.array_equal(dense(inputs), MASK[None])


@pytest.mark.parametrize(
    'source',
    [
        np.stack([MASK, OTHER]),
        np.stack([MASK, OTHER]).astype(np.uint8) * 255,
        [MASK, OTHER],
        [rle(MASK), rle(OTHER)],
        [POLYGON, rle(OTHER)],
    ],
    ids=['bool', '0-255', 'arrays', 'rle', 'mixed'],
)
def test_several_masks(source):
    inputs = load_masks(source, image_size=MASK.shape)
    assert not inputs.single
    assert np.array_equal(dense(inputs), np.stack([MASK, OTHER]))


def test_read_only_arrays():
    mask = MASK.copy()
    mask.flags.writeable = False
    assert np.array_equal(dense(load_masks(mask)), MASK[None])


@pytest.mark.parametrize('mode', ['L', 'RGB', 'RGBA', 'P', '1', 'I;16'])
def test_picture_files(tmp_path, mode):
    values = MASK.astype(np.uint8) * 255
    if mode == 'P':  # as in DAVIS: a palette whose index is the object
        picture = Image.fromarray(MASK.astype(np.uint8), 'P')
        picture.putpalette([0, 0, 0, 128, 0, 0])
    elif mode == 'I;16':
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(values).convert(mode)
    picture.save(tmp_path / 'mask.png')
    inputs = load_masks(tmp_path / 'mask.png')
    assert np.array_equal(dense(inputs), MASK[None])


@pytest.mark.parametrize('first', [0, 255])
def test_palettes_of_greys_are_greys(tmp_path, first):
    """White may be the first colour of a palette."""
    values = np.where(MASK, 0 if first else 1, 1 if first else 0)
    picture = Image.fromarray(values.astype(np.uint8), 'P')
    picture.putpalette([first] * 3 + [255 - first] * 3)
    picture.save(tmp_path / 'mask.png')
    inputs = load_masks(tmp_path / 'mask.png')
    assert np.array_equal(dense(inputs), MASK[None])
    labels = load_masks(tmp_path / 'mask.png', labels=True)
    assert labels.labels == [1]


@pytest.mark.parametrize('shape', [(1, 1), (30, 40), (97, 61)])
def test_compressed_runs_of_any_mask(shape):
    for part in (0.02, 0.5, 0.98):
        mask = np.random.default_rng(0).random(shape) < part
        inputs = load_masks(rle(mask, as_text=True))
        assert np.array_equal(dense(inputs)[0], mask)


@pytest.mark.parametrize('value', [0, 1])
def test_empty_and_full(value):
    inputs = load_masks(np.full((6, 5), value, np.uint8))
    assert inputs.masks[0].area == 30 * value


def test_none_at_all():
    assert load_masks(np.zeros((0, 6, 5), bool)).masks == []
    assert load_masks([], image_size=(6, 5)).size == (6, 5)


def test_label_map():
    labels = np.zeros((12, 17), np.uint8)
    labels[MASK], labels[0, 0] = 7, 200
    inputs = load_masks(labels, labels=True)
    assert inputs.labels == [7, 200]
    assert np.array_equal(dense(inputs), [labels == 7, labels == 200])


def test_label_map_in_the_bytes_of_webp():
    """There is no file from which the compression could be read."""
    labels = np.zeros((12, 17), np.uint8)
    labels[MASK] = 7
    content = io.BytesIO()
    Image.fromarray(labels).save(content, 'WEBP', lossless=True)
    inputs = load_masks(content.getvalue(), labels=True)
    assert inputs.labels == [7]
    assert np.array_equal(dense(inputs)[0], MASK)
    content = io.BytesIO()
    Image.fromarray(labels).save(content, 'WEBP', quality=50)
    with pytest.raises(InputError, match='the image is not a label map: loss'):
        load_masks(content.getvalue(), labels=True)


def test_soft_masks_need_a_threshold():
    soft = cv2.GaussianBlur(MASK.astype(np.float32), (3, 3), 0)
    with pytest.raises(InputError, match=r'not binary.*threshold 0.5, in'):
        load_masks(soft)
    with pytest.raises(InputError, match='threshold 128, in Python thresho'):
        load_masks((soft * 255).astype(np.uint8))
    inputs = load_masks(soft, threshold=0.5)
    assert np.array_equal(dense(inputs)[0], soft >= 0.5)


@pytest.mark.parametrize(
    ('source', 'message'),
    [
        (np.array([[0, 1], [2, 3]]), r'4 values \(0, 1, 2, 3\)'),
        (np.zeros((2, 3, 4, 5)), r'got \(2, 3, 4, 5\)'),
        (np.zeros((0, 0)), r'got \(0, 0\)'),
        (np.full((3, 3), np.nan), 'not binary'),
        (dict(size=[3, 3], counts='nonsense!!'), 'run-length'),
        (dict(counts='x'), 'run-length'),
        (dict(size=[9, 9], counts=[10, 20]), 'covers 30 pixels, not'),
        (dict(size=[9, 9], counts=[-1, 82]), 'covers 81 pixels'),
        (dict(rle(MASK), size=[40, 40]), 'covers 204 pixels, not'),
        (MASK.tolist(), 'single|nested|list|polygon|binary|masks are'),
        ([[0, 1, 1, 0, 1]], 'at least 3 points'),
        (np.zeros((5, 5, 3)), 'is the last axis the colours'),
        (np.array([['a', 'b']]), 'must hold numbers'),
        ([MASK, MASK[:5]], 'differ in size'),
        ([np.stack([MASK, OTHER])], 'one mask per entry'),
        (42, 'got int'),
    ],
)
def test_what_is_not_understood(source, message):
    with pytest.raises(InputError, match=message):
        load_masks(source)


def test_nested_lists_of_pixels_are_no_polygons():
    pixels = MASK[:, :16].astype(int).tolist()
    with pytest.raises(InputError, match='pass them as an array'):
        load_masks(pixels, image_size=(12, 16))


@pytest.mark.parametrize('threshold', [0, -1, float('nan'), float('inf')])
def test_thresholds_that_select_nothing_or_all(threshold):
    with pytest.raises(InputError, match='threshold must be positive'):
        load_masks(MASK.astype(float), threshold=threshold)


def test_transparent_cut_outs(tmp_path):
    rgba = np.zeros((5, 5, 4), np.uint8)
    rgba[1:3, 1:3, 3] = 255
    Image.fromarray(rgba).save(tmp_path / 'mask.png')
    with pytest.raises(InputError, match='transparent'):
        load_masks(tmp_path / 'mask.png')


def test_polygons_of_a_larger_copy_are_refused():
    box = [0, 0, 30, 0, 30, 30, 0, 30]
    with pytest.raises(InputError, match='56% of the polygon lies outside'):
        load_masks([box], image_size=(20, 20))
    load_masks([box], image_size=(28, 29))  # a hand has slipped


def test_polygons_need_the_size():
    with pytest.raises(InputError, match='polygons need the size'):
        load_masks(POLYGON)


def test_coloured_mask_pictures(tmp_path):
    coloured = np.zeros((5, 5, 3), np.uint8)
    coloured[2, 2] = (255, 0, 0)
    Image.fromarray(coloured).save(tmp_path / 'mask.png')
    with pytest.raises(InputError, match='must be grey'):
        load_masks(tmp_path / 'mask.png')
