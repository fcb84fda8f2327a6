"""JSON files of Segment Anything, one per image.

A file of SA-1B has ``image``, which names its image, and ``annotations``.
``amg.py --convert-to-rle`` writes a list of masks to a file that has the name
of the image.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.boxes import update_box
from segrefiner_mm.io.encodings.mask_forms import MaskStyle, written
from segrefiner_mm.io.encodings.segmentation import is_empty, read_segmentation
from segrefiner_mm.io.formats.json_folder import JsonFolder
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import sides_of

Record = dict[str, Any]


class SamFiles(PredictionFile):
    """Masks in JSON files of Segment Anything.

    Only ``segmentation`` is changed, unless ``update_boxes`` is set.

    Args:
        path (Path): A folder of JSON files, or one JSON file.
        update_boxes (bool): Whether to update ``bbox`` and ``area`` of
            refined masks where present. Defaults to False.

    Raises:
        InputError: If there is no file, or a file cannot be read or is not of
            Segment Anything.
    """

    def __init__(self, path: Path, update_boxes: bool = False) -> None:
        self.update_boxes = update_boxes
        self._files = JsonFolder(path)
        self.img_dir = self._files.folder
        self._records = {
            name: _records_of(content, self._files.file(name))
            for name, content in self._files.contents.items()
        }

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        for name, records in self._records.items():
            masks: dict[Key, Any] = {
                (name, index): record['segmentation']
                for index, record in enumerate(records)
                if not is_empty(record.get('segmentation'))
            }
            if masks:
                image, size = self._image_of(name)
                yield ImageEntry(name, image, size, masks)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        record = self._record(key)
        read = read_segmentation(record['segmentation'])
        assert read is not None
        record['segmentation'] = written(encoded, read, MaskStyle())
        if self.update_boxes:
            update_box(record, encoded)

    def untouched(self) -> dict[str, str]:
        """List skipped masks; see :meth:`PredictionFile.untouched`."""
        return {
            self.label((name, index)): 'no mask'
            for name, records in self._records.items()
            for index, record in enumerate(records)
            if is_empty(record.get('segmentation'))
        }

    def write(self, path: Path) -> None:
        """Write the files; see :meth:`PredictionFile.write`."""
        self._files.write(path)

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        own = self._record(key).get('id')
        number = key[1] if own is None else shown(own)
        return f'mask {number} of {key[0]}'

    def _record(self, key: Key) -> Record:
        name, index = key
        return self._records[name][index]

    def _image_of(self, name: str) -> tuple[str, tuple[int, int] | None]:
        """Return the name and the size of the image of a file."""
        content = self._files.contents[name]
        image = content['image'] if isinstance(content, dict) else {}
        own = image.get('file_name')
        if isinstance(own, str) and own:
            own = self._files.beside(name, own)
        else:
            own = PurePosixPath(name).with_suffix('').as_posix()
        return own, sides_of(image)


def _records_of(content: Any, file: Path) -> list[Record]:
    records = content
    if isinstance(content, dict):
        image = content.get('image')
        records = content.get('annotations') if image is not None else None
        if not isinstance(image, dict):
            records = None
    if not isinstance(records, list):
        raise InputError(
            f'{file} is not a json of Segment Anything: it is neither a list '
            'of masks nor an image with annotations'
        )
    for index, record in enumerate(records):
        if not isinstance(record, dict):
            raise InputError(f'{file}: mask {index} is {shown(record)}')
    return records
