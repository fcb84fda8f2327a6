"""Parts of an image in which the coarse mask is kept."""

from typing import Any, NamedTuple

import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import by
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.windows import Box

Size = tuple[int, int]
Pixels = npt.NDArray[Any]

MOST_PARTS = 1000  # of a mask; the page has the same limit
SIDES = ('x0', 'y0', 'x1', 'y1')


class Parts(NamedTuple):
    """Rectangles in which the coarse mask, or the coarse label map, is kept.

    Attributes:
        size (tuple[int, int]): Height and width of the image.
        boxes (tuple[Box, ...]): The rectangles, inside the image. They may
            overlap.
    """

    size: Size
    boxes: tuple[Box, ...]

    def restored(self, coarse: Pixels, refined: Pixels) -> Pixels:
        """Put the coarse pixels of the parts back.

        Args:
            coarse (np.ndarray): (H, W), a mask or a label map.
            refined (np.ndarray): (H, W), of the same dtype.

        Returns:
            np.ndarray: (H, W), coarse inside the parts and refined outside.

        Raises:
            InputError: If one is not of the size of the image.
        """
        for pixels, kind in ((coarse, 'coarse'), (refined, 'refined')):
            if pixels.shape != self.size:
                raise InputError(
                    f'its parts are of an image of {by(self.size)}, and the '
                    f'{kind} file has {by(pixels.shape)} pixels (width x '
                    'height)'
                )
        result = refined.copy()
        for box in self.boxes:
            result[box.slices()] = coarse[box.slices()]
        return result


def read_parts(entry: dict[str, Any]) -> Parts:
    """Read the parts of a decision.

    Args:
        entry (dict): ``width`` and ``height`` of the image, and ``parts``, a
            list of objects with ``x0``, ``y0``, ``x1`` and ``y1``: whole
            numbers in pixels of the image, ``x1`` and ``y1`` exclusive.

    Returns:
        Parts: The parts, at least one.

    Raises:
        InputError: If a value is missing or of another type, there is no part
            or more than ``MOST_PARTS``, or one is empty or not inside the
            image.
    """
    sides: list[Any] = [entry.get(name) for name in ('width', 'height')]
    width, height = sides
    if not (_is_side(width) and _is_side(height)):
        raise InputError(
            'width and height must be those of the image, whole numbers from '
            f'1, got {shown(width)} and {shown(height)}'
        )
    listed = entry.get('parts')
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_PARTS:
        raise InputError(
            f'parts must be a list of 1 to {MOST_PARTS} parts, got '
            f'{shown(listed)}'
        )
    size = height, width
    boxes = [_box(part, size, place) for place, part in enumerate(listed)]
    return Parts(size, tuple(boxes))


def _is_side(value: Any) -> bool:
    return type(value) is int and value > 0


def _box(part: Any, size: Size, place: int) -> Box:
    part = part if isinstance(part, dict) else {}
    numbers = [part.get(side) for side in SIDES]
    listed = ', '.join(map(shown, numbers))
    if not all(type(number) is int for number in numbers):
        raise InputError(
            f'part {place} must have {", ".join(SIDES)}, whole numbers of '
            f'pixels, got {listed}'
        )
    box = Box(*numbers)
    if box.width < 1 or box.height < 1:
        raise InputError(
            f'part {place} is empty: x1 must be more than x0, and y1 more '
            f'than y0, got {listed}'
        )
    if box.intersect(Box(0, 0, size[1], size[0])) != box:
        raise InputError(
            f'part {place} ({listed}) is not inside the image, which is '
            f'{by(size)} (width x height)'
        )
    return box
