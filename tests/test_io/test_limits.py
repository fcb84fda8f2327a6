"""One budget of pixels, which can be moved."""

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io import limits
from segrefiner_mm.io.rle import decode_mask


@pytest.fixture(autouse=True)
def _default_again():
    yield
    limits.set_max_pixels(None)


def test_the_budget_can_be_moved():
    limits.check_pixels(13_000, 13_000, 'a mask')
    with pytest.raises(InputError, match=r'14000 x 13000 .*--max-pixels'):
        limits.check_pixels(13_000, 14_000, 'a mask')
    limits.set_max_pixels(13_000 * 14_000)
    limits.check_pixels(13_000, 14_000, 'a mask')
    limits.set_max_pixels(99)
    with pytest.raises(InputError, match='a mask is 10 x 10'):
        decode_mask(dict(size=[10, 10], counts=[100]))


@pytest.mark.parametrize('pixels', [0, -1, 2**31])
def test_budgets_that_cannot_be(pixels):
    with pytest.raises(InputError, match='--max-pixels'):
        limits.set_max_pixels(pixels)


@pytest.mark.parametrize(
    'encoded',
    [
        # As pycocotools writes an empty mask of a million by a million; and
        # sums that begin from zero again at 2^64 and at 2^32.
        dict(size=[2**20, 2**20], counts='PPPPPPP1'),
        dict(size=[100_000, 100_000], counts=[10**10]),
        dict(size=[10, 10], counts=[2**63 - 1, 2**63 - 1, 102]),
        dict(size=[10, 10], counts=[2**32 + 100]),
        dict(size=[10, 10], counts='oooooooooo0'),
    ],
)
def test_run_lengths_that_no_memory_holds(encoded):
    with pytest.raises(InputError):
        decode_mask(encoded)


def test_polygons_that_no_memory_holds():
    corners = [0.0, 0.0, 999.0, 999.0] * 100_000
    with pytest.raises(InputError, match=r'outline of .* pixels'):
        decode_mask([corners], (1000, 1000))
    with pytest.raises(InputError, match='--max-pixels'):
        decode_mask([[0, 0, 9, 0, 9, 9]], (10**6, 10**6))


def test_many_polygons_are_merged_in_time():
    """Merging one after the other took minutes."""
    squares = [
        [x, y, x + 1, y, x + 1, y + 1, x, y + 1]
        for x in range(0, 300, 2)
        for y in range(0, 300, 2)
    ]
    mask = decode_mask(squares, (300, 300))
    assert mask.sum() == len(squares)
