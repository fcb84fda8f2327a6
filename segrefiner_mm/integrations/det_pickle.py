"""What ``tools/test.py --out`` of mmdet writes."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segrefiner_mm.encodings import decode_mask, encode_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import write_whole
from segrefiner_mm.integrations.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.integrations.safe_pickle import load_pickle


class DetPickle(PredictionFile):
    """A list with a dict per image, masks in ``pred_instances``.

    Masks are run lengths (``DumpDetResults``) or a tensor (``DumpResults``).

    Args:
        path (Path): The pickle; see :func:`load_pickle`.

    Raises:
        InputError: If it is none, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.content = load_pickle(path)
        try:
            self.masks = [r['pred_instances']['masks'] for r in self.content]
            for masks in self.masks:
                len(masks)
        except (KeyError, TypeError, IndexError) as error:
            raise InputError(
                f'{path} does not hold predictions of mmdet with masks: '
                f'{error!r}'
            ) from None

    def images(self) -> Iterator[ImageEntry]:
        for number, result in enumerate(self.content):
            masks: dict[Key, Any] = {}
            for index, mask in enumerate(self.masks[number]):
                masks[number, index] = (
                    encode_mask(np.asarray(mask))
                    if isinstance(mask, (torch.Tensor, np.ndarray))
                    else mask
                )
            if masks:
                path, shape = result.get('img_path'), result.get('ori_shape')
                size = None if shape is None else tuple(shape[:2])
                yield ImageEntry(str(number), path, size, masks)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        number, index = key
        masks = self.masks[number]
        if isinstance(masks, list):
            counts = encoded['counts']
            if isinstance(masks[index].get('counts'), bytes):
                counts = counts.encode()
            masks[index] = dict(encoded, counts=counts)
        else:
            mask = torch.from_numpy(decode_mask(encoded))
            masks[index] = mask.to(masks[index].dtype)

    def rewrite(self, key: Key, size: tuple[int, int]) -> None:
        pass  # the format knows one form

    def write(self, path: Path) -> None:
        write_whole(path, pickle.dumps(self.content))

    def label(self, key: Key) -> str:
        number, index = key
        name = self.content[number].get('img_path') or f'number {number}'
        return f'mask {index} of image {name}'
