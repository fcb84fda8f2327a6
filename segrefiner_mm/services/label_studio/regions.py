"""Conversion between regions of Label Studio and masks."""

import math
from typing import Any
from uuid import uuid4

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import whole_number
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.services.label_studio.brush_rle import (
    decode_brush,
    encode_brush,
)
from segrefiner_mm.services.refine_service import ServedMask
from segrefiner_mm.services.uploads import MaskItem

Region = dict[str, Any]


def is_mask(region: Any) -> bool:
    """Return whether a region is a brush or a polygon.

    Args:
        region (object): Entry of a ``result`` list of Label Studio.

    Returns:
        bool: Whether :func:`mask_of` may be called; the mask itself is not
        checked.
    """
    if not isinstance(region, dict) or not isinstance(
        region.get('value'), dict
    ):
        return False
    value = region['value']
    return value.get('format') == 'rle' or 'points' in value


def mask_of(region: Region) -> MaskItem:
    """Read the mask of a region.

    Args:
        region (dict): A region for which :func:`is_mask` is true.

    Returns:
        dict | list: COCO run lengths, or [[x1, y1, x2, y2, ...]] in pixels.

    Raises:
        InputError: If the region lacks the size of its image, or the brush
            or polygon is invalid.
    """
    sides = [
        whole_number(region.get(f'original_{side}'))
        for side in ('height', 'width')
    ]
    height, width = (side or 0 for side in sides)
    if height < 1 or width < 1:
        raise InputError(
            'a region lacks the size of its image: original_width and '
            'original_height'
        )
    value = region['value']
    if value.get('format') == 'rle':
        mask = decode_brush(value.get('rle'), (height, width))
        # Many brushes on a large image would take all memory as arrays.
        return encode_mask(mask)
    points = value['points']
    if not isinstance(points, list) or len(points) < 3:
        raise InputError(f'a region has an invalid polygon: {shown(points)}')
    return [[c for p in points for c in _in_pixels(p, width, height)]]


def regions_of(region: Region, served: ServedMask) -> list[Region]:
    """Convert a refined mask to regions of the kind of the coarse one.

    Args:
        region (dict): The region that was refined.
        served (ServedMask): Its refined mask.

    Returns:
        list[dict]: One brush, or a polygon for every part of the mask; copies
        of ``region`` with new ids, the size, the score and the new shape.
    """
    if region['value'].get('format') == 'rle':
        rle = encode_brush(served.dense())
        return [_new(region, served, dict(format='rle', rle=rle))]
    height, width = served.size
    return [
        _new(region, served, dict(points=_in_percent(polygon, width, height)))
        for polygon in served.polygons()
    ]


def _new(region: Region, served: ServedMask, value: dict[str, Any]) -> Region:
    height, width = served.size
    return dict(
        region,
        id=uuid4().hex[:10],
        original_height=height,
        original_width=width,
        score=served.confidence,
        value={**region['value'], **value},
    )


def _in_pixels(point: Any, width: int, height: int) -> tuple[float, float]:
    good = isinstance(point, list) and len(point) == 2
    if not good or not all(
        isinstance(c, (int, float)) and math.isfinite(c) for c in point
    ):
        raise InputError(f'a polygon has an invalid point: {shown(point)}')
    return point[0] * width / 100, point[1] * height / 100


def _in_percent(
    polygon: list[float], width: int, height: int
) -> list[list[float]]:
    pairs = zip(polygon[::2], polygon[1::2], strict=True)
    return [[100 * x / width, 100 * y / height] for x, y in pairs]
