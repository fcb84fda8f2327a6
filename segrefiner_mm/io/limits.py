"""Limits on the pixels, outlines and memory that a file may ask for.

A file of a few bytes can declare an image or a mask that does not fit into
memory. The size is therefore checked before anything is decoded, and a size
beyond the limit is rejected with a message.
"""

from segrefiner_mm.errors import InputError

# Default limit of pixels, at which Pillow sees a decompression bomb.
MAX_PIXELS = 178_956_970
# The most that run lengths and OpenCV can count.
MOST_PIXELS = 2**31 - 1
# Length of the outline of one object, in pixels: it is traced before it is
# filled, at 100 bytes a pixel.
MAX_OUTLINE = 4_000_000
# Bytes of decoded masks held at the same time.
MAX_DECODED = 2**28

_max_pixels = MAX_PIXELS


def set_max_pixels(pixels: int | None) -> None:
    """Set the limit of pixels for images and masks in this process.

    Args:
        pixels (int, optional): Maximum number of pixels, 1 to 2^31 - 1. None
            restores the default, :data:`MAX_PIXELS`.

    Raises:
        InputError: If ``pixels`` is out of range.
    """
    global _max_pixels
    if pixels is not None and not 1 <= pixels <= MOST_PIXELS:
        raise InputError(
            f'--max-pixels must be from 1 to {MOST_PIXELS}, got {pixels}'
        )
    _max_pixels = MAX_PIXELS if pixels is None else pixels


def max_pixels() -> int:
    """Return the maximum number of pixels of an image or a mask.

    Returns:
        int: The limit, in pixels.
    """
    return _max_pixels


def check_pixels(height: int, width: int, what: str) -> None:
    """Reject an image or a mask that is too large, before it is decoded.

    Args:
        height (int): Height in pixels.
        width (int): Width in pixels.
        what (str): Subject of the error message.

    Raises:
        InputError: If it has more pixels than :func:`max_pixels`.
    """
    if height * width > _max_pixels:
        raise InputError(
            f'{what} is {width} x {height} (width x height), more than the '
            f'{_max_pixels:,} pixels that are allowed: --max-pixels allows '
            'more'
        )
