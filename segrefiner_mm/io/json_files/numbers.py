"""Numbers as data files write them."""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np


def whole_number(value: Any) -> int | None:
    """Read a whole number, which JSON may write as 3, 3.0 or "3".

    Args:
        value (object): Any value.

    Returns:
        int | None: The number; None if the value is not a whole number, or is
        a boolean.
    """
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, str):
        if len(value) > 20:
            return None
        with suppress(ValueError):
            return int(value)  # a float would round large numbers
        with suppress(ValueError):
            value = float(value)
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        return int(value) if value == int(value) else None
    return None


def sides_of(
    record: Mapping[str, Any], height: str = 'height', width: str = 'width'
) -> tuple[int, int] | None:
    """Read the size of an image.

    Args:
        record (Mapping): Object of a JSON file.
        height (str): Name of the field with the height. Defaults to 'height'.
        width (str): Name of the field with the width. Defaults to 'width'.

    Returns:
        tuple[int, int] | None: Height and width in pixels, 1 or more; None if
        either is missing, less than 1, or not a whole number.
    """
    sides = (whole_number(record.get(field)) for field in (height, width))
    rows, columns = (side or 0 for side in sides)
    return (rows, columns) if rows > 0 and columns > 0 else None


def is_real(value: Any) -> bool:
    """Return whether a value is a finite real number.

    Args:
        value (object): Any value.

    Returns:
        bool: False also for booleans, and for whole numbers too large for a
        float.
    """
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, int):
        return abs(value) < 10**300
    return isinstance(value, (float, np.number)) and math.isfinite(value)
