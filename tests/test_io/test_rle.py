"""pycocotools' own encodings, and such as it crashes or invents pixels on."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import (
    decode_mask,
    run_lengths,
)


@pytest.fixture
def mask():
    drawn = np.zeros((40, 30), np.uint8)
    drawn[5:20, 3:17] = 1
    drawn[25:39, 10:28] = 1
    return drawn


def test_every_form_of_one_mask(mask):
    encoded = coco_mask.encode(np.asfortranarray(mask))
    text = dict(encoded, counts=encoded['counts'].decode())
    changes = np.flatnonzero(np.diff(mask.ravel(order='F'))) + 1
    counts = np.diff([0, *changes, mask.size]).tolist()
    listed = dict(size=[40, 30], counts=counts)
    for form in (encoded, text, listed):
        assert np.array_equal(decode_mask(form), mask)
        assert run_lengths(form)['counts'] == encoded['counts']


def test_polygons():
    square = [2, 3, 12, 3, 12, 9, 2, 9]
    decoded = decode_mask([square], (20, 30))
    assert decoded.shape == (20, 30)
    assert decoded[3:9, 2:12].all()
    assert decoded.sum() == 60


FAULTS = {
    'covers 10 pixels, not the 40 x 30': dict(size=[40, 30], counts=[5, 5]),
    'covers -1': dict(size=[40, 30], counts=[1201, -1202]),
    'cannot have -40 x -30': dict(size=[-40, -30], counts=[1200]),
    'cut off': dict(size=[40, 30], counts='P'),
    'an invalid byte': dict(size=[40, 30], counts='\n'),
    'size': dict(counts=[1200]),
    'at least 3 points': [[1, 2, 3, 4]],
    'not a number': [[float('nan'), 1, 5, 5, 9, 9]],
    'far outside': [[1e30, 1, 5, 5, 9, 9]],
    'no polygon': [],
    'something other than numbers': [['a'] * 6],
    'its image has 40 x 30': dict(size=[3, 4], counts=[12]),
}


@pytest.mark.parametrize('message', FAULTS)
def test_faults_are_named(message):
    with pytest.raises(InputError, match=message):
        decode_mask(FAULTS[message], (40, 30))
