"""JSON files of labelme: polygons and masks of one image each."""

import base64
import binascii
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.encodings.compact_runs import encode_crop
from segrefiner_mm.io.encodings.outlines import (
    TOLERANCE,
    has_holes,
    outlines_of,
)
from segrefiner_mm.io.formats.json_folder import JsonFolder
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.image_files.pictures import (
    picture_to_array,
    read_picture,
)
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real, sides_of
from segrefiner_mm.io.limits import check_pixels
from segrefiner_mm.windows import Box

Size = tuple[int, int]
Shape = dict[str, Any]


class LabelmeFiles(PredictionFile):
    """Polygons and masks of labelme; other shapes stay unchanged.

    A polygon whose refined mask has holes or several parts becomes a mask, as
    a polygon of labelme is one outline.

    Args:
        path (Path): A folder of JSON files, or one JSON file.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels. Defaults to 0.5.

    Raises:
        InputError: If there is no file, or a file cannot be read or is not of
            labelme.
    """

    forms = ('same',)

    def __init__(self, path: Path, tolerance: float = TOLERANCE) -> None:
        self.tolerance = tolerance
        self._files = JsonFolder(path, heavy='imageData')
        self.img_dir = self._files.folder
        for name, content in self._files.contents.items():
            _check(content, self._files.file(name))

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        for name, content in self._files.contents.items():
            masks: dict[Key, Any] = {}
            size = sides_of(content, 'imageHeight', 'imageWidth')
            for index, shape in self._refined(name):
                key = (name, index)
                try:
                    masks[key] = _segmentation(shape, size)
                except InputError as error:
                    one = {key: None}
                    yield ImageEntry(
                        f'{name} {index}', '', None, one, str(error)
                    )
            if masks:
                image = content['imagePath']
                own = None
                if isinstance(image, str) and image:
                    own = self._files.beside(name, image)
                hint = '; without --img-dir it is looked for beside the json'
                yield ImageEntry(name, own, size, masks, hint=hint)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        name, index = key
        shape = self._files.contents[name]['shapes'][index]
        if _kind(shape) == 'polygon' and not has_holes(encoded):
            polygons = outlines_of(encoded, self.tolerance)
            if len(polygons) == 1:
                flat = polygons[0]
                pairs = zip(flat[::2], flat[1::2], strict=True)
                shape['points'] = [list(pair) for pair in pairs]
                return
        if not coco_mask.area(encoded):
            raise InputError('a mask of labelme cannot be empty')
        x1, y1, x2, y2 = box_of(encoded)
        mask = coco_mask.decode(encoded)[y1:y2, x1:x2]
        shape['shape_type'] = 'mask'
        shape['points'] = [[float(x1), float(y1)], [x2 - 1.0, y2 - 1.0]]
        shape['mask'] = _picture_text(mask)

    def untouched(self) -> dict[str, str]:
        """List skipped shapes; see :meth:`PredictionFile.untouched`."""
        return {
            self.label((name, index)): _kind(shape)
            for name, content in self._files.contents.items()
            for index, shape in enumerate(content['shapes'])
            if _kind(shape) not in ('polygon', 'mask')
        }

    def write(self, path: Path) -> None:
        """Write the files; see :meth:`PredictionFile.write`."""
        self._files.write(path)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        name, index = key
        shape = self._files.contents[name]['shapes'][index]
        return f'shape {index} ({shown(shape.get("label"))}) of {name}'

    def _refined(self, name: str) -> Iterator[tuple[int, Shape]]:
        for index, shape in enumerate(self._files.contents[name]['shapes']):
            if _kind(shape) in ('polygon', 'mask'):
                yield index, shape


def _check(content: Any, file: Path) -> None:
    shapes = content.get('shapes') if isinstance(content, dict) else None
    if not isinstance(shapes, list) or 'imagePath' not in content:
        raise InputError(
            f'{file} is not a json of labelme: it lacks shapes and imagePath'
        )
    for index, shape in enumerate(shapes):
        if not isinstance(shape, dict):
            raise InputError(f'{file}: shape {index} is {shown(shape)}')


def _kind(shape: Shape) -> str:
    # Files of the first versions have polygons only, and do not say so.
    kind = shape.get('shape_type') or 'polygon'
    return kind if isinstance(kind, str) else shown(kind)


def _segmentation(shape: Shape, size: Size | None) -> Any:
    """Convert a shape to COCO's ``segmentation``."""
    points = shape.get('points')
    if not isinstance(points, list) or not all(
        isinstance(point, (list, tuple))
        and len(point) == 2
        and all(map(is_real, point))
        for point in points
    ):
        raise InputError('its points are not a list of pairs of x and y')
    if _kind(shape) == 'polygon':
        return [[float(side) for point in points for side in point]]
    if size is None:
        raise InputError('its file lacks imageHeight and imageWidth')
    check_pixels(*size, 'its image')
    return _pasted(_mask_of(shape.get('mask')), points, size)


def _mask_of(text: Any) -> npt.NDArray[np.bool_]:
    if not isinstance(text, str):
        raise InputError(f'its mask is {shown(text)}, not an image in base64')
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError('its mask is not an image in base64') from None
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


def _picture_text(mask: npt.NDArray[np.uint8]) -> str:
    content = io.BytesIO()
    Image.fromarray(mask).save(content, 'PNG')
    return base64.b64encode(content.getvalue()).decode()
