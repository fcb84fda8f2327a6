"""What a file may ask for: pixels, outline and depth, known beforehand.

A few bytes can name a picture or a mask that no memory holds. So the size is
looked at first, and what is beyond the limit is refused by name.
"""

from segrefiner_mm.errors import InputError

# Pixels of a picture or a mask by default; that is where Pillow sees a bomb.
MAX_PIXELS = 178_956_970
# What run lengths, and OpenCV, can count at all.
MOST_PIXELS = 2**31 - 1
# Length of the outline of one object, in pixels: it is traced before it is
# filled, at 100 bytes a pixel.
MAX_OUTLINE = 4_000_000
# Bytes of decoded masks that are held at the same time.
MAX_DECODED = 2**28

_max_pixels = MAX_PIXELS


def set_max_pixels(pixels: int | None) -> None:
    """Allow larger or only smaller pictures and masks in this process.

    Args:
        pixels (int, optional): The most pixels that one may have. None: the
            default, :data:`MAX_PIXELS`.

    Raises:
        InputError: If it is not from 1 to 2^31 - 1.
    """
    global _max_pixels
    if pixels is not None and not 1 <= pixels <= MOST_PIXELS:
        raise InputError(
            f'--max-pixels must be from 1 to {MOST_PIXELS}, got {pixels}'
        )
    _max_pixels = MAX_PIXELS if pixels is None else pixels


def max_pixels() -> int:
    """The most pixels that a picture or a mask may have."""
    return _max_pixels


def check_pixels(height: int, width: int, what: str) -> None:
    """Refuse a picture or a mask that is too large, before it is decoded.

    Args:
        height (int): In pixels.
        width (int): In pixels.
        what (str): What has this size, to begin the message with.

    Raises:
        InputError: If it has more than :func:`max_pixels`.
    """
    if height * width > _max_pixels:
        raise InputError(
            f'{what} is {width} x {height} (width x height), more than the '
            f'{_max_pixels:,} pixels that are allowed: --max-pixels allows '
            'more'
        )
