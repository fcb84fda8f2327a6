"""Lines of the label files of YOLO segmentation: one per object."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.io.files import read_text

Corners = npt.NDArray[np.float64]
# Polygons of real data sets leave the image by less.
_MOST = 2.0
# A class, three points, a confidence and the identity of a track.
_LEAST_TRACKED = 9


class LabelLine(NamedTuple):
    """A line of a label file.

    Attributes:
        text (str): The line, with its line end.
        corners (np.ndarray, optional): (N, 2) float64, x and y as fractions
            of the image's sides. Defaults to None: the line has no polygon.
        problem (str): Why the line cannot be used. Defaults to ''.
    """

    text: str
    corners: Corners | None = None
    problem: str = ''


def read_lines(files: Mapping[str, Path]) -> dict[str, list[LabelLine]]:
    """Read label files, which all end their lines in the same way.

    After its points, a line may have a confidence, the identity of a track,
    or both. Both together look like a point; identities above 1, in any of
    the files, show that they are none.

    Args:
        files (Mapping[str, Path]): The files by name.

    Returns:
        dict[str, list[LabelLine]]: The lines by name of the file.

    Raises:
        InputError: If a file cannot be read.
    """
    texts = {
        name: read_text(file).splitlines(keepends=True)
        for name, file in files.items()
    }
    tracked = any(
        _identity(line.split()) > 1 for text in texts.values() for line in text
    )
    return {
        name: [_read(line, tracked) for line in text]
        for name, text in texts.items()
    }


def _read(text: str, tracked: bool) -> LabelLine:
    words = text.split()
    if len(words) < 7:  # class and box, with a confidence or without
        if not words or len(words) in (5, 6):
            return LabelLine(text)
        return LabelLine(
            text,
            problem=f'it has {len(words)} values: a line is a class and at '
            'least 3 points, or a box',
        )
    try:
        numbers = np.array(words[1:], np.float64)
    except ValueError:
        return LabelLine(text, problem='it holds something other than numbers')
    if len(numbers) % 2:  # save_conf=True adds a confidence
        numbers = numbers[:-1]
    elif tracked and _identity(words):
        numbers = numbers[:-2]
    if not (np.abs(numbers) < _MOST).all():
        return LabelLine(
            text,
            problem='its coordinates are far outside 0 to 1: they must be '
            'fractions of the sides of the image',
        )
    return LabelLine(text, numbers.reshape(-1, 2))


def _identity(words: list[str]) -> int:
    """Return the identity of a track after a confidence; 0 for none."""
    if len(words) < _LEAST_TRACKED or len(words) % 2 == 0:
        return 0
    confidence, identity = words[-2:]
    try:
        is_one = identity.isdecimal() and 0 <= float(confidence) <= 1
        return int(identity) if is_one else 0
    except ValueError:  # no number, or one of thousands of digits
        return 0
