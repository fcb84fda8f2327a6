"""Label files of YOLO segmentation: a line of text for every object."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import is_within
from segrefiner_mm.io.encodings.outlines import TOLERANCE, outlines_of
from segrefiner_mm.io.files import folders_below, read_text, write_whole
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.image_files.pictures import picture_size

Corners = npt.NDArray[np.float64]
Size = tuple[int, int]
LABELS, IMAGES = 'labels', 'images'
# Polygons of real data sets leave the image by less.
_MOST = 2.0
_MOST_COMPARED = 1000  # corners of a polygon, to find the nearest two


class _Line(NamedTuple):
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


class YoloFolder(PredictionFile):
    """Polygons in label files of YOLO; other lines are left unchanged.

    A line is a class and x1 y1 x2 y2 ..., as fractions of the sides of the
    image, and may end with a confidence. A polygon also stays unchanged if no
    polygon can be written for its refined mask, because the mask is empty or
    its outline is too long. The YAML files of the folder are copied.

    Args:
        folder (Path): A data set with ``labels/`` and ``images/``, which may
            be in subfolders such as ``train/``; or a folder of label files.
        img_dir (Path, optional): Folder of the images. Defaults to None:
            ``images/`` beside ``labels/``.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels. Defaults to 0.5.

    Raises:
        InputError: If the folder has no label file, or a file cannot be read.
    """

    forms = ('same',)

    def __init__(
        self,
        folder: Path,
        img_dir: Path | None = None,
        tolerance: float = TOLERANCE,
    ) -> None:
        self.tolerance = tolerance
        self._folder = folder
        inner = folder / LABELS
        files = label_files(inner if inner.is_dir() else folder)
        if not files:
            raise InputError(f'no label file (.txt) in {folder}')
        self.img_dir = img_dir or _images_of(folder)
        self._lines = {
            file.relative_to(folder).as_posix(): _read(file) for file in files
        }
        self._sizes: dict[str, Size] = {}

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        if self.img_dir is None:
            raise InputError(
                f'there is no folder {IMAGES} for the labels of '
                f'{self._folder}: --img-dir says where the images are'
            )
        finder = ImageFinder(self.img_dir)
        for name, lines in self._lines.items():
            keyed: dict[Key, Any] = {}
            for index, line in enumerate(lines):
                key = (name, index)
                if line.problem:
                    one = {key: None}
                    yield ImageEntry(str(key), '', None, one, line.problem)
                elif line.corners is not None:
                    keyed[key] = line.corners
            if keyed:
                yield self._entry(name, keyed, finder)

    def replace(self, key: Key, encoded: dict[str, Any]) -> None:
        """Replace a mask; see :meth:`PredictionFile.replace`."""
        name, index = key
        height, width = self._sizes[name]
        parts = outlines_of(encoded, self.tolerance)
        line = self._lines[name][index]
        assert line.corners is not None  # others are not refined
        if not parts:
            raise InputError(
                'a polygon of YOLO cannot be empty, or have so long an outline'
            )
        corners = joined([np.reshape(part, (-1, 2)) for part in parts])
        numbers = (corners / (width, height)).clip(0, 1).ravel()
        words, end = line.text.split(), line.text[len(line.text.rstrip()) :]
        confidence = words[1 + line.corners.size :]
        new = [words[0], *(f'{n:.6g}' for n in numbers), *confidence]
        self._lines[name][index] = _Line(' '.join(new) + end, corners)

    def untouched(self) -> dict[str, str]:
        """List skipped boxes; see :meth:`PredictionFile.untouched`."""
        return {
            self.label((name, index)): 'box'
            for name, lines in self._lines.items()
            for index, line in enumerate(lines)
            if line.corners is None and line.text.strip() and not line.problem
        }

    def write(self, path: Path) -> None:
        """Write the folder; see :meth:`PredictionFile.write`."""
        for name, lines in self._lines.items():
            text = ''.join(line.text for line in lines)
            write_whole(path / name, text.encode())
        for file in sorted(self._folder.glob('*.y*ml')):
            if file.is_file() and is_within(self._folder, file):
                write_whole(path / file.name, file.read_bytes())

    def label(self, key: Key) -> str:
        """Name a mask; see :meth:`PredictionFile.label`."""
        return f'line {key[1] + 1} of {key[0]}'

    def _entry(
        self, name: str, keyed: dict[Key, Any], finder: ImageFinder
    ) -> ImageEntry:
        """Return the entry of an image, with polygons in pixels."""
        parts = PurePosixPath(name).with_suffix('').parts
        own = '/'.join(IMAGES if part == LABELS else part for part in parts)
        try:
            size = picture_size(finder.find(own)).upright
        except InputError as error:
            return ImageEntry(name, own, None, keyed, str(error))
        self._sizes[name] = size
        masks = {
            key: [(corners * size[::-1]).ravel().tolist()]
            for key, corners in keyed.items()
        }
        return ImageEntry(name, own, size, masks)


def label_files(folder: Path) -> list[Path]:
    """List the label files of a folder and its subfolders.

    Args:
        folder (Path): The folder, which must exist.

    Returns:
        list[Path]: The ``.txt`` files, sorted folder by folder, without hidden
        files and without ``classes.txt``, ``notes.txt`` and README files.
    """
    others = ('classes.txt', 'notes.txt', 'readme.txt', 'README.txt')
    return [
        file
        for place in (folder, *folders_below(folder))
        for file in sorted(place.glob('*.txt'))
        if file.is_file()
        and not file.name.startswith('.')
        and file.name not in others
        and 'README' not in file.name
    ]


def joined(parts: list[Corners]) -> Corners:
    """Join polygons into one, as a line of a label file has one polygon.

    The joined outline passes to the next polygon and back along the segment
    between their nearest corners.

    Args:
        parts (list[np.ndarray]): (N, 2) float64 each, x and y; at least one.

    Returns:
        np.ndarray: (M, 2) float64, the joined polygon.
    """
    whole = parts[0]
    for part in parts[1:]:
        steps = (
            len(whole) // _MOST_COMPARED + 1,
            len(part) // _MOST_COMPARED + 1,
        )
        some, other = whole[:: steps[0]], part[:: steps[1]]
        apart = np.square(some[:, None] - other[None]).sum(axis=2)
        near = np.unravel_index(apart.argmin(), apart.shape)
        here, there = (
            int(n) * step for n, step in zip(near, steps, strict=True)
        )
        tour = np.concatenate([part[there:], part[: there + 1]])
        whole = np.concatenate([whole[: here + 1], tour, whole[here:]])
    return whole


def _images_of(folder: Path) -> Path | None:
    """Return the folder of the images, by the folder names of YOLO."""
    if (folder / IMAGES).is_dir():
        return folder / IMAGES
    parts = folder.absolute().parts
    if LABELS in parts:  # images/train for labels/train
        place = len(parts) - 1 - parts[::-1].index(LABELS)
        beside = Path(*parts[:place], IMAGES, *parts[place + 1 :])
        return beside if beside.is_dir() else None
    inner = any(below.name == IMAGES for below in folders_below(folder))
    return folder if inner else None


def _read(file: Path) -> list[_Line]:
    lines = read_text(file).splitlines(keepends=True)
    return [_line(line) for line in lines]


def _line(text: str) -> _Line:
    words = text.split()
    if len(words) < 7:  # class and box, with a confidence or without
        if not words or len(words) in (5, 6):
            return _Line(text)
        return _Line(
            text,
            problem=f'it has {len(words)} values: a line is a class and at '
            'least 3 points, or a box',
        )
    try:
        numbers = np.array(words[1:], np.float64)
    except ValueError:
        return _Line(text, problem='it holds something other than numbers')
    if len(numbers) % 2:  # save_conf=True adds a confidence
        numbers = numbers[:-1]
    if not (np.abs(numbers) < _MOST).all():
        return _Line(
            text,
            problem='its coordinates are far outside 0 to 1: they must be '
            'fractions of the sides of the image',
        )
    return _Line(text, numbers.reshape(-1, 2))
