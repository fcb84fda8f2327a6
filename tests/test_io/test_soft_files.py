"""Quantisation keeps the side of 0.5, and files hold what was given."""

import io

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.soft_files import (
    SUFFIXES,
    check_soft_type,
    encode_label_probs,
    encode_soft,
    quantised,
)


def near_half():
    """The 2,000 numbers of float32 next to 0.5, and many others."""
    bits = np.float32(0.5).view(np.uint32) + np.arange(-1000, 1000)
    rng = np.random.default_rng(0)
    ends = np.array([0, 1], np.float32)
    many = rng.random(10_000, np.float32)
    return np.concatenate([bits.astype(np.uint32).view('f4'), many, ends])


@pytest.mark.parametrize(('kind', 'half'), [('uint8', 128), ('uint16', 32768)])
def test_half_and_more_stays_half_and_more(kind, half):
    values = near_half()
    numbers = quantised(values, kind)
    assert numbers.dtype == kind
    np.testing.assert_array_equal(numbers >= half, values >= 0.5)
    top = np.iinfo(kind).max
    np.testing.assert_array_equal(numbers / top >= 0.5, values >= 0.5)
    assert np.abs(numbers / top - values).max() <= 0.5 / top + 1e-9
    assert (numbers[-2], numbers[-1]) == (0, top)


@pytest.mark.parametrize('kind', SUFFIXES)
def test_files_hold_the_numbers(tmp_path, kind):
    values = near_half()[:6000].reshape(60, 100)
    path = tmp_path / f'soft{SUFFIXES[kind]}'
    path.write_bytes(encode_soft(path, values, kind))
    if kind == 'float32':
        read = np.load(path)
    else:
        read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, quantised(values, kind))
    assert read.dtype == kind


def test_label_maps_have_a_plane_per_label():
    planes = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    content = encode_label_probs([3, 255], planes)
    assert content == encode_label_probs([3, 255], planes)  # repeatable
    with np.load(io.BytesIO(content)) as stored:
        assert stored['labels'].tolist() == [3, 255]
        np.testing.assert_array_equal(stored['probs'], planes)


def test_unknown_types_are_refused():
    with pytest.raises(InputError, match='uint8, uint16, float32'):
        check_soft_type('float16')
