"""Pickles written by ``tools/test.py --out`` of mmdet."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.boxes import box_of
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.formats.safe_pickle import load_pickle
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import whole_number
from segrefiner_mm.io.limits import check_pixels
from segrefiner_mm.io.rle import decode_mask, encode_mask


class DetPickle(PredictionFile):
    """Predictions of mmdet: a dict per image, masks in ``pred_instances``.

    Masks are run lengths (``DumpDetResults``), or a tensor or array (N, H, W)
    of bool or uint8 (``DumpResults``).

    Args:
        path (Path): The pickle; see :func:`load_pickle`.
        update_boxes (bool): Whether to update ``bboxes`` of refined masks
            where present. Defaults to False.

    Raises:
        InputError: If the pickle cannot be read, is not a list of dicts with
            masks, or its masks have another form or are too large.
    """

    def __init__(self, path: Path, update_boxes: bool = False) -> None:
        self.content = load_pickle(path)
        self.update_boxes = update_boxes
        if not isinstance(self.content, list):
            raise InputError(
                f'{path} does not hold a list of predictions of mmdet, but '
                f'{shown(self.content)}'
            )
        self.masks = [
            _masks_of(result, f'{path}, result {number}')
            for number, result in enumerate(self.content)
        ]

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        for number, result in enumerate(self.content):
            masks: dict[Key, Any] = {}
            for index, mask in enumerate(self.masks[number]):
                masks[number, index] = (
                    encode_mask(np.asarray(mask))
                    if isinstance(mask, (torch.Tensor, np.ndarray))
                    else mask
                )
            if masks:
                name, size, problem = _image_of(result)
                yield ImageEntry(str(number), name, size, masks, problem)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        number, index = key
        masks = self.masks[number]
        if isinstance(masks, list):
            counts = encoded['counts']
            if isinstance(masks[index].get('counts'), bytes):
                counts = counts.encode()
            masks[index] = dict(encoded, counts=counts)
        else:
            mask = torch.from_numpy(decode_mask(encoded))
            if isinstance(masks, np.ndarray):
                masks[index] = mask.numpy().astype(masks.dtype)
            else:
                masks[index] = mask.to(masks[index].dtype)
        boxes = self.content[number]['pred_instances'].get('bboxes')
        if self.update_boxes and _are_boxes(boxes, len(masks)):
            boxes[index] = torch.tensor(box_of(encoded), dtype=boxes.dtype)

    def write(self, path: Path) -> None:
        """Write the file; see :meth:`PredictionFile.write`."""
        write_whole(path, pickle.dumps(self.content))

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        number, index = key
        name = self.content[number].get('img_path')
        named = isinstance(name, str) and name
        return f'mask {index} of image {name if named else number}'


def _masks_of(result: Any, where: str) -> Any:
    """Return the masks of an image: a list of run lengths, or an array."""
    instances = (
        result.get('pred_instances') if isinstance(result, dict) else None
    )
    if not isinstance(instances, dict) or 'masks' not in instances:
        raise InputError(
            f'{where} has no masks: results of mmdet have them in '
            "'pred_instances', 'masks'"
        )
    masks = instances['masks']
    if isinstance(masks, list):
        if all(isinstance(mask, dict) for mask in masks):
            return masks
        raise InputError(f'{where}: its masks are not run-length encodings')
    if not isinstance(masks, (torch.Tensor, np.ndarray)) or masks.ndim != 3:
        raise InputError(f'{where}: its masks are {_kind(masks)}')
    is_float = masks.dtype not in (torch.bool, torch.uint8, bool, np.uint8)
    if is_float or masks.shape[1] * masks.shape[2] == 0 < len(masks):
        raise InputError(f'{where}: its masks are {_kind(masks)}')
    check_pixels(int(masks.shape[1]), int(masks.shape[2]), f'{where}: a mask')
    return masks


def _kind(masks: Any) -> str:
    if isinstance(masks, (torch.Tensor, np.ndarray)):
        shape = ' x '.join(map(str, masks.shape))
        return f'{masks.dtype} of {shape}, not bool, N x H x W'
    return f'{shown(masks)}, not bool, N x H x W, nor run-length encodings'


def _image_of(result: dict[str, Any]) -> tuple[Any, Any, str]:
    """Return the file and the size of an image, and a problem or ''."""
    name, shape = result.get('img_path'), result.get('ori_shape')
    if name is not None and not isinstance(name, str):
        return None, None, f'its img_path is {shown(name)}'
    if shape is None:
        return name, None, ''
    listed = isinstance(shape, (list, tuple)) and len(shape) > 1
    sides = [whole_number(side) for side in shape[:2]] if listed else [None]
    if any(side is None or side < 1 for side in sides):
        return name, None, f'its ori_shape is {shown(shape)}'
    return name, tuple(sides), ''


def _are_boxes(boxes: Any, count: int) -> bool:
    is_tensor = isinstance(boxes, torch.Tensor)
    return is_tensor and tuple(boxes.shape) == (count, 4)
