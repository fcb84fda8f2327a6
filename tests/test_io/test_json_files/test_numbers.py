"""Numbers in JSON, as other programs write them."""

import numpy as np
import pytest

from segrefiner_mm.io.json_files.numbers import whole_number


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (3, 3),
        (3.0, 3),
        ('3', 3),
        ('3.0', 3),
        (np.int16(3), 3),
        ('9007199254740993', 9007199254740993),  # no float has this value
        (2**70, 2**70),
        (3.5, None),
        ('3.5', None),
        ('three', None),
        ('9' * 21, None),
        (float('inf'), None),
        ('nan', None),
        (True, None),
        (None, None),
    ],
)
def test_whole_numbers(value, expected):
    assert whole_number(value) == expected
    assert type(whole_number(value)) is type(expected)
