"""Decoding of COCO's compressed run lengths, for many masks at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.limits import check_pixels

Ints = npt.NDArray[np.int64]

# Characters of a length below 2^32 with its sign; beyond that, pycocotools
# overflows, and so would the sums here.
MOST_CHARACTERS = 7


class RunTable:
    """Foreground runs of many masks.

    A mask is stored column by column, as the lengths of runs of background
    and foreground in turn. A length is a sequence of characters of six bits:
    five bits of the number, the lowest five first, and a bit that says
    whether another character follows. The highest of the five bits of the
    last character is the sign. From the fourth run on, a length is stored as
    its difference from the length two runs before.

    Args:
        encoded (Sequence[dict]): ``size``, height and width, and compressed
            ``counts``, str or bytes, of every mask.

    Attributes:
        boxes (np.ndarray): (N, 4) int64, x1, y1, x2, y2 of the foreground in
            pixels, with x2 and y2 exclusive; 0 for empty masks.

    Raises:
        InputError: If an encoding is invalid or too large, or does not cover
            its size.
    """

    def __init__(self, encoded: Sequence[dict[str, Any]]) -> None:
        runs, first = decode_runs(encoded)
        heights = np.array([mask['size'][0] for mask in encoded], np.int64)
        ends = runs.cumsum()
        before = np.concatenate([[0], ends])[first[:-1]]
        owner = np.repeat(np.arange(len(heights)), np.diff(first))
        # Every second run is foreground; some are empty.
        is_set = (np.arange(len(runs)) - first[owner]) % 2 == 1
        keep = np.flatnonzero(is_set & (runs > 0))
        owner = owner[keep]
        self._first = np.searchsorted(owner, np.arange(len(heights) + 1))
        last = ends[keep] - before[owner] - 1
        self._place(last - runs[keep] + 1, last, heights[owner], owner)

    def __len__(self) -> int:
        return len(self.boxes)

    def columns(self, index: int) -> npt.NDArray[np.uint8]:
        """Decode the foreground of a mask inside its box, column by column.

        Args:
            index (int): Index of the mask.

        Returns:
            np.ndarray: (w, h) uint8, values 0 and 1, where w and h are the
            width and height of the box.
        """
        x1, y1, x2, y2 = self.boxes[index].tolist()
        # A run of background lies before each run of foreground and at the
        # end.
        begin, end = (2 * self._first[index + k] + index + k for k in (0, 1))
        steps = self._steps[begin:end]
        values = np.zeros(len(steps), np.uint8)
        values[1::2] = 1
        return values.repeat(steps).reshape(x2 - x1, y2 - y1)

    def _place(
        self, starts: Ints, lasts: Ints, heights: Ints, owner: Ints
    ) -> None:
        """Find the boxes, and the positions of the runs in them."""
        x1, y1 = np.divmod(starts, heights)
        x2, y2 = np.divmod(lasts, heights)
        # A run that goes on in the next column touches top and bottom.
        longer = x2 > x1
        top, bottom = (
            np.where(longer, 0, y1),
            np.where(longer, heights - 1, y2),
        )
        self.boxes = np.zeros((len(self._first) - 1, 4), np.int64)
        there = np.flatnonzero(np.diff(self._first))
        begin = self._first[there]
        if len(there):
            self.boxes[there] = np.stack(
                [
                    np.minimum.reduceat(x1, begin),
                    np.minimum.reduceat(top, begin),
                    np.maximum.reduceat(x2, begin) + 1,
                    np.maximum.reduceat(bottom, begin) + 1,
                ],
                axis=1,
            )
        left, upper, right, lower = self.boxes.T
        rows = (lower - upper)[owner]
        starts = (x1 - left[owner]) * rows + y1 - upper[owner]
        ends = (x2 - left[owner]) * rows + y2 - upper[owner] + 1
        sizes = (right - left) * (lower - upper)
        # Positions where the foreground of a box begins or ends, and its size.
        borders = np.empty(2 * len(owner) + len(self.boxes), np.int64)
        place = 2 * np.arange(len(owner)) + owner
        borders[place], borders[place + 1] = starts, ends
        borders[2 * self._first[1:] + np.arange(len(self.boxes))] = sizes
        self._steps = np.diff(borders, prepend=0)
        firsts = 2 * self._first[:-1] + np.arange(len(self.boxes))
        self._steps[firsts] = borders[firsts]


def decode_runs(encoded: Sequence[dict[str, Any]]) -> tuple[Ints, Ints]:
    """Decode the run lengths of many masks.

    Args:
        encoded (Sequence[dict]): See :class:`RunTable`.

    Returns:
        tuple[np.ndarray, np.ndarray]: (R,) int64, the R lengths of all N
        masks in sequence; and (N + 1,) int64, the offset at which each mask
        begins, and R.

    Raises:
        InputError: See :class:`RunTable`.
    """
    for mask in encoded:
        height, width = mask['size']
        check_pixels(height, width, 'a mask')
    runs, first = _decode([_as_bytes(mask['counts']) for mask in encoded])
    covered = np.diff(np.concatenate([[0], runs.cumsum()])[first])
    for mask, pixels in zip(encoded, covered.tolist(), strict=True):
        height, width = mask['size']
        if pixels != height * width:
            raise InputError(
                f'a run-length encoding covers {pixels} pixels, not the '
                f'{height} x {width} that it names'
            )
    return runs, first


def _as_bytes(counts: Any) -> bytes:
    return counts.encode() if isinstance(counts, str) else counts


def _decode(counts: list[bytes]) -> tuple[Ints, Ints]:
    """Return the run lengths in sequence, and the offset of each mask."""
    digits = np.frombuffer(b''.join(counts), np.uint8).astype(np.int64) - 48
    if ((digits < 0) | (digits >= 64)).any():
        raise InputError('a run-length encoding holds an invalid byte')
    bounds = np.cumsum([0, *map(len, counts)])
    ends = np.flatnonzero(digits < 32)
    if (digits[bounds[1:][np.diff(bounds) > 0] - 1] >= 32).any():
        raise InputError('a run-length encoding is cut off at its end')
    first = np.searchsorted(ends, bounds)
    if not len(ends):
        return ends, first
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(digits)) - np.repeat(starts, ends - starts + 1)
    if place.max() > MOST_CHARACTERS - 1:
        raise InputError('a run-length encoding holds a number too large')
    runs = np.add.reduceat((digits & 31) << (5 * place), starts)
    runs -= ((digits[ends] & 16) > 0) * (1 << (5 * (place[ends] + 1)))
    _undo_differences(runs, first)
    if runs.min() < 0:
        raise InputError('a run-length encoding holds a negative length')
    return runs, first


def _undo_differences(runs: Ints, first: Ints) -> None:
    """Turn the differences into lengths, in place, for each mask."""
    local = np.arange(len(runs)) - np.repeat(first[:-1], np.diff(first))
    for parity in (0, 1):
        chain = np.flatnonzero((local > 0) & (local % 2 == parity))
        sums = np.concatenate([[0], runs[chain].cumsum()])
        # The runs of a mask are contiguous; subtract the sum before them.
        begin = np.searchsorted(chain, first)
        runs[chain] = sums[1:] - np.repeat(sums[begin[:-1]], np.diff(begin))
