"""The base of JSON files with a list of results or annotations."""

from pathlib import Path
from typing import Any

from segrefiner_mm.io.coco_annotations import Id, records_of
from segrefiner_mm.io.encodings.mask_forms import ALL_FORMS, MaskStyle
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.formats.prediction_file import PredictionFile
from segrefiner_mm.io.json_files.json_file import json_bytes, shown


class RecordJson(PredictionFile):
    """JSON with a list of results, or with a list ``annotations``.

    Args:
        content (list | dict): Content of the JSON file, changed in place.
        path (Path): The file, for messages.
        style (MaskStyle, optional): Form in which masks are written. Defaults
            to None: the form in which they were read.
        update_boxes (bool): Whether to update boxes and areas of refined
            masks where present. Defaults to False.

    Attributes:
        masks (list[dict]): The results or annotations.
        are_results (bool): Whether the content is a list of results.

    Raises:
        InputError: If there is no list of objects.
    """

    forms = ALL_FORMS

    def __init__(
        self,
        content: Any,
        path: Path,
        style: MaskStyle | None = None,
        update_boxes: bool = False,
    ) -> None:
        self.content = content
        self.style = style or MaskStyle()
        self.update_boxes = update_boxes
        self.are_results = isinstance(content, list)
        part = '' if self.are_results else 'annotations'
        self.masks = records_of(content, part, path)

    def write(self, path: Path) -> None:
        """Write the file; see :meth:`PredictionFile.write`."""
        write_whole(path, json_bytes(self.content, path))

    def _own_name(self, index: int) -> str:
        """Return the name of a record, without its image."""
        return record_name(self.masks[index], index)


def record_name(record: dict[str, Any], index: int) -> str:
    """Return the name of a record for messages, without its image.

    Args:
        record (dict): Result or annotation.
        index (int): Its index in the file, from 0.

    Returns:
        str: ``'annotation'`` and its id; ``'result'`` and the index if it has
        no id.
    """
    own = record.get('id')
    return f'result {index}' if own is None else f'annotation {shown(own)}'


def typed_key(own_id: Id, *more: object) -> str:
    """Return a text key for an id, which differs for 1 and "1".

    Args:
        own_id (int | str): The id.
        *more (object): Further values to include, such as a frame number.

    Returns:
        str: Type and value of the id, and the further values.
    """
    return ' '.join(map(str, (type(own_id).__name__, own_id, *more)))
