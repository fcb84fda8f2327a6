"""Shapes of labelme: polygons and masks, and their conversion."""

import base64
import binascii
import io
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.encodings.compact_runs import encode_crop
from segrefiner_mm.io.image_files.pictures import (
    picture_to_array,
    read_picture,
)
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.limits import check_pixels
from segrefiner_mm.windows import Box

Size = tuple[int, int]
Shape = dict[str, Any]


def kind_of(shape: Shape) -> str:
    """Return the kind of a shape.

    Args:
        shape (dict): A shape.

    Returns:
        str: ``'polygon'``, ``'mask'``, ``'rectangle'`` and the like.
    """
    # Files of the first versions have polygons only, and do not say so.
    kind = shape.get('shape_type') or 'polygon'
    return kind if isinstance(kind, str) else shown(kind)


def segmentation_of(shape: Shape, size: Size | None) -> Any:
    """Convert a polygon or a mask to COCO's ``segmentation``.

    Args:
        shape (dict): The shape.
        size (tuple[int, int], optional): Height and width of the image; a
            mask needs them.

    Returns:
        list | dict: Polygon, or run lengths.

    Raises:
        InputError: If the shape is invalid.
    """
    points = shape.get('points')
    if not isinstance(points, list) or not all(
        isinstance(point, (list, tuple))
        and len(point) == 2
        and all(map(is_real, point))
        for point in points
    ):
        raise InputError('its points are not a list of pairs of x and y')
    if kind_of(shape) == 'polygon':
        return [[float(side) for point in points for side in point]]
    if size is None:
        raise InputError('its file lacks imageHeight and imageWidth')
    check_pixels(*size, 'its image')
    return _pasted(_mask_of(shape.get('mask')), points, size)


def picture_bytes(text: Any, name: str) -> bytes:
    """Decode a picture that is held as text.

    Args:
        text (object): Value in the JSON, which should be base64.
        name (str): Name of the picture, for errors.

    Returns:
        bytes: Content of the picture file.

    Raises:
        InputError: If it is not base64.
    """
    if not isinstance(text, str):
        raise InputError(f'{name} is {shown(text)}, not an image in base64')
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f'{name} is not an image in base64') from None


def _mask_of(text: Any) -> npt.NDArray[np.bool_]:
    content = picture_bytes(text, 'its mask')
    mask = picture_to_array(read_picture(content, one_page=True))
    if mask.ndim != 2:
        raise InputError('its mask is a colour image, not a grey one')
    return mask > 0


def _pasted(
    crop: npt.NDArray[np.bool_], points: list[Any], size: Size
) -> dict[str, Any]:
    """Encode a mask whose first point is its left top corner, in pixels."""
    if not points:
        raise InputError('its mask has no points that give its position')
    x, y = (round(side) for side in points[0])
    height, width = crop.shape
    if x < 0 or y < 0 or y + height > size[0] or x + width > size[1]:
        raise InputError(
            f'its mask of {width} x {height} at {x}, {y} extends beyond the '
            f'image of {size[1]} x {size[0]} (width x height)'
        )
    box = Box(x, y, x + width, y + height)
    return encode_crop(torch.from_numpy(crop), box, size)


def make_mask(shape: Shape, encoded: dict[str, Any]) -> None:
    """Make a shape a mask.

    Args:
        shape (dict): The shape, which is changed.
        encoded (dict): ``size`` and compressed ``counts`` of the mask.

    Raises:
        InputError: If the mask is empty; the shape stays.
    """
    if not coco_mask.area(encoded):
        raise InputError('a mask of labelme cannot be empty')
    x1, y1, x2, y2 = box_of(encoded)
    content = io.BytesIO()
    mask = coco_mask.decode(encoded)[y1:y2, x1:x2]
    Image.fromarray(mask).save(content, 'PNG')
    shape['shape_type'] = 'mask'
    shape['points'] = [[float(x1), float(y1)], [x2 - 1.0, y2 - 1.0]]
    shape['mask'] = base64.b64encode(content.getvalue()).decode()
