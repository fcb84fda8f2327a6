"""Refining only a part of an image; all else stays bit-identical."""

from typing import Literal

from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.windows.compact_mask import Box, CompactMask, compact_masks
from segrefiner_mm.windows.resample import paste_probabilities

ERRORS: Literal['errors'] = 'errors'
# The part that may change, or 'errors': where the network predicts errors.
Only = CompactMask | Literal['errors']
Size = tuple[int, int]
# Predicted error from which a pixel of the coarse mask counts as wrong.
WRONG = 0.5


def is_outside(only: Only | None, window: Box) -> bool:
    """Return whether nothing in a window may change.

    Args:
        only (CompactMask | str, optional): See :class:`RefineJob`.
        window (Box): The window.

    Returns:
        bool: Whether the network can skip the window; False for None and
        ``'errors'``.
    """
    if not isinstance(only, CompactMask):
        return False
    return not only.crop(window).any().item()


def only_in(only: Only | None, window: Box) -> Only | None:
    """Convert the part that may change to the coordinates of a window.

    Args:
        only (CompactMask | str, optional): See :class:`RefineJob`.
        window (Box): The window.

    Returns:
        CompactMask | str | None: A mask cropped to the window; None and
        ``'errors'`` as they are.
    """
    if not isinstance(only, CompactMask):
        return only
    [cropped] = compact_masks(only.crop(window)[None])
    return cropped


def changeable(
    only: Only | None, window: Box, size: Size, error: Tensor | None
) -> CompactMask | None:
    """Return the part that may change, once the network has seen a window.

    Args:
        only (CompactMask | str, optional): See :class:`RefineJob`.
        window (Box): The window.
        size (tuple[int, int]): Height and width of the image.
        error (Tensor, optional): Predicted error of the coarse mask in the
            window, (s, s) float32, 0 to 1. None: the network predicts no
            errors.

    Returns:
        CompactMask | None: The part: for ``'errors'``, the pixels of the
        window with a predicted error of 0.5 or more. None if everything may
        change.

    Raises:
        InputError: If ``only`` is ``'errors'`` and ``error`` is None.
    """
    if only is None or isinstance(only, CompactMask):
        return only
    if error is None:
        raise no_error_map()
    wrong = paste_probabilities(
        error, window.height, window.width, WRONG, border='replicate'
    )
    [part] = compact_masks(wrong[None])
    box = part.box.relative_to(Box(-window.x1, -window.y1, 0, 0))
    return CompactMask(size, box, part.pixels, part.area)


def no_error_map() -> InputError:
    """Build the exception for ``'errors'`` if a network predicts no errors.

    Returns:
        InputError: The exception to raise.
    """
    return InputError(
        f'only={ERRORS!r} needs a model that predicts where a mask is wrong, '
        'such as segrefiner-lite'
    )
