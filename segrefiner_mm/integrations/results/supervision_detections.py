"""``Detections`` of supervision, with dense or compact masks."""

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import MaskResult, Masks


class SupervisionDetections(MaskResult):
    """The masks of ``sv.Detections``; copies differ in no other field.

    Args:
        detections (sv.Detections): The detections.

    Raises:
        InputError: If there are boxes but no masks.
    """

    def __init__(self, detections: Any) -> None:
        self._detections = detections
        if detections.mask is None and len(detections.xyxy):
            raise InputError(
                f'these Detections have {len(detections.xyxy)} boxes and no '
                'masks: use a model that predicts masks, or SAM on the boxes'
            )
        self._compact = hasattr(detections.mask, 'to_dense')
        if detections.mask is None:
            self.masks = []
        elif self._compact:
            self.masks = detections.mask.to_dense()
        else:
            self.masks = np.asarray(detections.mask)

    def with_masks(self, refined: Masks) -> Any:
        """Return a copy with these masks; see the base class."""
        new = copy(self._detections)
        before = new.mask
        if self._compact:
            # Its own crops: a refined mask may leave the detector's box.
            boxes = _inclusive_boxes(refined)
            size = (refined.shape[1], refined.shape[2])
            new.mask = type(before).from_dense(refined, boxes, size)
        elif before is not None:
            new.mask = refined.astype(before.dtype)
        return new


def open_supervision(value: Any) -> MaskResult | None:
    """Recognise ``sv.Detections`` by their fields.

    Args:
        value (object): Any value.

    Returns:
        MaskResult | None: The opened detections; None for any other value.

    Raises:
        InputError: If there are boxes but no masks.
    """
    fields = ('xyxy', 'mask', 'class_id', 'tracker_id')
    if all(hasattr(value, field) for field in fields):
        return SupervisionDetections(value)
    return None


def _inclusive_boxes(masks: Masks) -> npt.NDArray[np.int64]:
    """Return x1, y1, x2, y2, inclusive, (N, 4); 0 for an empty mask."""
    boxes = np.zeros((len(masks), 4), np.int64)
    for box, mask in zip(boxes, masks, strict=True):
        rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0)
        if len(rows):
            [across] = columns.nonzero()
            box[:] = across[0], rows[0], across[-1], rows[-1]
    return boxes
