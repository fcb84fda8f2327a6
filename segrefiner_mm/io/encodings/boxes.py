"""Boxes and areas of refined masks."""

from typing import Any

from pycocotools import mask as coco_mask

from segrefiner_mm.io.json_files.numbers import is_real


def update_box(record: dict[str, Any], encoded: dict[str, Any]) -> None:
    """Update the box and the area of a record to those of its refined mask.

    Args:
        record (dict): Annotation or result. ``bbox`` (x, y, width, height)
            and ``area``, in pixels, are updated in place where present; they
            stay floats if they were floats.
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
        list[int]: x1, y1, x2 and y2 in pixels, with x2 and y2 exclusive; 0
        for an empty mask.
    """
    x, y, width, height = (int(v) for v in coco_mask.toBbox(encoded))
    return [x, y, x + width, y + height]


def is_box(box: Any) -> bool:
    """Return whether a value is a box in JSON, a list of four numbers.

    Args:
        box (object): Any value.

    Returns:
        bool: True for a list or tuple of four finite real numbers.
    """
    return (
        isinstance(box, (list, tuple))
        and len(box) == 4
        and all(map(is_real, box))
    )


def _alike(numbers: list[int], before: Any) -> list[Any]:
    """Convert numbers to floats if any of the old numbers was a float."""
    listed = before if isinstance(before, (list, tuple)) else []
    has_floats = any(isinstance(number, float) for number in listed)
    return [float(n) for n in numbers] if has_floats else list(numbers)
