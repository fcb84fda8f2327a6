"""Masks stored as a tight box and the pixels inside it."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor


class Box(NamedTuple):
    """A rectangle of whole pixels.

    Attributes:
        x1 (int): Left column.
        y1 (int): Top row.
        x2 (int): Right column, exclusive.
        y2 (int): Bottom row, exclusive.
    """

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        """int: Number of columns."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """int: Number of rows."""
        return self.y2 - self.y1

    def slices(self) -> tuple[slice, slice]:
        """Return row and column slices for the last two axes of an array.

        Returns:
            tuple[slice, slice]: Rows and columns.
        """
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def intersect(self, other: 'Box') -> 'Box | None':
        """Return the intersection with another box.

        Args:
            other (Box): The other box.

        Returns:
            Box | None: None if they do not overlap.
        """
        x1, y1 = max(self.x1, other.x1), max(self.y1, other.y1)
        x2, y2 = min(self.x2, other.x2), min(self.y2, other.y2)
        return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None

    def union(self, other: 'Box') -> 'Box':
        """Return the smallest box around both boxes.

        Args:
            other (Box): The other box.

        Returns:
            Box: The enclosing box.
        """
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x1, y1, max(self.x2, other.x2), max(self.y2, other.y2))

    def relative_to(self, other: 'Box') -> 'Box':
        """Shift the origin to the top left corner of another box.

        Args:
            other (Box): The other box.

        Returns:
            Box: The shifted box.
        """
        x, y = other.x1, other.y1
        return Box(self.x1 - x, self.y1 - y, self.x2 - x, self.y2 - y)

    def grow(self, pad: int, height: int, width: int) -> 'Box':
        """Pad the box on every side, clipped to the image.

        Args:
            pad (int): Pixels to add on every side.
            height (int): Rows of the image.
            width (int): Columns of the image.

        Returns:
            Box: The padded box.
        """
        return Box(
            max(self.x1 - pad, 0),
            max(self.y1 - pad, 0),
            min(self.x2 + pad, width),
            min(self.y2 + pad, height),
        )


@dataclass(frozen=True)
class CompactMask:
    """A binary mask of an image, stored at the size of its object.

    Attributes:
        size (tuple[int, int]): Height and width of the image.
        box (Box): Tight box of the mask; all zero for an empty mask.
        pixels (Tensor): The mask inside the box, (h, w) bool.
        area (int): Number of foreground pixels.
    """

    size: tuple[int, int]
    box: Box
    pixels: Tensor
    area: int

    @property
    def full(self) -> bool:
        """bool: Whether every pixel of the image belongs to the mask."""
        return self.area == self.size[0] * self.size[1]

    def to(self, device: torch.device) -> 'CompactMask':
        """Move the mask to a device.

        Args:
            device (torch.device): The device.

        Returns:
            CompactMask: The mask with its pixels on the device.
        """
        return replace(self, pixels=self.pixels.to(device))

    def crop(self, box: Box) -> Tensor:
        """Crop the mask to any box of the image.

        Args:
            box (Box): The box.

        Returns:
            Tensor: A copy, (h, w) of ``box``, bool.
        """
        return crop_from(self.box, self.pixels, box)

    def dense(self) -> Tensor:
        """Return the mask of the whole image.

        Returns:
            Tensor: (H, W) bool.
        """
        height, width = self.size
        return self.crop(Box(0, 0, width, height))


def crop_from(own: Box, values: Tensor, box: Box) -> Tensor:
    """Crop values that are stored for one box to another box.

    Args:
        own (Box): Position of the values; outside they are 0.
        values (Tensor): (h, w) of ``own``, any dtype.
        box (Box): Any box of the image.

    Returns:
        Tensor: A copy, (h, w) of ``box``, dtype of ``values``.
    """
    crop = values.new_zeros(box.height, box.width)
    shared = own.intersect(box)
    if shared is not None:
        mine = shared.relative_to(own).slices()
        crop[shared.relative_to(box).slices()] = values[mine]
    return crop


class HasPixels(Protocol):
    """A mask that is stored inside a box."""

    @property
    def box(self) -> Box:
        """Box: Position of the pixels."""

    @property
    def pixels(self) -> Tensor:
        """Tensor: The mask inside the box, (h, w) bool."""


def compact_masks(masks: Tensor) -> list[CompactMask]:
    """Find the boxes of dense masks, with three device synchronisations.

    Args:
        masks (Tensor): (N, H, W), bool, or numbers above 0 in the foreground.

    Returns:
        list[CompactMask]: One per mask, in order; the pixels of bool masks are
        views of ``masks``.
    """
    masks = masks if masks.dtype == torch.bool else masks > 0
    size = (masks.shape[1], masks.shape[2])
    rows, columns = masks.any(dim=2).cpu(), masks.any(dim=1).cpu()
    boxes = []
    for row, column in zip(rows, columns, strict=True):
        (x1, x2), (y1, y2) = _span(column), _span(row)
        boxes.append(Box(x1, y1, x2, y2))
    crops = [m[box.slices()] for m, box in zip(masks, boxes, strict=True)]
    if not crops:
        return []
    areas = torch.stack([torch.count_nonzero(crop) for crop in crops])
    return [
        CompactMask(size, box, crop, area)
        for box, crop, area in zip(boxes, crops, areas.tolist(), strict=True)
    ]


def compact_iou(first: 'HasPixels', second: 'HasPixels') -> float:
    """Return the IoU of two masks of an image; 1 if both are empty.

    Args:
        first (HasPixels): A mask inside its box, such as a
            :class:`CompactMask`.
        second (HasPixels): The other mask.

    Returns:
        float: 0 to 1.
    """
    both = 0
    shared = first.box.intersect(second.box)
    if shared is not None:
        mine = first.pixels[shared.relative_to(first.box).slices()]
        other = second.pixels[shared.relative_to(second.box).slices()]
        both = count(mine & other)
    total = count(first.pixels) + count(second.pixels)
    return both / (total - both) if total > both else 1.0


def count(pixels: Tensor) -> int:
    """Count true pixels, on a CPU as fast as NumPy.

    Args:
        pixels (Tensor): Any shape, bool.

    Returns:
        int: Number of true pixels.
    """
    if pixels.device.type != 'cpu':
        return int(torch.count_nonzero(pixels))
    return int(np.count_nonzero(pixels.numpy()))


def _span(occupied: Tensor) -> tuple[int, int]:
    """Return the first and the last true index plus one; 0, 0 if none."""
    indices = occupied.nonzero()
    if len(indices) == 0:
        return 0, 0
    return int(indices[0]), int(indices[-1]) + 1
