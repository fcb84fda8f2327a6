"""Expected values are the 8 bits that the pictures of 16 were made from."""

import numpy as np
import pytest

from segrefiner_mm.io.image_files.bit_depth import to_8_bit

PICTURE = np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8)
PICTURE[0, :2] = 0, 255


@pytest.mark.parametrize('factor', [1, 2, 4, 16, 64, 256, 257])
@pytest.mark.parametrize('dtype', [np.uint16, np.int32])
def test_unused_bits_do_not_count(factor, dtype):
    """10, 12 or 14 bits in a file of 16."""
    found = to_8_bit(PICTURE.astype(dtype) * factor)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PICTURE)


@pytest.mark.parametrize('factor', [256, 257])
def test_a_dark_picture_of_8_bits_stays_dark(factor):
    """As programs widen 8 bits to 16: by zeros, or by the byte again."""
    dark = PICTURE // 16
    widened = dark.astype(np.uint16) * factor
    np.testing.assert_array_equal(to_8_bit(widened), dark)


def test_full_16_bits_lose_the_lower_byte():
    values = np.array([[0, 256, 65535], [511, 512, 40000]], np.uint16)
    np.testing.assert_array_equal(to_8_bit(values), [[0, 1, 255], [1, 2, 156]])


@pytest.mark.parametrize('factor', [4, 16])
@pytest.mark.parametrize('dtype', [np.uint16, np.int32])
def test_a_small_part_of_the_bits_is_spread(factor, dtype):
    """As of a thermal camera, whose numbers are around 30,000."""
    found = to_8_bit(30_000 + PICTURE.astype(dtype) * factor)
    assert np.abs(found.astype(int) - PICTURE).max() <= 2


def test_noise_of_few_levels_is_not_blown_up():
    values = 30_000 + (PICTURE % 5).astype(np.uint16)
    assert np.ptp(to_8_bit(values)) <= 4


def test_numbers_below_0():
    found = to_8_bit(PICTURE.astype(np.int32) * 10 - 1000)
    assert np.abs(found.astype(int) - PICTURE).max() <= 2


def test_32_bits_use_all_of_them():
    ends = np.array([[-(2**31), 0, 2**31 - 1]], np.int32)
    np.testing.assert_array_equal(to_8_bit(ends), [[0, 128, 255]])


def test_a_hot_pixel_does_not_make_the_rest_black():
    values = PICTURE.astype(np.uint16) * 16
    values[30, 40] = 65_535
    found = to_8_bit(values)
    assert found[30, 40] == 255
    found[30, 40] = PICTURE[30, 40]
    np.testing.assert_array_equal(found, PICTURE)


@pytest.mark.parametrize('value', [0, 7, 1000, 65_535])
def test_one_value(value):
    found = to_8_bit(np.full((3, 4), value, np.uint16))
    assert np.ptp(found) == 0
