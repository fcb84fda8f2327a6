"""Full-resolution tiles: which ones have an edge, how they fit and merge."""

from collections.abc import Sequence

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box
from segrefiner_mm.windows.resample import resize_bilinear


def paste_averaged(
    mask: Tensor, tiles: Sequence[Box], maps: Sequence[Tensor]
) -> None:
    """Overwrite a mask where tiles lie, averaging them where they overlap.

    Args:
        mask (Tensor): (H, W) bool, changed in place.
        tiles (Sequence[Box]): Tiles inside the image.
        maps (Sequence[Tensor]): Probability of each tile, of its size.
    """
    # Every tile sums its neighbours, so that no float map of the image is
    # needed; the order of the sum is the same for a pixel in all its tiles.
    for tile, others in zip(tiles, _neighbours(tiles), strict=True):
        total = maps[0].new_zeros(tile.height, tile.width)
        count = torch.zeros_like(total)
        for index in others:
            shared = tile.intersect(tiles[index])
            if shared is not None:
                here = shared.relative_to(tile).slices()
                there = shared.relative_to(tiles[index]).slices()
                total[here] += maps[index][there]
                count[here] += 1
        mask[tile.slices()] = total / count >= 0.5


def _neighbours(tiles: Sequence[Box]) -> list[list[int]]:
    """Per tile the indices of those that overlap it, itself included."""
    if not tiles:
        return []
    x1, y1, x2, y2 = torch.tensor(tiles).unbind(1)
    meet = (x1[:, None] < x2) & (x1 < x2[:, None])
    meet &= (y1[:, None] < y2) & (y1 < y2[:, None])
    return [row.nonzero()[:, 0].tolist() for row in meet]


def with_an_edge(mask: Tensor, tiles: list[Box]) -> list[Box]:
    """The tiles in which the mask is neither empty nor full."""
    if not tiles:
        return []
    crops = [mask[tile.slices()] for tile in tiles]
    counts = torch.stack([torch.count_nonzero(crop) for crop in crops])
    return [
        tile
        for tile, count in zip(tiles, counts.tolist(), strict=True)
        if 0 < count < tile.height * tile.width
    ]


def fit_to(source: Tensor, height: int, width: int | None = None) -> Tensor:
    """(C, h, w) resized if it must be; as it is, dtype included, if not."""
    width = height if width is None else width
    if source.shape[1:] == (height, width):
        return source
    return resize_bilinear(source, height, width)


def tile_starts(grid: Tensor, length: int, cells: int, tile: int) -> Tensor:
    """First pixel of tiles centred on grid cells, shifted into the image."""
    centres = (grid.float() * (length / cells)).long()
    return (centres - tile // 2).clamp(min=0, max=length - tile)
