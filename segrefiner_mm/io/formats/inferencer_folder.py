"""JSON files of ``DetInferencer`` of mmdet, one per image."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.encodings.mask_forms import MaskStyle, written
from segrefiner_mm.io.encodings.segmentation import is_empty, read_segmentation
from segrefiner_mm.io.files import read_json, write_whole
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.json_files.json_file import json_bytes, shown


class InferencerFolder(PredictionFile):
    """A folder of JSON files named after their images, with ``masks``.

    Args:
        folder (Path): ``preds`` of the inferencer's ``out_dir``.
        update_boxes (bool): Whether to update ``bboxes`` of refined masks
            where present. Defaults to False.

    Raises:
        InputError: If the folder has no JSON file, or one cannot be read or
            has no masks.
    """

    def __init__(self, folder: Path, update_boxes: bool = False) -> None:
        self.update_boxes = update_boxes
        self.content = {
            path.stem: read_json(path)
            for path in sorted(folder.glob('*.json'))
            if path.is_file() and not path.name.startswith('.')
        }
        if not self.content:
            raise InputError(f'no json in {folder}')
        for stem, prediction in self.content.items():
            if not isinstance(prediction, dict) or 'masks' not in prediction:
                raise InputError(f'{folder / stem}.json has no masks')
            if not isinstance(prediction['masks'], list):
                raise InputError(
                    f'{folder / stem}.json: masks must be a list, got '
                    f'{shown(prediction["masks"])}'
                )

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        for stem, prediction in self.content.items():
            keyed: dict[Key, Any] = {
                (stem, index): mask
                for index, mask in enumerate(prediction['masks'])
                if not is_empty(mask)
            }
            if keyed:
                yield ImageEntry(stem, stem, None, keyed)

    def untouched(self) -> dict[str, str]:
        """List skipped masks; see :meth:`PredictionFile.untouched`."""
        return {
            self.label((stem, index)): 'no mask'
            for stem, prediction in self.content.items()
            for index, mask in enumerate(prediction['masks'])
            if is_empty(mask)
        }

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        stem, index = key
        masks = self.content[stem]['masks']
        before = read_segmentation(masks[index])
        assert before is not None
        masks[index] = written(encoded, before, MaskStyle())
        boxes = self.content[stem].get('bboxes')
        listed = isinstance(boxes, list) and len(boxes) == len(masks)
        if self.update_boxes and listed:
            boxes[index] = [float(side) for side in box_of(encoded)]

    def write(self, path: Path) -> None:
        """Write the folder; see :meth:`PredictionFile.write`."""
        for stem, prediction in self.content.items():
            file = path / f'{stem}.json'
            write_whole(file, json_bytes(prediction, file))

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        stem, index = key
        return f'mask {index} of {stem}'
