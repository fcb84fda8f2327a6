"""JSON files of labelme: polygons and masks of one image each."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.joined_polygons import joined
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.encodings.outlines import has_holes, outlines_of
from segrefiner_mm.io.formats.json_folder import JsonFolder
from segrefiner_mm.io.formats.labelme_shapes import (
    Shape,
    kind_of,
    make_mask,
    picture_bytes,
    segmentation_of,
)
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import sides_of


class LabelmeFiles(PredictionFile):
    """Polygons and masks of labelme; other shapes stay unchanged.

    A polygon whose refined mask has holes or several parts becomes a mask, as
    a polygon of labelme is one outline. An image that is embedded in the JSON
    is taken from there, unless the very file that the JSON names is found.

    Args:
        path (Path): A folder of JSON files, or one JSON file.
        style (MaskStyle, optional): The form ``'polygon'`` makes every mask
            one polygon: holes are filled, and parts joined by connecting
            lines. Defaults to None: ``'same'``.

    Raises:
        InputError: If there is no file, or a file cannot be read or is not of
            labelme.
    """

    forms = ('same', 'polygon')

    def __init__(self, path: Path, style: MaskStyle | None = None) -> None:
        self._style = style or MaskStyle()
        self._turned = 0
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
                    masks[key] = segmentation_of(shape, size)
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
                yield ImageEntry(
                    name,
                    own,
                    size,
                    masks,
                    hint=hint,
                    embedded=self._embedded(name),
                )

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        shape = self._shape(key)
        is_polygon = kind_of(shape) == 'polygon'
        points = []
        if is_polygon or self._style.form == 'polygon':
            points = self._points(encoded)
        if points:
            _make_polygon(shape, points)
            return
        make_mask(shape, encoded)
        self._turned += is_polygon

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        """Convert an unchanged mask; see :meth:`PredictionFile.rewrite`."""
        shape = self._shape(key)
        if self._style.form != 'polygon' or kind_of(shape) != 'mask':
            return
        if points := self._points(segmentation_of(shape, size)):
            _make_polygon(shape, points)

    def remarks(self) -> list[str]:
        """List what a user may not expect; see :class:`PredictionFile`."""
        if not self._turned:
            return []
        text = (
            f'polygons that became masks: {self._turned}, as they got '
            'holes, several parts or very long outlines'
        )
        keeps = '; --segmentation polygon keeps polygons'
        return [text if self._style.form == 'polygon' else text + keeps]

    def untouched(self) -> dict[str, str]:
        """List skipped shapes; see :meth:`PredictionFile.untouched`."""
        return {
            self.label((name, index)): kind_of(shape)
            for name, content in self._files.contents.items()
            for index, shape in enumerate(content['shapes'])
            if kind_of(shape) not in ('polygon', 'mask')
        }

    def write(self, path: Path) -> None:
        """Write the files; see :meth:`PredictionFile.write`."""
        self._files.write(path)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        name, index = key
        shape = self._shape(key)
        return f'shape {index} ({shown(shape.get("label"))}) of {name}'

    def _shape(self, key: Key) -> Shape:
        name, index = key
        shape: Shape = self._files.contents[name]['shapes'][index]
        return shape

    def _points(self, encoded: dict[str, Any]) -> list[list[float]]:
        """Return the only outline of a mask; nothing if there is none."""
        joins = self._style.form == 'polygon'
        if has_holes(encoded) and not joins:
            return []
        outlines = outlines_of(encoded, self._style.tolerance)
        if not outlines or (len(outlines) > 1 and not joins):
            return []
        whole = joined([np.reshape(part, (-1, 2)) for part in outlines])
        points: list[list[float]] = whole.tolist()
        return points

    def _embedded(self, name: str) -> Callable[[], bytes] | None:
        """Return what reads the image in a JSON file; None if it has none."""
        if not self._files.has_heavy(name):
            return None
        return partial(self._read_embedded, name)

    def _read_embedded(self, name: str) -> bytes:
        return picture_bytes(self._files.heavy(name), 'its imageData')

    def _refined(self, name: str) -> Iterator[tuple[int, Shape]]:
        for index, shape in enumerate(self._files.contents[name]['shapes']):
            if kind_of(shape) in ('polygon', 'mask'):
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


def _make_polygon(shape: Shape, points: list[list[float]]) -> None:
    shape['points'] = points
    if kind_of(shape) != 'polygon':
        shape |= dict(shape_type='polygon', mask=None)
