"""Conversion of coarse masks of any form to compact masks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.encodings.outside import outside
from segrefiner_mm.io.encodings.segmentation import read_segmentation
from segrefiner_mm.io.image_files.orientation import Size
from segrefiner_mm.io.image_files.pictures import (
    picture_to_array,
    read_picture,
)
from segrefiner_mm.io.label_maps import check_lossless
from segrefiner_mm.io.numpy_files import is_array_file, read_array
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.windows import CompactMask, compact_masks


@dataclass
class MaskInputs:
    """Masks of one image.

    Attributes:
        size (tuple[int, int]): Height and width in pixels.
        masks (list[CompactMask]): The masks, of this size, on the CPU.
        single (bool): Whether the input was one mask rather than several.
            Defaults to False.
        labels (list[int], optional): Label of each mask, ascending. Defaults
            to None: the input was not a label map.
    """

    size: Size
    masks: list[CompactMask]
    single: bool = False
    labels: list[int] | None = None


def load_masks(
    source: Any,
    labels: bool = False,
    image_size: Size | None = None,
    threshold: float | None = None,
) -> MaskInputs:
    """Load the masks of an image.

    Args:
        source (object): An image file, a ``.npy`` or a ``.npz`` with one
            array, or the bytes of one of these; a PIL image; an array or
            tensor, (H, W) for one mask or (N, H, W) for several, bool, or
            with values 0 and one positive value, such as 1 or 255; a COCO
            run-length encoding, or the polygons of one object; or a list with
            one of these per object.
        labels (bool): Whether ``source`` is a label map, an image or an array
            (H, W) of integers, in which every value but 0 is an object.
            Defaults to False.
        image_size (tuple[int, int], optional): Height and width of the image,
            which polygons and empty lists need. Defaults to None.
        threshold (float, optional): Value from which a soft mask is
            foreground, in the units of the mask, more than 0. Defaults to
            None: a soft mask is an error.

    Returns:
        MaskInputs: The masks, one per object, in the order of the source.

    Raises:
        InputError: If the form is unknown, a mask cannot be read, is not
            binary or differs in size from the others, a polygon lies outside
            the image, or ``threshold`` is not positive.
    """
    if isinstance(source, (str, Path, bytes)):
        name = 'the mask' if isinstance(source, bytes) else str(source)
        with about(name):
            array = _from_file(source, labels)
            return _from_array(array, labels, threshold, name)
    if isinstance(source, Image.Image):
        array = _grey(picture_to_array(source, indices=labels))
        return _from_array(array, labels, threshold, 'the mask')
    if isinstance(source, Tensor):
        source = to_numpy(source)
    if isinstance(source, np.ndarray):
        return _from_array(source, labels, threshold, 'the mask')
    if labels:
        raise InputError('a label map is an image or a 2-d array')
    if isinstance(source, dict) or _is_polygons(source, image_size):
        size = None if isinstance(source, dict) else image_size
        if size is not None:
            _check_inside(source, size)
        mask = _compact(decode_mask(source, size).astype(bool))
        return MaskInputs(mask.size, [mask], single=True)
    if isinstance(source, Sequence):
        return _from_list(source, image_size, threshold)
    raise InputError(
        'masks are images, arrays, run-length encodings or polygons, got '
        f'{type(source).__name__}'
    )


def to_numpy(array: Any) -> npt.NDArray[Any]:
    """Convert a tensor of any device and dtype to a NumPy array.

    Args:
        array (Tensor | np.ndarray): The values, of any shape.

    Returns:
        np.ndarray: The values in the shape of the input; a floating-point
        tensor becomes float32. The memory may be shared with the input.
    """
    if isinstance(array, Tensor):
        array = array.detach().cpu()
        if array.is_floating_point():  # NumPy has no bfloat16
            array = array.float()
        return array.numpy()
    return np.asarray(array)


def _from_file(path: str | Path | bytes, labels: bool) -> npt.NDArray[Any]:
    if is_array_file(path):
        return read_array(path)
    picture = read_picture(path, one_page=True)
    if labels:
        check_lossless(picture, path)
    return _grey(picture_to_array(picture, indices=labels))


def _from_array(
    array: npt.NDArray[Any], labels: bool, threshold: float | None, name: str
) -> MaskInputs:
    if array.ndim not in (2, 3) or 0 in array.shape[-2:]:
        raise InputError(
            f'{name} must be (H, W) or (N, H, W), got {array.shape}'
        )
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        raise InputError(
            f'{name} must be (H, W) or (N, H, W), got {array.shape}: is the '
            'last axis the colours?'
        )
    if array.dtype.kind not in 'biuf':
        raise InputError(f'{name} must hold numbers, got {array.dtype}')
    size = (array.shape[-2], array.shape[-1])
    if labels:
        if array.ndim != 2 or array.dtype.kind not in 'iu':
            raise InputError(
                f'a label map is a 2-d integer array, got {array.dtype} '
                f'{array.shape}'
            )
        values = [int(v) for v in np.unique(array) if v != 0]
        masks = [_compact(array == value) for value in values]
        return MaskInputs(size, masks, labels=values)
    single = array.ndim == 2
    planes = array[None] if single else array
    masks = [_compact(_binary(plane, threshold, name)) for plane in planes]
    return MaskInputs(size, masks, single)


def resized(inputs: MaskInputs, size: Size) -> MaskInputs:
    """Stretch masks to the size of their image, by linear interpolation.

    Args:
        inputs (MaskInputs): Masks of any size, such as a network's output.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        MaskInputs: New masks of this size; ``inputs`` is unchanged.
    """
    masks = []
    for mask in inputs.masks:
        dense = mask.dense().numpy().astype(np.float32)
        masks.append(_compact(cv2.resize(dense, size[::-1]) >= 0.5))
    return replace(inputs, size=size, masks=masks)


def _from_list(
    items: Sequence[Any], image_size: Size | None, threshold: float | None
) -> MaskInputs:
    if not items:
        if image_size is None:
            raise InputError('no masks, and no image to take the size from')
        return MaskInputs(image_size, [])
    parts = [
        load_masks(item, image_size=image_size, threshold=threshold)
        for item in items
    ]
    sizes = sorted({part.size for part in parts})
    if len(sizes) > 1:
        raise InputError(f'masks of one image differ in size: {sizes}')
    if not all(part.single for part in parts):
        raise InputError('a list of masks must hold one mask per entry')
    return MaskInputs(sizes[0], [part.masks[0] for part in parts])


def _is_polygons(source: Any, image_size: Size | None) -> bool:
    """Return whether a value is a list of flat lists of coordinates."""
    if not isinstance(source, (list, tuple)) or not source:
        return False
    lists = (list, tuple)
    if not all(
        isinstance(row, lists)
        or (isinstance(row, np.ndarray) and row.ndim < 2)
        for row in source
    ):
        return False
    if not all(isinstance(v, Real) for row in source for v in row):
        return False
    if len(source) > 1 and (len(source), len(source[0])) == image_size:
        raise InputError('nested lists of pixels: pass them as an array')
    if any(len(row) < 6 or len(row) % 2 for row in source):
        raise InputError(
            'a polygon is a list x1, y1, x2, y2, ... of at least 3 points'
        )
    return True


def _check_inside(polygons: Any, size: Size) -> None:
    """Reject polygons drawn on an image of another size."""
    read = read_segmentation(polygons)
    if read is None or not (out := outside(read.polygons, size)).much:
        return
    raise InputError(
        f'{out.area:.0%} of the polygon lies outside the image, which is '
        f'{size[1]} x {size[0]} (width x height): was it drawn on a copy of '
        'another size, or before the photograph was rotated?'
    )


def _compact(mask: npt.NDArray[np.bool_]) -> CompactMask:
    writeable = np.require(mask, requirements=['C', 'W'])
    [compact] = compact_masks(torch.from_numpy(writeable)[None])
    # A view would keep the whole mask in memory.
    return replace(compact, pixels=compact.pixels.clone())


def _binary(
    plane: npt.NDArray[Any], threshold: float | None, name: str
) -> npt.NDArray[np.bool_]:
    if threshold is not None:
        if not 0 < threshold < np.inf:
            raise InputError(f'threshold must be positive, got {threshold}')
        return plane >= threshold
    if plane.dtype == bool:
        return plane
    top = plane.max()
    foreground = plane == top if top > 0 else np.zeros(plane.shape, bool)
    if not np.all(foreground | (plane == 0)):
        values = np.unique(plane)
        listed = ', '.join(f'{v:g}' for v in values[:5].tolist())
        more = ', ...' if len(values) > 5 else ''
        half = 128 if top > 1 else 0.5
        raise InputError(
            f'{name} is not binary: it has {len(values)} values ({listed}'
            f'{more}). If it is soft, or was saved as JPEG, give a threshold '
            f'(--threshold {half}, in Python threshold={half}); if it is a '
            'label map, say so (--labels, in Python labels=True)'
        )
    return foreground


def _grey(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return one channel of an RGB array whose channels are equal."""
    if array.ndim == 2:
        return array
    if np.any(array != array[..., :1]):
        raise InputError(
            'a mask image must be grey, but this one has colours: save it '
            'with one channel'
        )
    return array[..., 0]
