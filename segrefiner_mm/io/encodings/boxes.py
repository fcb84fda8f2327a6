"""Boxes and areas of refined masks."""

from typing import Any

from pycocotools import mask as coco_mask

from segrefiner_mm.io.json_files.numbers import is_real


def update_box(record: dict[str, Any], encoded: dict[str, Any]) -> None:
    """Update the box and the area of a record to those of its refined mask.

    Args:
        record (dict): Annotation or result. ``bbox`` (x, y, width, height)
            and ``area`` are updated in place where present.
        encoded (dict): The refined mask, ``size`` and compressed ``counts``.
    """
    if 'bbox' in record:
        x1, y1, x2, y2 = box_of(encoded)
        record['bbox'] = _alike([x1, y1, x2 - x1, y2 - y1], record['bbox'])
    if 'area' in record:
        area = int(coco_mask.area(encoded))
        [record['area']] = _alike([area], [record['area']])


def box_of(encoded: dict[str, Any]) -> list[int]:
    """Return the box of a mask.

    Args:
        encoded (dict): The mask, ``size`` and compressed ``counts``.

    Returns:
        list[int]: Left, top, right and bottom in pixels; right and bottom are
        exclusive.
    """
    x, y, width, height = (int(v) for v in coco_mask.toBbox(encoded))
    return [x, y, x + width, y + height]


def is_box(box: Any) -> bool:
    """Return whether a value is a list of four numbers, a box in JSON.

    Args:
        box (object): Anything.

    Returns:
        bool: True for a list or tuple of four finite numbers.
    """
    return (
        isinstance(box, (list, tuple))
        and len(box) == 4
        and all(map(is_real, box))
    )


def _alike(numbers: list[int], before: Any) -> list[Any]:
    """Convert to floats if the old numbers had floats among them."""
    listed = before if isinstance(before, (list, tuple)) else []
    has_floats = any(isinstance(number, float) for number in listed)
    return [float(n) for n in numbers] if has_floats else list(numbers)
