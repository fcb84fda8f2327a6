"""Pictures of more than 8 bits, as the 8 bits that the network sees."""

from typing import Any

import numpy as np
import numpy.typing as npt

# Shares of the pixels that may be darker or brighter than the range: sensors
# have dead pixels and hot ones.
_STRAY = 0.001
# A picture that uses a smaller part of its bits is spread over all of them.
_SMALL_PART = 0.25
_LOOKED_AT = 2**22  # most pixels that are sorted


def to_8_bit(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Scale whole numbers by the range that they really use.

    Cameras store 10, 12 or 14 bits in 16: the bits that the picture needs
    count, not those of the file. So a picture of 12 bits looks as it would
    with 8. What uses a small part of its bits, such as a thermal picture
    around 30,000, is spread over all of them.

    Args:
        values (np.ndarray): uint16 or int32, of any shape but an empty one.

    Returns:
        np.ndarray: uint8 of the same shape. 8 bits that are stored as 16, as
        they are or times 256 or 257, come back exactly.
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
        clipped = clipped.astype(np.int64)  # differences of int32 need more
    scaled = (clipped - low) * np.float32(255 / max(high - low, 255))
    return scaled.round().astype(np.uint8)


def _range_of(values: npt.NDArray[Any]) -> tuple[int, int]:
    """Darkest and brightest value, but for stray ones."""
    flat = values.ravel()
    some = flat[:: -(-flat.size // _LOOKED_AT)]
    count = int(_STRAY * some.size)
    ends = np.partition(some, (count, some.size - 1 - count))
    return int(ends[count]), int(ends[some.size - 1 - count])
