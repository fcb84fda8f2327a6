"""Parts of masks in JSON in which the coarse mask is put back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.encodings.outside import outside
from segrefiner_mm.io.encodings.segmentation import read_segmentation
from segrefiner_mm.io.formats.coco_file import (
    CocoFile,
    replace_mask,
    why_left,
)
from segrefiner_mm.io.formats.prediction_file import Key
from segrefiner_mm.io.images import by
from segrefiner_mm.io.rle import decode_mask, encode_mask
from segrefiner_mm.review.parts import Parts, Size

_OF_MASKS = ('bbox', 'area')  # what --update-boxes computes from a mask


def restore_parts(
    after: CocoFile,
    before: CocoFile,
    chosen: Mapping[Key, Parts],
    style: MaskStyle,
) -> None:
    """Put the coarse mask back in parts of refined masks, in place.

    A mask that is the coarse one again becomes the coarse entry, and one that
    does not change stays the refined entry. Any other is written in the form
    of the refined mask; its box and area are computed if any box or area of
    the file was updated.

    Args:
        after (CocoFile): The refined file; its entries are changed.
        before (CocoFile): The coarse file.
        chosen (Mapping[Key, Parts]): The parts, by the key of the mask.
        style (MaskStyle): How polygons are written.

    Raises:
        InputError: If a mask is not of the size of its parts, cannot be
            decoded or was never refined; the message names it.
    """
    if not chosen:
        return
    boxes = _boxes_differ(after, before)
    sizes = {
        key: entry.size for entry in before.images() for key in entry.masks
    }
    for key, parts in chosen.items():
        new, old = after.masks[key], before.masks[key]
        with about(after.label(key)):
            if why := why_left(old):
                raise InputError(f'it was never refined: {why}')
            _check_size(parts.size, sizes.get(key))
            coarse, refined = (_mask(own, parts.size) for own in (old, new))
            restored = parts.restored(coarse, refined)
            if np.array_equal(restored, coarse):
                after.masks[key] = old
            elif not np.array_equal(restored, refined):
                replace_mask(new, encode_mask(restored), style, boxes)


def _boxes_differ(after: CocoFile, before: CocoFile) -> bool:
    """Return whether the run updated boxes and areas."""
    return any(
        new.get(name) != old.get(name)
        for new, old in zip(after.masks, before.masks, strict=True)
        for name in _OF_MASKS
    )


def _check_size(size: Size, stated: Size | None) -> None:
    """Refuse parts of another image than the annotations state.

    An image that is stored on its side may be stated either way.
    """
    if stated is not None and sorted(stated) != sorted(size):
        raise InputError(
            f'its parts are of an image of {by(size)}, and its image is '
            f'{by(stated)} (width x height)'
        )


def _mask(record: dict[str, Any], size: Size) -> npt.NDArray[np.uint8]:
    read = read_segmentation(record.get('segmentation'))
    if read is None:
        raise InputError('there is no mask')
    of_parts = f'its parts are of an image of {by(size)} (width x height)'
    if read.size not in (None, size):
        raise InputError(f'{of_parts}, and its mask is of {by(read.size)}')
    if read.size is None and outside(read.polygons, size).much:
        raise InputError(f'{of_parts}, and its polygons reach out of it')
    return decode_mask(record['segmentation'], size)
