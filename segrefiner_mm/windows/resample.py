"""Cropping and pasting, by resampling in bounded memory.

A window of any size is resampled to a small square, and the prediction back
to the window. A large window is read only at the pixels that the square
depends on. A mask is pasted in strips, without a float copy of its window.
"""

from collections.abc import Iterator
from functools import lru_cache

import cv2
import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box

# Pixels per strip when a probability map is pasted: 16 MiB of float32.
STRIP_PIXELS = 2**22
# On a CPU, a window of up to as many times the pixels of its crop is copied.
COPIED = 6
OPENCV_CHANNELS = 512

# Indices of both neighbours, and the weight of the second.
Taps = tuple[Tensor, Tensor, Tensor]


def resize_bilinear(source: Tensor, height: int, width: int) -> Tensor:
    """Resize bilinearly without antialiasing.

    Pixel centres are at +0.5 and edges are repeated. The result equals
    ``F.interpolate(mode='bilinear', align_corners=False)`` up to float
    rounding. Integer and bool sources are accepted. If a source has more than
    six times the pixels of the result, only the pixels that the result depends
    on are converted to float.

    Args:
        source (Tensor): (C, h, w), any dtype.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        Tensor: (C, height, width) float32.
    """
    if source.shape[1:] == (height, width):
        return source.to(
            torch.float32, copy=True, memory_format=torch.contiguous_format
        )
    channels, *before = source.shape
    small = before[0] * before[1] <= COPIED * height * width
    if source.device.type == 'cpu' and small and channels <= OPENCV_CHANNELS:
        return _copied(source, height, width)
    return _gathered(source, height, width)


def _copied(source: Tensor, height: int, width: int) -> Tensor:
    """Resize a copy in float32 by OpenCV, which has the same pixel grid."""
    # OpenCV, like an image in memory, holds the channels of a pixel together.
    pixels = source.permute(1, 2, 0).float().contiguous().numpy()
    resized = cv2.resize(
        pixels, (width, height), interpolation=cv2.INTER_LINEAR
    )
    # A single channel has no axis in OpenCV's result.
    result = torch.from_numpy(resized).view(height, width, -1)
    return result.permute(2, 0, 1).contiguous()


def _gathered(source: Tensor, height: int, width: int) -> Tensor:
    """Interpolate between the four neighbours of each pixel of the result."""
    top, bottom, weight_y = _taps(source.shape[1], height, source.device)
    left, right, weight_x = _taps(source.shape[2], width, source.device)

    def row(indices: Tensor) -> Tensor:
        indices = indices[:, None]
        start = source[:, indices, left].float() * (1 - weight_x)
        return start + source[:, indices, right].float() * weight_x

    weight_y = weight_y[:, None]
    return row(top) * (1 - weight_y) + row(bottom) * weight_y


def resize_nearest(source: Tensor, height: int, width: int) -> Tensor:
    """Resize by taking pixel ``floor(i * size_in / size_out)``.

    Args:
        source (Tensor): (C, h, w), any dtype.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        Tensor: (C, height, width), dtype of ``source``.
    """
    rows = _nearest(source.shape[1], height, source.device)
    columns = _nearest(source.shape[2], width, source.device)
    return source.index_select(1, rows).index_select(2, columns)


def paste_probabilities(
    probs: Tensor,
    height: int,
    width: int,
    threshold: float = 0.5,
    border: str = 'constant',
) -> Tensor:
    """Resize a probability map to a window and threshold it.

    Resampling is bilinear with pixel centres at +0.5 and, by default, zero
    outside the map, as in ``F.grid_sample(align_corners=False)``. Outside the
    window its values would be under 0.5, so no part of a mask is cut off.

    Args:
        probs (Tensor): (h, w) float32, values 0 to 1.
        height (int): Rows of the window.
        width (int): Columns of the window.
        threshold (float): Lowest value of the foreground, 0 to 1. Defaults to
            0.5.
        border (str): ``'constant'``, zero outside the map, or
            ``'replicate'``, its edges repeated. Defaults to 'constant'.

    Returns:
        Tensor: (height, width) bool.
    """
    pasted = torch.empty(height, width, dtype=torch.bool, device=probs.device)
    whole = Box(0, 0, width, height)
    for part, values in _strips(probs, height, width, border, whole):
        pasted[part] = values >= threshold
    return pasted


def spread_probabilities(
    probs: Tensor, height: int, width: int, part: Box | None = None
) -> Tensor:
    """Resize a probability map to a window, its edges repeated.

    Args:
        probs (Tensor): (h, w) float32, values 0 to 1.
        height (int): Rows of the window.
        width (int): Columns of the window.
        part (Box, optional): The part of the window to compute, relative to
            the window. Defaults to None: the whole window.

    Returns:
        Tensor: (h, w) of the part, float32, 0 to 1.
    """
    part = part or Box(0, 0, width, height)
    spread = torch.empty(part.height, part.width, device=probs.device)
    for place, values in _strips(probs, height, width, 'replicate', part):
        spread[place] = values
    return spread


def _strips(
    probs: Tensor, height: int, width: int, border: str, part: Box
) -> Iterator[tuple[slice, Tensor]]:
    """Yield the resized rows of a part in strips, each with its place."""
    frame = probs[None, None]
    padded = torch.nn.functional.pad(frame, (1, 1, 1, 1), border)[0, 0]
    rows, row_weights = _padded_taps(probs.shape[0], height, probs.device)
    cols, col_weights = _padded_taps(probs.shape[1], width, probs.device)
    vertical, horizontal = part.slices()
    rows, row_weights = rows[vertical], row_weights[vertical]
    cols, col_weights = cols[horizontal], col_weights[horizontal]
    strip = max(STRIP_PIXELS // part.width, 1)
    for start in range(0, part.height, strip):
        place = slice(start, start + strip)
        weight = row_weights[place, None]
        lines = padded.index_select(0, rows[place]) * (1 - weight)
        lines += padded.index_select(0, rows[place] + 1) * weight
        values = lines.index_select(1, cols) * (1 - col_weights)
        values += lines.index_select(1, cols + 1) * col_weights
        yield place, values


@lru_cache(256)
def _taps(size_in: int, size_out: int, device: torch.device) -> Taps:
    """Return the indices of both neighbours and the weight of the second."""
    centres = _centres(size_in, size_out, device).clamp(min=0)
    low = centres.long().clamp(max=size_in - 1)
    high = (low + 1).clamp(max=size_in - 1)
    return low, high, centres - low


@lru_cache(256)
def _padded_taps(
    size_in: int, size_out: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the first neighbour in a padded line, and the second's weight."""
    centres = _centres(size_in, size_out, device)
    low = centres.floor()
    return low.long() + 1, centres - low


def _centres(size_in: int, size_out: int, device: torch.device) -> Tensor:
    steps = torch.arange(size_out, dtype=torch.float32, device=device)
    return (steps + 0.5) * (size_in / size_out) - 0.5


def _nearest(size_in: int, size_out: int, device: torch.device) -> Tensor:
    steps = torch.arange(size_out, dtype=torch.float32, device=device)
    return (steps * (size_in / size_out)).long().clamp(max=size_in - 1)
