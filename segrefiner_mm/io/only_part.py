"""The part of an image that may change, from any supported form."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.orientation import Size
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.windows import ERRORS, Box, CompactMask, Only


def read_only_part(value: Any, size: Size) -> Only | None:
    """Read the part of an image that may change.

    Args:
        value (object): A box x1, y1, x2, y2 in pixels, x2 and y2 exclusive; a
            polygon in pixels, as points (N, 2) or as x1, y1, x2, y2, ..., of
            three points or more; a mask (H, W) in a form of
            :func:`load_masks`; ``'errors'``; or None.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        CompactMask | str | None: The part, as a mask of this size, for which
        a box is rounded outwards and clipped to the image; ``'errors'``:
        where the network predicts errors; None: everything.

    Raises:
        InputError: If the form is unknown, a box is empty, a mask cannot be
            read or has another size, or a box or polygon covers no pixel of
            the image.
    """
    if value is None or (isinstance(value, str) and value == ERRORS):
        return ERRORS if value is not None else None
    if (numbers := _numbers(value, size)) is None:
        return _mask(value, size)
    if len(numbers) == 4:
        return _of_box(box_of(numbers), size)
    polygon = _mask([numbers], size)
    if not polygon.area:
        raise InputError(
            f'only: the polygon covers no pixel of the image, which is '
            f'{size[1]} x {size[0]} (width x height)'
        )
    return polygon


def box_of(numbers: Sequence[float]) -> Box:
    """Round a box outwards to whole pixels.

    Args:
        numbers (Sequence[float]): x1, y1, x2, y2 in pixels.

    Returns:
        Box: The smallest box of whole pixels that contains the given one.

    Raises:
        InputError: If the box is empty, or has values that are not finite.
    """
    x1, y1, x2, y2 = numbers
    if not all(map(math.isfinite, numbers)) or x1 >= x2 or y1 >= y2:
        raise InputError(
            'only: a box is x1, y1, x2, y2 with x1 < x2 and y1 < y2, got '
            f'{", ".join(f"{v:g}" for v in numbers)}'
        )
    return Box(math.floor(x1), math.floor(y1), math.ceil(x2), math.ceil(y2))


def _of_box(box: Box, size: Size) -> CompactMask:
    inside = box.intersect(Box(0, 0, size[1], size[0]))
    if inside is None:
        raise InputError(
            f'only: the box {tuple(box)} is outside the image, which is '
            f'{size[1]} x {size[0]} (width x height)'
        )
    pixels = torch.ones(inside.height, inside.width, dtype=torch.bool)
    return CompactMask(size, inside, pixels, pixels.numel())


def _numbers(value: Any, size: Size) -> list[float] | None:
    """Return the numbers of a box or a polygon; None for a mask."""
    if isinstance(value, (str, bytes, dict, Image.Image)):
        return None
    if isinstance(value, (np.ndarray, Tensor)):
        if tuple(value.shape) == size or value.ndim > 2:
            return None
        value = value.tolist()
    if not isinstance(value, Sequence):
        return None
    rows = list(value)
    if rows and all(_is_point(row) for row in rows):
        rows = [number for point in rows for number in point]
    if not all(isinstance(v, Real) for v in rows):
        return None
    if len(rows) != 4 and (len(rows) < 6 or len(rows) % 2):
        raise InputError(
            'only: a box has 4 numbers, a polygon at least 3 points, got '
            f'{len(rows)} numbers'
        )
    return [float(v) for v in rows]


def _is_point(row: Any) -> bool:
    return isinstance(row, Sequence) and len(row) == 2


def _mask(value: Any, size: Size) -> CompactMask:
    loaded = load_masks(value, image_size=size)
    if not loaded.masks or (len(loaded.masks) > 1 and not loaded.single):
        raise InputError(
            f'only: takes one mask per image, got {len(loaded.masks)}'
        )
    [mask] = loaded.masks
    if mask.size != size:
        raise InputError(
            f'only: the mask is {mask.size[1]} x {mask.size[0]}, but the '
            f'image is {size[1]} x {size[0]} (width x height): they must be '
            'equal'
        )
    return mask
