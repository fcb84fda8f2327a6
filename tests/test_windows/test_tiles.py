"""Edges are found by comparing every pixel with its neighbours."""

import pytest
import torch

from segrefiner_mm.windows.tiles import edge_tiles


def oval(y, x):
    return (y - 0.5) ** 2 + (x - 0.4) ** 2 < 0.1


def with_a_slit_and_a_hole(y, x):
    slit = (x - 0.61).abs() < 0.004
    return (oval(y, x) & ~slit & ~oval(4 * y, 4 * x)) | (x > 0.97)


def at_the_border(y, x):
    return (y < 0.3) & (x > 0.5)


@pytest.mark.parametrize(
    'shape', [oval, with_a_slit_and_a_hole, at_the_border]
)
@pytest.mark.parametrize(
    ('height', 'width'), [(300, 500), (70, 64), (40, 400), (64, 64), (30, 20)]
)
def test_every_edge_lies_in_the_middle_of_a_tile(shape, height, width):
    y, x = torch.meshgrid(
        torch.arange(height) / height,
        torch.arange(width) / width,
        indexing='ij',
    )
    mask = shape(y, x)
    tiles = edge_tiles(mask, 64)
    covered = torch.zeros_like(mask)
    for tile in tiles:
        assert (tile.width, tile.height) == (min(64, width), min(64, height))
        top, left = 8 * (tile.y1 > 0), 8 * (tile.x1 > 0)
        bottom, right = 8 * (tile.y2 < height), 8 * (tile.x2 < width)
        rows = slice(tile.y1 + top, tile.y2 - bottom)
        covered[rows, tile.x1 + left : tile.x2 - right] = True
    edge = torch.zeros_like(mask)
    edge[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    edge[1:] |= mask[1:] != mask[:-1]
    assert edge.any()
    assert not (edge & ~covered).any()
    # A tile takes a good part of its side of the edge.
    assert len(tiles) <= 4 + edge.sum() / 24


def test_an_edge_that_moves_by_a_pixel_moves_no_tile():
    """It may only enter a further one, or leave one; so what a network says
    of the others stays the same.
    """
    y, x = torch.meshgrid(
        torch.arange(600) / 600, torch.arange(900) / 900, indexing='ij'
    )
    mask = oval(y, x)
    tiles = set(edge_tiles(mask, 128))
    for axis in (0, 1):
        for shift in range(-3, 4):
            moved = set(edge_tiles(mask.roll(shift, axis), 128))
            assert len(tiles & moved) >= len(tiles) - 3


@pytest.mark.parametrize('value', [False, True])
def test_no_edge_no_tiles(value):
    mask = torch.full((100, 80), value)
    assert edge_tiles(mask, 64) == []
