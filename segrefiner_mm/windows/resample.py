"""Cropping and pasting, by resampling that reads only the pixels it needs.

A window of any size becomes a small square and back. The cost of a crop is
that of the square. Pasting works in strips, so no float copy of a large
window is ever made.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box

# Pixels per strip when a probability map is pasted: 16 MiB of float32.
STRIP_PIXELS = 2**22


def resize_bilinear(source: Tensor, height: int, width: int) -> Tensor:
    """Resize bilinearly without antialiasing.

    Pixel centres are at +0.5 and edges are repeated. The result equals
    ``F.interpolate(mode='bilinear', align_corners=False)`` up to float
    rounding. Integer and bool sources are accepted, and only the pixels that
    the result depends on are converted.

    Args:
        source (Tensor): (C, h, w), any dtype.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        Tensor: (C, height, width) float32.
    """
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
    outside the map: the values of ``F.grid_sample(align_corners=False)`` over
    the window. Outside the window such values stay under 0.5, so a mask never
    leaves its window.

    Args:
        probs (Tensor): (h, w) float32, values 0 to 1.
        height (int): Rows of the window.
        width (int): Columns of the window.
        threshold (float): Foreground where the value is at least this.
            Defaults to 0.5.
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
        part (Box, optional): The part of the window to compute. Defaults to
            None: all of it.

    Returns:
        Tensor: Values of the part, float32.
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


def _taps(
    size_in: int, size_out: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the indices of both neighbours and the weight of the second."""
    centres = _centres(size_in, size_out, device).clamp(min=0)
    low = centres.long().clamp(max=size_in - 1)
    high = (low + 1).clamp(max=size_in - 1)
    return low, high, centres - low


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
