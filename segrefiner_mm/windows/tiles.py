"""Full-resolution tiles: their choice, their refinement and their merging."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box, CompactMask, count
from segrefiner_mm.windows.edges import edge_pixels
from segrefiner_mm.windows.resample import resize_bilinear
from segrefiner_mm.windows.window_plan import (
    WindowAnswer,
    WindowRequest,
)

Seen = list[tuple[WindowRequest, WindowAnswer]]
Answers = Generator[
    list[WindowRequest], list[WindowAnswer], tuple[list[Tensor], Seen]
]


def pick_tiles(
    fine_probs: Tensor,
    height: int,
    width: int,
    size: int,
    fine_prob_thr: float,
    iou_thr: float,
) -> list[Box]:
    """Choose full-resolution tiles around the pixels of low fine probability.

    Args:
        fine_probs (Tensor): (S, S) float32, 0 to 1, over the whole image.
        height (int): Rows of the image.
        width (int): Columns of the image.
        size (int): Side of a tile in pixels, clipped to a smaller image.
        fine_prob_thr (float): A pixel proposes a tile if its fine probability
            is under this fraction, 0 to 1, of the highest one.
        iou_thr (float): A tile is dropped if its IoU with an earlier tile is
            above this; 0 to less than 1.

    Returns:
        list[Box]: Tiles, lowest fine probability first.
    """
    # The greedy choice below is sequential, so it runs on the CPU.
    fine_probs = fine_probs.cpu()
    doubtful = fine_probs < fine_prob_thr * fine_probs.max()
    y, x = doubtful.nonzero(as_tuple=True)
    scores = 1.0 - fine_probs[y, x]
    tile_h, tile_w = min(size, height), min(size, width)
    grid_h, grid_w = fine_probs.shape
    y1 = _tile_starts(y, height, grid_h, tile_h)
    x1 = _tile_starts(x, width, grid_w, tile_w)
    order = scores.argsort(descending=True, stable=True)
    y1, x1 = y1[order], x1[order]
    tiles = []
    while len(y1):
        top, left = int(y1[0]), int(x1[0])
        tiles.append(Box(left, top, left + tile_w, top + tile_h))
        shared = (tile_h - (y1 - top).abs()).clamp(min=0)
        shared = shared * (tile_w - (x1 - left).abs()).clamp(min=0)
        iou = shared / (2 * tile_h * tile_w - shared)
        y1, x1 = y1[iou <= iou_thr], x1[iou <= iou_thr]
    return tiles


def edge_tiles(mask: Tensor, size: int) -> list[Box]:
    """Cover the edge of a mask with full-resolution tiles.

    Every part of the edge lies in the middle of a tile, at least an eighth of
    its side away from any tile border inside the image. The tiles lie on a
    fixed grid, so they do not move where the rounding of a backend has moved
    the edge by a pixel.

    Args:
        mask (Tensor): (H, W) bool.
        size (int): Side of a tile in pixels, clipped to a smaller image.

    Returns:
        list[Box]: Tiles that contain an edge, in raster order.
    """
    height, width = mask.shape
    tile_h, tile_w = min(size, height), min(size, width)
    y, x = edge_pixels(mask)
    top = _grid_starts(y, height, tile_h, size)
    left = _grid_starts(x, width, tile_w, size)
    corners = torch.stack([top, left], 1).unique(dim=0).tolist()
    tiles = [Box(x, y, x + tile_w, y + tile_h) for y, x in corners]
    return with_an_edge(mask, tiles)


def ask_tiles(
    image: Tensor, mask: Tensor, tiles: Sequence[Box], step: int, size: int
) -> Answers:
    """Request one step on tiles.

    Args:
        image (Tensor): (3, H, W), raw pixel values 0 to 255, any dtype.
        mask (Tensor): Coarse mask, (H, W) bool.
        tiles (Sequence[Box]): Tiles inside the image.
        step (int): Timestep to run.
        size (int): Side of the square that the network sees, in pixels.

    Returns:
        Generator: The coroutine. It returns two lists with one entry per tile:
        the probability map, (h, w) of the tile, float32; and the pair of
        request and answer.
    """
    requests = []
    for tile in tiles:
        window = tile.slices()
        coarse = fit_to(mask[window][None], size)[0] >= 0.5
        crop = fit_to(image[(slice(None), *window)], size)
        requests.append(WindowRequest(crop, coarse, (step,)))
    answers = (yield requests) if requests else []
    maps = [
        fit_to(answer.probs[None], tile.height, tile.width)[0]
        for answer, tile in zip(answers, tiles, strict=True)
    ]
    return maps, list(zip(requests, answers, strict=True))


def paste_averaged(
    mask: Tensor,
    tiles: Sequence[Box],
    maps: Sequence[Tensor],
    errors: Sequence[Tensor] | None = None,
    min_error: float = 0.0,
) -> None:
    """Paste tiles, averaged where they overlap and thresholded, into a mask.

    Args:
        mask (Tensor): (H, W) bool, changed in place.
        tiles (Sequence[Box]): Tiles inside the image.
        maps (Sequence[Tensor]): Probability map of each tile, (h, w) of the
            tile, float32.
        errors (Sequence[Tensor], optional): Predicted error in each tile,
            (h, w) of the tile, float32. Defaults to None: every pixel of the
            tiles is overwritten.
        min_error (float): The mask is left unchanged where the averaged error
            is lower. Defaults to 0.
    """
    values = list(maps)
    if errors is not None:
        values = [torch.stack(pair) for pair in zip(maps, errors, strict=True)]
    # Every tile sums its neighbours, so no float map of the image is needed.
    # All tiles of a pixel sum in the same order.
    for tile, others in zip(tiles, _neighbours(tiles), strict=True):
        size = tile.height, tile.width
        total = values[0].new_zeros(*values[0].shape[:-2], *size)
        times = total.new_zeros(size)
        for index in others:
            shared = tile.intersect(tiles[index])
            if shared is not None:
                here = shared.relative_to(tile).slices()
                there = shared.relative_to(tiles[index]).slices()
                total[(..., *here)] += values[index][(..., *there)]
                times[here] += 1
        mean = total / times
        if errors is None:
            mask[tile.slices()] = mean >= 0.5
        else:
            place = mask[tile.slices()]
            place[:] = torch.where(mean[1] >= min_error, mean[0] >= 0.5, place)


def blend_tiles(
    soft: Tensor, tiles: Sequence[Box], maps: Sequence[Tensor]
) -> None:
    """Paste tiles into a soft map, without steps at their borders.

    The weight of a tile falls off towards its borders inside the map, where
    overlapping tiles or the old values of the map count more.

    Args:
        soft (Tensor): (H, W) float32, changed in place.
        tiles (Sequence[Box]): Tiles inside the map.
        maps (Sequence[Tensor]): Probability map of each tile, (h, w) of the
            tile, float32.
    """
    before = soft.clone()
    weights = [_feather(tile, soft) for tile in tiles]
    for tile, others in zip(tiles, _neighbours(tiles), strict=True):
        total = soft.new_zeros(tile.height, tile.width)
        count, most = total.clone(), total.clone()
        for index in others:
            shared = tile.intersect(tiles[index])
            if shared is None:
                continue
            here = shared.relative_to(tile).slices()
            there = shared.relative_to(tiles[index]).slices()
            weight = weights[index][there]
            total[here] += weight * maps[index][there]
            count[here] += weight
            most[here] = most[here].maximum(weight)
        place = tile.slices()
        soft[place] = before[place].lerp(total / count, most)


def _feather(tile: Box, soft: Tensor) -> Tensor:
    """Return the weights of a tile: 1, less near borders inside the map."""
    height, width = soft.shape
    down = _slope(tile.height, tile.y1 > 0, tile.y2 < height, soft)
    across = _slope(tile.width, tile.x1 > 0, tile.x2 < width, soft)
    return down[:, None].minimum(across)


def _slope(length: int, before: bool, after: bool, soft: Tensor) -> Tensor:
    places = torch.arange(length, device=soft.device) + 0.5
    nearest = places.new_full((length,), float(length))
    if before:
        nearest = nearest.minimum(places)
    if after:
        nearest = nearest.minimum(length - places)
    return (nearest / max(length / 8, 1)).clamp(max=1.0)


def tiles_in(
    tiles: list[Box], only: CompactMask | None, window: Box | None = None
) -> list[Box]:
    """Select the tiles in which something may change.

    Args:
        tiles (list[Box]): Tiles, relative to ``window``.
        only (CompactMask, optional): The part of the image that may change.
            None: everything.
        window (Box, optional): Box that the tiles are relative to. Defaults
            to None: the image.

    Returns:
        list[Box]: The selected tiles, in order.
    """
    if only is None or not tiles:
        return tiles
    whole = Box(0, 0, only.size[1], only.size[0])
    part = only.crop(window or whole)
    some = torch.stack([part[tile.slices()].any() for tile in tiles])
    return [
        tile for tile, any_ in zip(tiles, some.tolist(), strict=True) if any_
    ]


def _neighbours(tiles: Sequence[Box]) -> list[list[int]]:
    """Return the indices of the tiles that overlap each tile, itself too."""
    if not tiles:
        return []
    x1, y1, x2, y2 = torch.tensor(tiles).unbind(1)
    meet = (x1[:, None] < x2) & (x1 < x2[:, None])
    meet &= (y1[:, None] < y2) & (y1 < y2[:, None])
    return [row.nonzero()[:, 0].tolist() for row in meet]


def with_an_edge(mask: Tensor, tiles: list[Box]) -> list[Box]:
    """Select the tiles in which the mask is neither empty nor full.

    Args:
        mask (Tensor): (H, W) bool.
        tiles (list[Box]): Tiles inside the image.

    Returns:
        list[Box]: The selected tiles, in order.
    """
    return [
        tile
        for tile in tiles
        if 0 < count(mask[tile.slices()]) < tile.height * tile.width
    ]


def fit_to(source: Tensor, height: int, width: int | None = None) -> Tensor:
    """Resize bilinearly; a source of the right size is returned unchanged.

    Args:
        source (Tensor): (C, h, w), any dtype.
        height (int): Rows of the result.
        width (int, optional): Columns of the result. Defaults to None:
            ``height``.

    Returns:
        Tensor: (C, height, width), float32; or ``source`` itself.
    """
    width = height if width is None else width
    if source.shape[1:] == (height, width):
        return source
    return resize_bilinear(source, height, width)


def _tile_starts(grid: Tensor, length: int, cells: int, tile: int) -> Tensor:
    """Return the start of tiles centred on grid cells, inside the image."""
    centres = (grid.float() * (length / cells)).long()
    return (centres - tile // 2).clamp(min=0, max=length - tile)


def _grid_starts(pixels: Tensor, length: int, tile: int, size: int) -> Tensor:
    """Return the start of the grid tiles whose middles contain the pixels."""
    margin = size // 8
    middle = size - 2 * margin
    cells = torch.div(pixels - margin, middle, rounding_mode='floor')
    return (cells.clamp(min=0) * middle).clamp(max=length - tile)
