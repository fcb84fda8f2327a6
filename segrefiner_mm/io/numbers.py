"""Numbers as data files write them."""

import math
from typing import Any

import numpy as np


def whole_number(value: Any) -> int | None:
    """Read a whole number, which JSON may hold as 3, 3.0 or "3".

    Args:
        value (object): Anything.

    Returns:
        int | None: None if it is not a whole number.
    """
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, str):
        if len(value) > 20:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        return int(value) if value == int(value) else None
    return None


def is_real(value: Any) -> bool:
    """Tell whether a value is a finite number, booleans excluded.

    Args:
        value (object): Anything.

    Returns:
        bool: False also for whole numbers too large for a float.
    """
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, int):
        return abs(value) < 10**300
    return isinstance(value, (float, np.number)) and math.isfinite(value)
