"""Tiles of a label map, whose cores cover it without overlap."""

from itertools import pairwise

from segrefiner_mm.windows import Box


def tiles_of(whole: Box, size: int, margin: int) -> list[tuple[Box, Box]]:
    """Cover an image with tiles whose cores do not overlap.

    Args:
        whole (Box): Box of the whole image.
        size (int): Maximum side of a tile in pixels, more than twice the
            margin; a side of the image of at most this length is not cut.
        margin (int): Pixels of context around a core, inside the image, 0 or
            more.

    Returns:
        list[tuple[Box, Box]]: Tiles and their cores, row by row.
    """
    rows = _cuts(whole.height, size, margin)
    columns = _cuts(whole.width, size, margin)
    cores = [
        Box(x1, y1, x2, y2)
        for y1, y2 in pairwise(rows)
        for x1, x2 in pairwise(columns)
    ]
    height, width = whole.height, whole.width
    return [(core.grow(margin, height, width), core) for core in cores]


def _cuts(length: int, size: int, margin: int) -> list[int]:
    if length <= size:
        return [0, length]
    count = -(-length // (size - 2 * margin))
    return [round(length * index / count) for index in range(count + 1)]
