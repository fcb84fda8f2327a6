"""The parser of COCO's ``segmentation`` in all its forms."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import whole_number

Size = tuple[int, int]
Corners = npt.NDArray[np.float64]

# Forms of a mask: run lengths as text or as a list, or polygons.
TEXT, RUNS, POLYGONS = 'text', 'runs', 'polygons'


class Segmentation(NamedTuple):
    """A mask, parsed but not decoded.

    Attributes:
        form (str): ``TEXT``, ``RUNS`` or ``POLYGONS``.
        size (tuple[int, int], optional): Height and width that run lengths
            state. Defaults to None: polygons.
        counts (bytes | np.ndarray, optional): The run lengths: compressed
            bytes for ``TEXT``, (N,) int64 for ``RUNS``. Defaults to None:
            polygons.
        polygons (Sequence[np.ndarray]): (N, 2) float64 each, x and y, in
            pixels. Defaults to ().
        wrapped (bool): Whether run lengths were in a list of one, or a
            polygon was without the list around it. Defaults to False.
        notes (Sequence[str]): Messages about skipped or suspicious parts.
            Defaults to ().
    """

    form: str
    size: Size | None = None
    counts: bytes | npt.NDArray[np.int64] | None = None
    polygons: Sequence[Corners] = ()
    wrapped: bool = False
    notes: Sequence[str] = ()


def read_segmentation(value: Any) -> Segmentation | None:
    """Parse a segmentation.

    Args:
        value (object): A dict of ``size`` and ``counts``, or a list of one
            such dict; a list of polygons x1, y1, x2, y2, ..., or one polygon.

    Returns:
        Segmentation | None: The mask, whose counts are not decoded; None for
        a box without a mask, see :func:`is_empty`.

    Raises:
        InputError: If the value has another form; the message says why.
    """
    if is_empty(value):
        return None
    if isinstance(value, dict):
        return _runs(value)
    if isinstance(value, str):
        raise InputError(f'its segmentation is text, {shown(value)}')
    if not isinstance(value, (list, tuple)):
        raise InputError(f'its segmentation is {shown(value)}')
    kinds = {isinstance(part, dict) for part in value}
    if True in kinds:
        if len(value) == 1:
            return _runs(value[0])._replace(wrapped=True)
        raise InputError(
            f'its segmentation is a list of {len(value)} that holds run-'
            'length encodings: an object has one, or polygons'
        )
    if all(isinstance(part, (int, float)) for part in value):
        return _polygons([value])._replace(wrapped=True)
    return _polygons(value)


def is_empty(value: Any) -> bool:
    """Return whether a segmentation stands for a box without a mask.

    Args:
        value (object): Any value of JSON.

    Returns:
        bool: True for null, ``[]`` and lists of empty lists.
    """
    if isinstance(value, (list, tuple)):
        return all(isinstance(p, (list, tuple)) and not p for p in value)
    return value is None


def _runs(encoded: dict[str, Any]) -> Segmentation:
    sides = encoded.get('size')
    if not isinstance(sides, (list, tuple)) or len(sides) != 2:
        raise InputError(
            'a run-length encoding must say its size, height and width, got '
            f'{shown(sides)}'
        )
    height, width = (whole_number(side) for side in sides)
    if height is None or width is None:
        raise InputError(
            f'the size of a run-length encoding is {shown(sides[0])} and '
            f'{shown(sides[1])}'
        )
    if height < 1 or width < 1:
        raise InputError(f'a mask cannot have {height} x {width} pixels')
    counts = encoded.get('counts')
    if isinstance(counts, (str, bytes)):
        return Segmentation(TEXT, (height, width), _text(counts))
    if not isinstance(counts, (list, tuple)):
        raise InputError(
            f'the counts of a run-length encoding are {shown(counts)}'
        )
    return Segmentation(RUNS, (height, width), _whole(counts))


def _text(counts: str | bytes) -> bytes:
    try:
        text = counts.encode('ascii') if isinstance(counts, str) else counts
    except UnicodeEncodeError:
        text = b'\xff'  # which the decoder rejects
    if text[:2] in (b"b'", b'b"') and text[-1:] in (b"'", b'"'):
        raise InputError(
            'the counts of a run-length encoding are the text of a Python '
            "bytes object, b'...': write counts.decode() instead"
        )
    if b' ' in text.strip() or b',' in text:
        raise InputError(
            'the counts of a run-length encoding are numbers in a text: '
            'write them as a list'
        )
    return text


def _whole(counts: Any) -> npt.NDArray[np.int64]:
    message = 'the counts of a run-length encoding are not whole numbers'
    try:
        numbers = np.array(counts, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(message) from None
    # Beyond this, floats are not exact; no mask has so many pixels.
    if numbers.ndim != 1 or not (np.abs(numbers) < 2.0**53).all():
        raise InputError(message)
    if (numbers != np.floor(numbers)).any():
        raise InputError(message)
    return numbers.astype(np.int64)


def _polygons(parts: Any) -> Segmentation:
    if all(_is_pair(part) for part in parts) and len(parts) > 1:
        raise InputError(_PAIRS)
    polygons: list[Corners] = []
    stray: list[int] = []
    for part in parts:
        numbers = _numbers(part)
        if len(numbers) % 2:
            raise InputError(
                f'a polygon has {len(numbers)} numbers, which are not pairs '
                'of x and y'
            )
        if len(numbers) < 6:
            stray.append(len(numbers) // 2)
            continue
        if not np.isfinite(numbers).all():
            raise InputError(
                'a polygon has a corner that is not a number, or infinite'
            )
        polygons.append(numbers.reshape(-1, 2))
    if not polygons:
        raise InputError(
            f'its polygon has {max(stray)} points: it needs at least 3 '
            'points, x1, y1, x2, y2, x3, y3, ...'
        )
    notes = []
    if stray:
        notes.append(
            f'{len(stray)} of {len(parts)} parts have fewer than 3 points '
            'and are left out'
        )
    corners = np.concatenate(polygons)
    if corners.min() >= 0 and corners.max() <= 1:
        notes.append(
            "its polygons lie inside one pixel: COCO's coordinates are in "
            'pixels, not from 0 to 1'
        )
    return Segmentation(POLYGONS, polygons=polygons, notes=notes)


_PAIRS = (
    'its points are pairs [[x, y], [x, y], ...]: COCO writes a polygon as '
    '[x1, y1, x2, y2, ...]'
)


def _is_pair(part: Any) -> bool:
    return isinstance(part, (list, tuple)) and len(part) == 2


def _numbers(part: Any) -> Corners:
    """Parse a polygon, written as numbers or as text."""
    if isinstance(part, (list, tuple)) and part and _is_pair(part[0]):
        raise InputError(_PAIRS)
    if not isinstance(part, (list, tuple, np.ndarray)):
        raise InputError(f'a polygon is {shown(part)}, not a list of numbers')
    try:
        numbers = np.array(part, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = None
    if numbers is None or numbers.ndim != 1:
        raise InputError('a polygon holds something other than numbers')
    return numbers
