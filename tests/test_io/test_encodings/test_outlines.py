"""Polygons of masks: near to them, and of few points."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.io.encodings.mask_forms import MaskStyle, written
from segrefiner_mm.io.encodings.outlines import has_holes, outlines_of
from segrefiner_mm.io.encodings.segmentation import read_segmentation
from segrefiner_mm.io.rle import decode_mask, encode_mask
from tests.helpers import iou


def blob(radius, size=(300, 320)):
    mask = np.zeros(size, np.uint8)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    r = radius * (1 + 0.2 * np.sin(5 * angle))
    corners = np.stack([160 + r * np.cos(angle), 150 + r * np.sin(angle)], 1)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return mask


def filled(mask):
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    return cv2.drawContours(mask.copy(), contours, -1, 1, -1)


@pytest.mark.parametrize('seed', range(20))
def test_without_tolerance_they_are_exact(seed):
    rng = np.random.default_rng(seed)
    noise = rng.random(rng.integers(1, 50, 2)).astype(np.float32)
    mask = (cv2.GaussianBlur(noise, (0, 0), 1 + seed % 3) > 0.5).astype('u1')
    found = outlines_of(encode_mask(mask), 0)
    if not mask.any():
        assert found == []
        return
    np.testing.assert_array_equal(decode_mask(found, mask.shape), filled(mask))


@pytest.mark.parametrize('tolerance', [0.5, 1, 2])
@pytest.mark.parametrize('radius', [30, 70, 120])
def test_a_pixel_changes_only_within_the_tolerance(radius, tolerance):
    mask = blob(radius)
    [polygon] = outlines_of(encode_mask(mask), tolerance)
    drawn = decode_mask([polygon], mask.shape)
    changed = drawn != mask
    # Distance of a pixel's centre from the nearest one of the other side; to
    # the edge between them it is half a pixel less.
    apart = np.where(
        mask,
        cv2.distanceTransform(mask, cv2.DIST_L2, 5),
        cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5),
    )
    assert apart[changed].max(initial=0) - 0.5 <= max(tolerance, 0.5) + 0.5
    assert iou(drawn > 0, mask > 0) > 0.95


def test_few_points():
    """A person has to move them; the stairs of the pixels had many more."""
    mask = blob(70)
    [stairs] = outlines_of(encode_mask(mask), 0)
    [polygon] = outlines_of(encode_mask(mask))
    [coarse] = outlines_of(encode_mask(mask), 2)
    assert len(stairs) > 3 * len(polygon)
    assert len(polygon) / 2 < 120
    assert len(coarse) < len(polygon)
    square = np.zeros((50, 50), np.uint8)
    square[10:30, 5:45] = 1
    [corners] = outlines_of(encode_mask(square))
    assert len(corners) / 2 == 4
    np.testing.assert_array_equal(decode_mask([corners], (50, 50)), square)


@pytest.mark.parametrize('tolerance', [0.5, 5])
def test_small_and_thin_parts_stay(tolerance):
    mask = np.zeros((40, 60), np.uint8)
    mask[3, 4] = 1
    mask[10, 5:50] = 1
    mask[15:17, 5:7] = 1
    cv2.line(mask, (5, 20), (50, 38), 1, 1)
    found = outlines_of(encode_mask(mask), tolerance)
    assert len(found) == 4
    drawn = decode_mask(found, mask.shape)
    assert iou(drawn > 0, mask > 0) > 0.85


def test_holes():
    ring = blob(70)
    assert not has_holes(encode_mask(ring))
    cv2.circle(ring, (160, 150), 20, 0, -1)
    assert has_holes(encode_mask(ring))
    assert not has_holes(encode_mask(np.zeros((4, 5), np.uint8)))
    [polygon] = outlines_of(encode_mask(ring), 0)
    np.testing.assert_array_equal(
        decode_mask([polygon], ring.shape), filled(ring)
    )


SQUARE = [4.0, 4, 12, 4, 12, 12, 4, 12]
RLE = encode_mask(decode_mask([SQUARE], (20, 20)))


@pytest.mark.parametrize(
    'before',
    [
        RLE,
        [RLE],
        [SQUARE],
        SQUARE,
        dict(size=[20, 20], counts=[84, 8, 308]),
        [dict(size=[20, 20], counts=[84, 8, 308])],
    ],
)
def test_a_mask_goes_back_as_it_came(before):
    def shape(value):
        if isinstance(value, dict):
            return {k: type(v) for k, v in value.items()}
        inner = value[0]
        return [shape(inner) if isinstance(inner, (dict, list)) else 'number']

    after = written(RLE, read_segmentation(before), MaskStyle())
    assert shape(after) == shape(before)
    np.testing.assert_array_equal(
        decode_mask(after, (20, 20)), decode_mask(RLE)
    )
    as_text = written(RLE, read_segmentation(before), MaskStyle('rle'))
    assert as_text == RLE
    lists = written(RLE, read_segmentation(before), MaskStyle('polygon'))
    assert [type(part) for part in lists] == [list]


def test_polygons_that_got_a_hole_become_run_lengths():
    ring = decode_mask(RLE)
    ring[7:9, 7:9] = 0
    encoded = encode_mask(ring)
    before = read_segmentation([SQUARE])
    assert written(encoded, before, MaskStyle()) == encoded
    assert isinstance(written(encoded, before, MaskStyle('polygon')), list)
