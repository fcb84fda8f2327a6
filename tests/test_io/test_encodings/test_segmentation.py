"""Forms of ``segmentation`` that are in circulation."""

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.segmentation import (
    POLYGONS,
    RUNS,
    TEXT,
    read_segmentation,
)
from segrefiner_mm.io.rle import encode_mask

SQUARE = [1.0, 1, 9, 1, 9, 9, 1, 9]
TRUE = np.zeros((12, 14), np.uint8)
TRUE[1:9, 1:9] = 1
RLE = encode_mask(TRUE)


@pytest.mark.parametrize('value', [None, [], [[]], [[], []], ()])
def test_boxes_alone(value):
    assert read_segmentation(value) is None


@pytest.mark.parametrize(
    ('value', 'form', 'wrapped', 'notes'),
    [
        ([SQUARE], POLYGONS, False, 0),
        ([[str(v) for v in SQUARE]], POLYGONS, False, 0),
        (SQUARE, POLYGONS, True, 0),
        ([[5.0, 5.0], SQUARE], POLYGONS, False, 1),
        ([SQUARE, [5.0, 5.0, 6, 6]], POLYGONS, False, 1),
        ([[], SQUARE], POLYGONS, False, 1),
        ([[v / 20 for v in SQUARE]], POLYGONS, False, 1),
        (RLE, TEXT, False, 0),
        (dict(RLE, counts=RLE['counts'].encode()), TEXT, False, 0),
        ([RLE], TEXT, True, 0),
        (dict(size=[12.0, '14'], counts=[168]), RUNS, False, 0),
        (dict(size=[12, 14], counts=[100.0, 68.0]), RUNS, False, 0),
    ],
)
def test_forms(value, form, wrapped, notes):
    read = read_segmentation(value)
    assert (read.form, read.wrapped, len(read.notes)) == (form, wrapped, notes)
    if form == POLYGONS:
        assert len(read.polygons) == 1
        assert read.polygons[0].shape == (4, 2)
    else:
        assert read.size == (12, 14)


@pytest.mark.parametrize(
    ('value', 'reason'),
    [
        ('NULL', "is text, 'NULL'"),
        (7, 'is 7'),
        (True, 'is true'),
        ([[5, 5]], 'has 1 points'),
        ([[208, 60, 288, 180]], 'has 2 points'),
        ([[*SQUARE, 3]], 'has 9 numbers, which are not pairs'),
        ([[[1, 1], [9, 1], [9, 9]]], 'pairs'),
        ([[1, 1], [9, 1], [9, 9]], 'pairs'),
        ([[float('nan'), *SQUARE[1:]]], 'not a number'),
        ([[float('inf'), *SQUARE[1:]]], 'not a number, or infinite'),
        ([['a'] * 6], 'something other than numbers'),
        ([[None] * 6], 'not a number|something else'),
        ([SQUARE, 3], 'a polygon is 3'),
        ([RLE, SQUARE], 'a list of 2 that holds run-length'),
        ([{}], 'must say its size'),
        (dict(counts='x'), 'must say its size'),
        (dict(size=None, counts='x'), 'must say its size'),
        (dict(size=[3], counts='x'), 'must say its size'),
        (dict(size=['', 4], counts='x'), "is '' and 4"),
        (dict(size=[0, 4], counts=[]), '0 x 4 pixels'),
        (dict(size=[2, 2]), 'counts .* are null'),
        (dict(size=[2, 2], counts=['a']), 'not whole numbers'),
        (dict(size=[2, 2], counts=[1.5, 2.5]), 'not whole numbers'),
        (dict(size=[2, 2], counts=[10**400]), 'not whole numbers'),
        (dict(size=[2, 2], counts="b'04'"), 'text of a Python bytes'),
        (dict(size=[2, 2], counts='0 4'), 'numbers in a text'),
    ],
)
def test_the_reason_in_words(value, reason):
    with pytest.raises(InputError, match=reason) as caught:
        read_segmentation(value)
    assert 'Error' not in str(caught.value)
