"""What ``DetInferencer`` of mmdet writes: a json per image."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.files import read_json, write_whole
from segrefiner_mm.integrations.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)


class InferencerFolder(PredictionFile):
    """A folder of json files named after their images, with ``masks``.

    Args:
        folder (Path): ``preds`` of the inferencer's ``out_dir``.

    Raises:
        InputError: If there is no such file in it, or one is not such.
    """

    def __init__(self, folder: Path) -> None:
        self.content = {
            path.stem: read_json(path)
            for path in sorted(folder.glob('*.json'))
        }
        if not self.content:
            raise InputError(f'no json in {folder}')
        for stem, prediction in self.content.items():
            if not isinstance(prediction, dict) or 'masks' not in prediction:
                raise InputError(f'{folder / stem}.json has no masks')

    def images(self) -> Iterator[ImageEntry]:
        for stem, prediction in self.content.items():
            masks = dict(enumerate(prediction['masks']))
            if masks:
                keyed = {(stem, i): mask for i, mask in masks.items()}
                yield ImageEntry(stem, stem, None, keyed)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        stem, index = key
        self.content[stem]['masks'][index] = encoded

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        pass  # the format knows one form

    def write(self, path: Path) -> None:
        for stem, prediction in self.content.items():
            content = json.dumps(prediction).encode()
            write_whole(path / f'{stem}.json', content)

    def label(self, key: Key) -> str:
        stem, index = key
        return f'mask {index} of {stem}'
