"""The run lengths of Label Studio's brush.

They are a stream of bits. The first 32 bits are the number of values, which
are the bytes of an RGBA image, row by row. The next 5 bits are the number of
bits per value, minus one. Four numbers of 4 bits follow: the possible sizes of
a length in bits, minus one each. The rest are blocks. A block has one bit,
which is 1 for a repeated value and 0 for literal values; 2 bits that select
the size of the length; the length minus one; and the value or the values.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.limits import check_pixels

BITS = 8  # bits per value
SIZES = (3, 4, 8, 16)  # bits per length, as Label Studio writes them
LONGEST = 2 ** SIZES[-1]
Size = tuple[int, int]


def decode_brush(rle: Any, size: Size) -> npt.NDArray[np.bool_]:
    """Decode a brush mask.

    Args:
        rle (Sequence[int]): Bytes of the stream, 0 to 255 each.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        np.ndarray: (H, W) bool, true where alpha is above one half.

    Raises:
        InputError: If the stream is damaged or of another size, or the image
            is too large.
    """
    height, width = size
    check_pixels(height, width, 'a brush mask')
    values = np.zeros(4 * height * width, np.uint8)
    reader = _Bits(_bytes(rle))
    count = reader.number(32)
    if count != len(values):
        raise InputError(
            f'a brush mask has {count} values, its {width} x {height} pixels '
            f'(width x height) need {len(values)}'
        )
    if reader.number(5) + 1 != BITS:
        raise InputError('a brush mask does not have 8 bits per value')
    sizes = [reader.number(4) + 1 for _ in range(4)]
    place = 0
    while place < count:
        repeated, chosen = reader.number(1), reader.number(2)
        length = reader.number(sizes[chosen]) + 1
        if place + length > count:
            raise InputError('a brush mask has more values than it declares')
        end = place + length
        values[place:end] = (
            reader.number(BITS) if repeated else reader.values(length)
        )
        place = end
    return values.reshape(height, width, 4)[..., 3] > 127


def encode_brush(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Encode a mask as a brush whose foreground is opaque white.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        list[int]: Bytes of the stream, 0 to 255 each.
    """
    flat = mask.ravel()
    starts = np.flatnonzero(np.diff(flat, prepend=~flat[:1]))
    lengths = 4 * np.diff(starts, append=len(flat))
    fields = [(4 * len(flat), 32), (BITS - 1, 5)]
    fields += [(size - 1, 4) for size in SIZES]
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        value = 255 if flat[start] else 0
        while length > 0:
            part = min(length, LONGEST)
            chosen = next(i for i, s in enumerate(SIZES) if part <= 2**s)
            fields += [(1, 1), (chosen, 2), (part - 1, SIZES[chosen])]
            fields.append((value, BITS))
            length -= part
    bits = ''.join(f'{number:0{size}b}' for number, size in fields)
    ones = np.frombuffer(bits.encode(), np.uint8) - ord('0')
    stream: list[int] = np.packbits(ones).tolist()
    return stream


def _bytes(rle: Any) -> bytes:
    if not isinstance(rle, Sequence) or isinstance(rle, (str, bytes)):
        raise InputError('the rle of a brush mask is a list of bytes')
    try:
        return bytes(rle)
    except (TypeError, ValueError):
        raise InputError('the rle of a brush mask is not bytes') from None


class _Bits:
    """Reads numbers from a stream of bits, the highest bit first."""

    def __init__(self, content: bytes) -> None:
        self._bits = np.unpackbits(np.frombuffer(content, np.uint8))
        self._text = (self._bits + ord('0')).tobytes()
        self._place = 0

    def number(self, size: int) -> int:
        return int(self._text[self._take(size)], 2)

    def values(self, count: int) -> npt.NDArray[np.uint8]:
        return np.packbits(self._bits[self._take(count * BITS)])

    def _take(self, size: int) -> slice:
        taken = slice(self._place, self._place + size)
        self._place += size
        if self._place > len(self._bits):
            raise InputError('a brush mask is truncated')
        return taken
