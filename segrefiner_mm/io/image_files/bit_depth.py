"""Conversion of images of more than 8 bits to the 8 bits of the network."""

from typing import Any

import numpy as np
import numpy.typing as npt

# Share of the pixels ignored at either end of the range: sensors have dead
# and hot pixels.
_STRAY = 0.001
# An image that uses a smaller part of its range is stretched over all of it.
_SMALL_PART = 0.25
_LOOKED_AT = 2**22  # maximum number of sampled pixels


def to_8_bit(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Scale whole numbers to 8 bits, by the range that they use.

    Cameras store 10, 12 or 14 bits in 16. The scale follows the bits that the
    image uses, not those of the file, so a 12-bit image looks as it would with
    8 bits. If an image uses a small part of its range, as thermal images do,
    that part is scaled to 8 bits, but by a factor of 1 at most.

    Args:
        values (np.ndarray): uint16 or int32, of any shape, not empty.

    Returns:
        np.ndarray: uint8, in the shape of ``values``. 8-bit values stored in
        16 bits, unscaled or times 256 or 257, are recovered exactly.
    """
    low, high = int(values.min()), int(values.max())
    if low >= 0 and high <= 255:
        return values.astype(np.uint8)
    if low >= 0 and high <= 65535:
        for factor in (256, 257):
            if not np.any(values % factor):
                return (values // factor).astype(np.uint8)
    low, high = _range_of(values)
    bits = max(high.bit_length(), 8)
    if low >= 0 and high - low >= _SMALL_PART * 2**bits:
        return np.minimum(values >> (bits - 8), 255).astype(np.uint8)
    clipped = np.clip(values, low, high)
    if values.dtype.itemsize > 2:
        clipped = clipped.astype(np.int64)  # differences of int32 overflow
    scaled = (clipped - low) * np.float32(255 / max(high - low, 255))
    return scaled.round().astype(np.uint8)


def _range_of(values: npt.NDArray[Any]) -> tuple[int, int]:
    """Return the darkest and the brightest value, outliers excluded."""
    flat = values.ravel()
    some = flat[:: -(-flat.size // _LOOKED_AT)]
    count = int(_STRAY * some.size)
    ends = np.partition(some, (count, some.size - 1 - count))
    return int(ends[count]), int(ends[some.size - 1 - count])
