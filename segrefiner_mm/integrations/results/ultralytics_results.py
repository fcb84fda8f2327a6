"""``Results`` of ultralytics, recognised by their fields.

The library is under AGPL-3.0 and is neither imported nor required. Its masks
usually have the size of the network's input, including the padding of
``LetterBox``.
"""

from copy import copy
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import (
    MaskResult,
    Masks,
    like,
)
from segrefiner_mm.io.masks import to_numpy

Size = tuple[int, int]


class UltralyticsResults(MaskResult):
    """The masks of ``Results``; copies differ in no other field.

    Refined masks have the size of the image, as with ``retina_masks=True``.

    Args:
        results (Results): The results for one image.

    Raises:
        InputError: If there are boxes but no masks.
    """

    def __init__(self, results: Any) -> None:
        self._results = results
        boxes = results.boxes
        if results.masks is not None:
            height, width = (int(side) for side in results.orig_shape)
            data = to_numpy(results.masks.data)
            self.masks = without_letterbox(data, (height, width))
        elif boxes is not None and len(boxes):
            raise InputError(
                f'these Results have {len(boxes)} boxes and no masks: use a '
                'segmentation model, such as yolo11n-seg.pt'
            )
        else:
            self.masks = []

    def with_masks(self, refined: Masks) -> Any:
        """Return a copy with these masks; see the base class."""
        new = copy(self._results)
        before = new.masks
        if before is not None:
            data = like(refined, before.data)
            new.masks = type(before)(data, before.orig_shape)
        return new


def open_ultralytics(value: Any) -> MaskResult | None:
    """Recognise ``Results`` by their fields.

    Args:
        value (object): Any value.

    Returns:
        MaskResult | None: The opened results; None for any other value.

    Raises:
        InputError: If there are boxes but no masks.
    """
    fields = ('orig_shape', 'boxes', 'masks', 'names', 'path')
    if all(hasattr(value, field) for field in fields):
        return UltralyticsResults(value)
    return None


def without_letterbox(masks: npt.NDArray[Any], size: Size) -> Masks:
    """Crop the padding of a letterbox, and scale masks to their image.

    Args:
        masks (np.ndarray): (N, h, w) of bool or numeric dtype, 0 and 1. The
            image is centred in each mask, scaled by one factor on both axes.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        np.ndarray: (N, H, W) bool.
    """
    if masks.shape[1:] == size:
        return masks > 0.5
    inner, outer = np.array(masks.shape[1:]), np.array(size)
    gain = (inner / outer).min()
    pad = (inner - (outer * gain).round()) / 2
    top, left = (int(n) for n in np.round(pad - 0.1))
    bottom, right = (int(n) for n in inner - np.round(pad + 0.1))
    scaled = np.zeros((len(masks), *size), bool)
    for mask, out in zip(masks, scaled, strict=True):
        crop = mask[top:bottom, left:right].astype(np.float32)
        out[:] = cv2.resize(crop, size[::-1]) > 0.5
    return scaled
