"""Arrays of masks whose axes are in another order than (N, H, W)."""

from collections.abc import Collection
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import (
    MaskResult,
    Masks,
    is_array,
)

Size = tuple[int, int]
_COLOURS = (3, 4)


class ChannelMasks(MaskResult):
    """Masks with one channel, (N, 1, H, W); copies are NumPy arrays.

    Args:
        array (Tensor | np.ndarray): The masks.
    """

    holds_soft = True

    def __init__(self, array: Any) -> None:
        self.masks = array[:, 0]

    def with_masks(self, refined: Masks) -> Masks:
        """Return a copy with these masks; see the base class."""
        return refined[:, None]


class MasksLast(MaskResult):
    """Masks along the last axis, (H, W, N); copies are NumPy arrays.

    Args:
        array (Tensor | np.ndarray): The masks.
    """

    holds_soft = True

    def __init__(self, array: Any) -> None:
        axes = (2, 0, 1)
        is_numpy = isinstance(array, np.ndarray)
        self.masks = array.transpose(axes) if is_numpy else array.permute(axes)

    def with_masks(self, refined: Masks) -> Masks:
        """Return a copy with these masks; see the base class."""
        return np.ascontiguousarray(refined.transpose(1, 2, 0))


def open_layout(value: Any, sizes: Collection[Size]) -> MaskResult | None:
    """Recognise an array of masks, (N, 1, H, W) or (H, W, N).

    Args:
        value (object): Any value.
        sizes (Collection[tuple[int, int]]): See :func:`open_result`.

    Returns:
        MaskResult | None: The masks; None for any other value, also for
        (N, H, W).

    Raises:
        InputError: If the array could be both (N, H, W) and (H, W, N), or
            both a colour image and masks.
    """
    if not is_array(value):
        return None
    shape = tuple(value.shape)
    if len(shape) == 4 and shape[1] == 1:
        return ChannelMasks(value)
    if len(shape) != 3 or shape[:2] not in sizes:
        return None
    if shape[1:] in sizes and shape[0] > 1:
        raise InputError(
            f'masks of {shape} on this image could be (N, H, W) or '
            '(H, W, N): pass a list, list(masks) for the first and '
            'list(np.moveaxis(masks, -1, 0)) for the second'
        )
    if shape[2] in _COLOURS:
        raise InputError(
            f'masks of {shape} could be a colour image or '
            f'{shape[2]} masks: pass one channel, or a list of the masks, '
            'list(np.moveaxis(masks, -1, 0))'
        )
    return None if shape[1:] in sizes else MasksLast(value)
