"""Expected values are drawn: two discs, one of them with a bump."""

import torch

from segrefiner_mm.models.first_edges import with_first_edges


def disc(radius, side=64):
    y, x = torch.meshgrid(*[torch.arange(side)] * 2, indexing='ij')
    inside = (y - 32) ** 2 + (x - 32) ** 2 <= radius**2
    return (2.0 * inside - 1.0)[None, None]


def test_close_edges_are_those_of_the_first_step():
    first, last = disc(20), disc(18)
    result = with_first_edges(first, last, reach=3)
    assert torch.equal(result >= 0, first >= 0)
    assert torch.equal(with_first_edges(first, last, reach=0), last)
    # No pixel is within three of both edges.
    apart = disc(12)
    assert torch.equal(with_first_edges(first, apart, reach=3), apart)


def test_what_the_last_step_undid_stays_undone():
    first, last = disc(20), disc(18)
    first[..., 28:36, 40:60] = 1.0  # the first step took in a neighbour
    result = with_first_edges(first, last, reach=3)
    assert (result[..., 28:36, 57:] < 0).all()
    assert torch.equal(result[..., :24, :] >= 0, disc(20)[..., :24, :] >= 0)
