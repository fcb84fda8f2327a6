"""The output of Segment Anything's ``amg.py``: a folder per image."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.files import folders_below, read_text, write_whole
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.images import encode_mask_picture
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.io.rle import encode_mask

TABLE = 'metadata.csv'
_BOX = ('bbox_x0', 'bbox_y0', 'bbox_w', 'bbox_h')


class AmgFolder(PredictionFile):
    """Masks ``0.png``, ``1.png``, ... beside ``metadata.csv``.

    A folder has the name of its image without suffix. Tables are copied
    unchanged, unless ``update_boxes`` is set.

    Args:
        folder (Path): Output folder of ``amg.py``, or the folder of one image.
        update_boxes (bool): Whether to update boxes and areas in the tables.
            Defaults to False.

    Raises:
        InputError: If there is no table, or one cannot be read or has no
            column ``id``.
    """

    suffixes = frozenset(['.csv', '.png'])

    def __init__(self, folder: Path, update_boxes: bool = False) -> None:
        self.update_boxes = update_boxes
        self._folder = folder
        self._tables = {
            table.parent.relative_to(folder).as_posix(): _read(table)
            for table in amg_tables(folder)
        }
        if not self._tables:
            raise InputError(f'no {TABLE} in the folders of {folder}')
        self._new: dict[Key, dict[str, Any]] = {}

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        for name in self._tables:
            masks: dict[Key, Any] = {}
            for file in self._pictures(name):
                key = (name, file.name)
                try:
                    with about(file):
                        [mask] = load_masks(file).masks
                except InputError as error:
                    one = {key: None}
                    yield ImageEntry(str(key), '', None, one, str(error))
                    continue
                masks[key] = encode_mask(mask.dense().numpy())
            if masks:
                own = name if name != '.' else self._folder.absolute().name
                yield ImageEntry(name, own, None, masks)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        self._new[key] = encoded
        if self.update_boxes:
            self._update_box(key, encoded)

    def write(self, path: Path) -> None:
        """Write the folder; see :meth:`PredictionFile.write`."""
        for name, rows in self._tables.items():
            for file in self._pictures(name):
                out = path / name / file.name
                if encoded := self._new.get((name, file.name)):
                    mask = coco_mask.decode(encoded) > 0
                    content = encode_mask_picture(out, mask)
                else:
                    content = file.read_bytes()
                write_whole(out, content)
            table = (self._folder / name / TABLE).read_bytes()
            if self.update_boxes:
                table = _text(rows).encode()
            write_whole(path / name / TABLE, table)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        name, file = key
        return f'mask {file} of {name}'

    def _pictures(self, name: str) -> list[Path]:
        files = (self._folder / name).glob('*.png')
        return sorted(file for file in files if not file.name.startswith('.'))

    def _update_box(self, key: Key, encoded: dict[str, Any]) -> None:
        name, file = key
        header, *rows = self._tables[name]
        x1, y1, x2, y2 = box_of(encoded)
        box = dict(zip(_BOX, (x1, y1, x2 - x1, y2 - y1), strict=True))
        new = {'area': int(coco_mask.area(encoded)), **box}
        ids = header.index('id')
        for row in rows:
            if len(row) > ids and row[ids] == Path(file).stem:
                for place, column in enumerate(header[: len(row)]):
                    row[place] = str(new.get(column, row[place]))


def amg_tables(folder: Path) -> list[Path]:
    """List the tables ``metadata.csv`` of a folder and its subfolders.

    Args:
        folder (Path): The folder, which must exist.

    Returns:
        list[Path]: Paths of the tables, sorted folder by folder.
    """
    places = (folder, *folders_below(folder))
    tables = (place / TABLE for place in places)
    return [table for table in tables if table.is_file()]


def _read(table: Path) -> list[list[str]]:
    text = read_text(table)
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise InputError(f'{table} is not a table: {error}') from None
    if not rows or 'id' not in rows[0]:
        raise InputError(f'{table} is not of amg.py: it has no column id')
    return rows


def _text(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()
