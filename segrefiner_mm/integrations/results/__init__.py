"""Masks in result objects of other libraries, and copies with other masks.

The objects are recognised by their fields, so that no library is required.
"""

from collections.abc import Collection
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.array_layouts import open_layout
from segrefiner_mm.integrations.results.data_sample import open_data_sample
from segrefiner_mm.integrations.results.detectron_instances import (
    open_detectron,
)
from segrefiner_mm.integrations.results.mask_rcnn_output import open_mask_rcnn
from segrefiner_mm.integrations.results.record_masks import open_records
from segrefiner_mm.integrations.results.result import (
    LabelResult,
    MaskResult,
    Result,
)
from segrefiner_mm.integrations.results.segment_map import open_segments
from segrefiner_mm.integrations.results.supervision_detections import (
    open_supervision,
)
from segrefiner_mm.integrations.results.ultralytics_results import (
    open_ultralytics,
)

Size = tuple[int, int]
_OPENERS = (
    open_data_sample,
    open_detectron,
    open_supervision,
    open_ultralytics,
    open_segments,
    open_mask_rcnn,
    open_records,
)

__all__ = ['LabelResult', 'MaskResult', 'Result', 'open_result']


class _OfOneImage(MaskResult):
    """A list of one result, as a model returns it for one image."""

    def __init__(self, inner: MaskResult) -> None:
        self._inner = inner
        self.masks, self.threshold = inner.masks, inner.threshold
        self.holds_soft = inner.holds_soft

    def with_masks(self, refined: Any) -> list[Any]:
        """Return a copy with these masks; see the base class."""
        return [self._inner.with_masks(refined)]


class _MapOfOneImage(LabelResult):
    """A list of one label map, as a model returns it for one image."""

    def __init__(self, inner: LabelResult) -> None:
        self._inner = inner
        self.labels, self.ignore = inner.labels, inner.ignore

    def with_labels(self, refined: Any) -> list[Any]:
        """Return a copy with these labels; see the base class."""
        return [self._inner.with_labels(refined)]


def open_result(value: Any, sizes: Collection[Size]) -> Result | None:
    """Recognise a result object of another library.

    Args:
        value (object): Masks in any form.
        sizes (Collection[tuple[int, int]]): Sizes of the image, upright and as
            stored, each height and width; they distinguish (H, W, N) from
            (N, H, W).

    Returns:
        Result | None: The opened object; None for the forms that
        :func:`load_masks` reads, and for unknown values.

    Raises:
        InputError: If an object has no masks, is ambiguous, or is a list of
            the results of several images.
    """
    for opener in _OPENERS:
        if (result := opener(value)) is not None:
            return result
    if isinstance(value, list) and value:
        return _open_list(value)
    return open_layout(value, sizes)


def _open_list(values: list[Any]) -> Result | None:
    first = next((r for o in _OPENERS if (r := o(values[0]))), None)
    if first is None:
        return None
    if len(values) > 1:
        raise InputError(
            f'a list of {len(values)} results of type '
            f'{type(values[0]).__name__} is of {len(values)} images: pass '
            'them to SegRefinerInferencer with a list of the images'
        )
    if isinstance(first, LabelResult):
        return _MapOfOneImage(first)
    return _OfOneImage(first)
