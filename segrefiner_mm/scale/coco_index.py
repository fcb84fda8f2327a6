"""A table of the images of a COCO JSON file, by offsets in the file."""

import os
from array import array
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.coco_annotations import (
    CocoImage,
    Id,
    check_record,
    check_same_name,
    image_of,
)
from segrefiner_mm.io.files import composed
from segrefiner_mm.io.json_files.json_file import parse_json
from segrefiner_mm.io.json_files.json_stream import (
    BEGIN,
    ITEM,
    VALUE,
    JsonStream,
)

IMAGES, ANNOTATIONS = 'images', 'annotations'


def open_source(path: Path) -> BinaryIO:
    """Open a file of annotations.

    Args:
        path (Path): The file.

    Returns:
        BinaryIO: The file, open for reading; the caller closes it.

    Raises:
        InputError: If the file cannot be opened.
    """
    try:
        return path.open('rb')
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error


class ImageTable:
    """The images of an annotation file, each read on demand.

    The file stays open, and must not change, as long as the table is used.

    Args:
        path (Path): Annotation file.

    Raises:
        InputError: If the file cannot be read, has no list of images, an
            image has no valid id, or two images of different names share an
            id.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_source(path)
        self._rows: dict[Id, int] = {}
        self._starts = array('q')
        self._sizes = array('i')
        self._stems = array('q')
        self._names = array('q')
        self._read()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._rows

    def row(self, image_id: Id) -> int | None:
        """Return the row of an image in the table.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            int | None: The row, from 0; None if no image has this id.
        """
        return self._rows.get(image_id)

    def get(self, image_id: Id, /) -> CocoImage | None:
        """Return an image by its id.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            CocoImage | None: The image; None if no image has this id.
        """
        row = self._rows.get(image_id)
        return None if row is None else self.at(row)

    def _read(self) -> None:
        found = False
        for event in JsonStream(self._file, self._path).events():
            if event.member == IMAGES and event.kind == ITEM:
                self._add(event.value, event.start, event.end)
            found |= event.member == IMAGES and event.kind == BEGIN
            at_next = event.member != IMAGES and event.kind in (BEGIN, VALUE)
            if found and at_next:
                return  # what follows is not parsed for the images
            if event.member is None:
                break
        if not found:
            raise InputError(
                f'{self._path} has no images: it is neither COCO results nor '
                'COCO or LVIS annotations'
            )

    def _add(self, record: Any, start: int, end: int) -> None:
        index = len(self._starts)
        check_record(record, IMAGES, index, self._path)
        image = _plain_image(record)
        if image is None:
            image = image_of(record, f'{self._path}, images: number {index}')
        row = self._rows.setdefault(image.id, index)
        if row != index:
            before = self.at(row)
            check_same_name(before, image, self._path)
            return
        self._starts.append(start)
        self._sizes.append(end - start)
        self._stems.append(hash(_stem(image.name)))
        self._names.append(hash(image.name))

    def namesakes(self) -> list[str]:
        """Return distinct names whose last parts have equal stems.

        Letter case is ignored. Names with equal stems may lead to one file,
        as a part of a path is looked up if nothing is found at the whole path.

        Returns:
            list[str]: The names, each once.
        """
        names = np.frombuffer(self._names, np.int64)
        _, first = np.unique(names, return_index=True)
        stems = np.frombuffer(self._stems, np.int64)[first]
        _, which, count = np.unique(
            stems, return_inverse=True, return_counts=True
        )
        return [self.at(int(row)).name for row in first[count[which] > 1]]

    def at(self, row: int) -> CocoImage:
        """Return an image by its row in the table.

        Args:
            row (int): The row, from 0, below the length of the table.

        Returns:
            CocoImage: The image.
        """
        content = os.pread(
            self._file.fileno(), self._sizes[row], self._starts[row]
        )
        record = parse_json(content, self._path)
        return image_of(record, f'{self._path}, images: number {row}')


def _plain_image(record: dict[str, Any]) -> CocoImage | None:
    """Return an image whose fields have the common types; a fast path."""
    own_id, name = record.get('id'), record.get('file_name')
    if type(own_id) is not int or type(name) is not str or not name:
        return None
    return CocoImage(own_id, name, None)


def _stem(name: str) -> str:
    """Return the stem of a name's last part, normalised for comparison."""
    last = name.replace('\\', '/').rpartition('/')[2]
    stem, dot, _ = last.rpartition('.')
    return composed(stem if dot else last).casefold()
