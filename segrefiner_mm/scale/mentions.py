"""The last mention of every image in a COCO JSON file."""

import re
from array import array
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.coco_annotations import Id
from segrefiner_mm.io.json_files.json_file import parse_json
from segrefiner_mm.io.json_files.numbers import whole_number
from segrefiner_mm.scale.coco_index import ImageTable, open_source

_CHUNK = 2**20  # stays in the cache
# Bytes that hold any whole mention.
_OVERLAP = 2**12
_KEY = b'"image_id"'
_UNDERSCORE = _KEY.index(b'_')
_VALUE = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}\]]+)')
_CLOSED = -2
_DIGITS = 18  # any number of this length fits an int64
_ENDS = np.frombuffer(b',} \n\r\t', np.uint8)

Offsets = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class Mentions:
    """The last mention of every image in a file.

    The bytes are searched for ``"image_id"`` and not parsed, which is ten
    times as fast. A match that is not the id of a record only delays an image.

    Args:
        path (Path): File of results or annotations.
        images (ImageTable, optional): Table of the images, which saves
            memory. Defaults to None.

    Raises:
        InputError: If the file cannot be opened.
    """

    def __init__(self, path: Path, images: ImageTable | None = None) -> None:
        self._images = images
        self._known = array('q', [-1]) * (0 if images is None else len(images))
        self._others: dict[Id, int] = {}
        self._search(path)

    def __len__(self) -> int:
        known = np.frombuffer(self._known, np.int64)
        return int((known >= 0).sum()) + len(self._others)

    def last(self, image_id: Id) -> int:
        """Return the offset of the last mention of an image.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            int: Offset in the file, in bytes; -1 without a mention, and -2
            after :meth:`close`.
        """
        row = None if self._images is None else self._images.row(image_id)
        if row is None:
            return self._others.get(image_id, -1)
        return self._known[row]

    def close(self, image_id: Id) -> None:
        """Mark an image as complete.

        Args:
            image_id (int | str): Id of the image.
        """
        row = None if self._images is None else self._images.row(image_id)
        if row is None:
            self._others[image_id] = _CLOSED
        else:
            self._known[row] = _CLOSED

    def is_closed(self, image_id: Id) -> bool:
        """Return whether an image was marked as complete.

        Args:
            image_id (int | str): Id of the image.

        Returns:
            bool: Whether :meth:`close` was called with this id.
        """
        return self.last(image_id) == _CLOSED

    def _search(self, path: Path) -> None:
        with open_source(path) as file:
            text, base = b'', 0
            while chunk := _read(file, path):
                text += chunk
                # A key that the chunk may cut is searched with the next one.
                searched = max(len(text) - _OVERLAP, 0)
                self._search_chunk(text, base, searched)
                text, base = text[searched:], base + searched
            self._search_chunk(text, base, len(text))

    def _search_chunk(self, text: bytes, base: int, searched: int) -> None:
        content = np.frombuffer(text + bytes(_DIGITS + 3), np.uint8)
        places = _places(content)
        places = places[places < searched]
        ids = _whole_ids(content, places + len(_KEY))
        for place in places[ids < 0].tolist():
            match = _VALUE.match(text, place + len(_KEY))
            image_id = _id_of(match[1]) if match else None
            if image_id is not None:
                self._note(image_id, base + place)
        places, ids = places[ids >= 0], ids[ids >= 0]
        # Of consecutive records of one image, the last one.
        ends = np.append(np.flatnonzero(np.diff(ids)), len(ids) - 1)
        if len(ids):
            found = ids[ends].tolist(), (places[ends] + base).tolist()
            for image_id, place in zip(*found, strict=True):
                self._note(image_id, place)

    def _note(self, image_id: Id, at: int) -> None:
        row = None if self._images is None else self._images.row(image_id)
        if row is None:
            self._others[image_id] = max(at, self._others.get(image_id, -1))
        else:
            self._known[row] = max(at, self._known[row])


def _places(content: Bytes) -> Offsets:
    """Return the offsets of all ``"image_id"`` keys."""
    places = np.flatnonzero(content == ord('_')) - _UNDERSCORE
    places = places[(places >= 0) & (places < len(content) - len(_KEY))]
    for index, sign in enumerate(_KEY):
        places = places[content[places + index] == sign]
    return places


def _whole_ids(content: Bytes, at: Offsets) -> Offsets:
    """Parse the ids at the given offsets; -1 for all but plain numbers."""
    fitting = content[at] == ord(':')
    at = at + 1
    at += content[at] == ord(' ')
    ids = np.zeros(len(at), np.int64)
    count = np.zeros(len(at), np.int64)
    for index in range(_DIGITS):
        digit = content[at + index] - np.uint8(ord('0'))  # others wrap
        is_digit = (digit < 10) & (count == index)
        if not is_digit.any():
            break
        ids[is_digit] = ids[is_digit] * 10 + digit[is_digit]
        count += is_digit
    fitting &= (count > 0) & np.isin(content[at + count], _ENDS)
    return np.where(fitting, ids, -1)


def _id_of(token: bytes) -> Id | None:
    if token.isdigit():
        return int(token)
    try:
        value = parse_json(token, 'an id')
    except InputError:
        return None
    return value if isinstance(value, str) else whole_number(value)


def _read(file: BinaryIO, path: Path) -> bytes:
    try:
        return file.read(_CHUNK)
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
