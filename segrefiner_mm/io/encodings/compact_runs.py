"""Conversion of run lengths to compact masks and back, box by box."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segrefiner_mm.io.encodings.run_table import RunTable
from segrefiner_mm.io.rle import from_runs, with_text
from segrefiner_mm.windows.compact_mask import Box, CompactMask

Size = tuple[int, int]


class MaskCrops:
    """Decodes run-length encoded masks one by one, inside their boxes.

    Args:
        encoded (Sequence[dict]): ``size``, height and width, and compressed
            ``counts`` of every mask.

    Attributes:
        pixels (list[int]): Number of pixels in the box of each mask, which is
            its size in bytes when decoded.

    Raises:
        InputError: See :class:`RunTable`.
    """

    def __init__(self, encoded: Sequence[dict[str, Any]]) -> None:
        self._sizes = [tuple(mask['size']) for mask in encoded]
        self._table = RunTable(encoded)
        sides = self._table.boxes[:, 2:] - self._table.boxes[:, :2]
        self.pixels: list[int] = sides.prod(axis=1).tolist()

    def mask(self, index: int) -> CompactMask:
        """Decode one mask.

        Args:
            index (int): Index of the mask.

        Returns:
            CompactMask: The mask, cropped to its foreground, on the CPU.
        """
        box = Box(*self._table.boxes[index].tolist())
        crop = np.ascontiguousarray(self._table.columns(index).T)
        pixels = torch.from_numpy(crop.view(bool))
        area = int(np.count_nonzero(crop))
        height, width = self._sizes[index]
        return CompactMask((height, width), box, pixels, area)


def encode_crop(pixels: Tensor, box: Box, size: Size) -> dict[str, Any]:
    """Encode a mask from the crop that contains its foreground, for JSON.

    Args:
        pixels (Tensor): (h, w) bool, on the CPU.
        box (Box): Position of the crop in the image, of height h and width w;
            outside the box is background.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        dict: ``size``, height and width, and compressed ``counts``, a str.
    """
    height, width = size
    # Column by column, each padded with one background pixel at both ends.
    columns = np.zeros((box.width, box.height + 2), np.int8)
    columns[:, 1:-1] = pixels.numpy().T
    change = np.diff(columns, axis=1)
    starts, ends = (_places(change == sign, box, height) for sign in (1, -1))
    # A run that ends at the bottom of a column may go on at the top of the
    # next.
    joined = np.flatnonzero(starts[1:] == ends[:-1])
    starts, ends = np.delete(starts, joined + 1), np.delete(ends, joined)
    borders = np.stack([starts, ends], axis=1).ravel()
    runs = np.diff(borders, prepend=0, append=height * width)
    if len(borders) and borders[-1] == height * width:
        runs = runs[:-1]
    return with_text(from_runs(runs, size))


def _places(
    there: npt.NDArray[Any], box: Box, height: int
) -> npt.NDArray[Any]:
    """Return the column-major indices of a crop's pixels in the image."""
    column, row = np.nonzero(there)
    return (column + box.x1) * height + row + box.y1
