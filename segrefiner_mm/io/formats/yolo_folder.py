"""Label files of YOLO segmentation: a line of text for every object."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import is_within
from segrefiner_mm.io.encodings.joined_polygons import joined
from segrefiner_mm.io.encodings.outlines import TOLERANCE, outlines_of
from segrefiner_mm.io.files import (
    RESULT_SUFFIXES,
    composed,
    folders_below,
    pictures_by_stem,
    write_whole,
)
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.formats.yolo_lines import LabelLine, read_lines
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.image_files.pictures import picture_size

Size = tuple[int, int]
LABELS, IMAGES = 'labels', 'images'


class YoloFolder(PredictionFile):
    """Polygons in label files of YOLO; other lines are left unchanged.

    A line is a class and x1 y1 x2 y2 ..., as fractions of the sides of the
    image, and may end with a confidence and the identity of a track. A
    polygon also stays unchanged if no polygon can be written for its refined
    mask, because the mask is empty or its outline is too long. The YAML files
    of the folder are copied.

    Args:
        folder (Path): A data set with ``labels/`` and ``images/``, which may
            be in subfolders such as ``train/``; or a folder of label files.
        img_dir (Path, optional): Folder of the images. Defaults to None:
            ``images/`` beside ``labels/``, or beside the label files.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels. Defaults to 0.5.

    Raises:
        InputError: If the folder has no label file, or a file cannot be read.
    """

    forms = ('same',)
    suffixes = RESULT_SUFFIXES | {'.yaml', '.yml'}

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
        self.img_dir = img_dir or _images_of(folder, files)
        named = {file.relative_to(folder).as_posix(): file for file in files}
        self._lines = read_lines(named)
        self._sizes: dict[str, Size] = {}

    def images(self) -> Iterator[ImageEntry]:
        """Yield the images with masks; see :meth:`PredictionFile.images`."""
        if self.img_dir is None:
            raise InputError(
                f'there is no folder {IMAGES} for the labels of '
                f'{self._folder}, and no image beside them: --img-dir says '
                'where the images are'
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
        others = words[1 + line.corners.size :]
        new = [words[0], *(f'{n:.6g}' for n in numbers), *others]
        self._lines[name][index] = LabelLine(' '.join(new) + end, corners)

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
        own = _name_of_image(name, finder)
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


def _images_of(folder: Path, files: list[Path]) -> Path | None:
    """Return the folder of the images, by the folder names of YOLO."""
    if (folder / IMAGES).is_dir():
        return folder / IMAGES
    parts = folder.absolute().parts
    if LABELS in parts:  # images/train for labels/train
        place = len(parts) - 1 - parts[::-1].index(LABELS)
        beside = Path(*parts[:place], IMAGES, *parts[place + 1 :])
        if beside.is_dir():
            return beside
    inner = any(below.name == IMAGES for below in folders_below(folder))
    return folder if inner or _are_beside(files) else None


def _name_of_image(name: str, finder: ImageFinder) -> str:
    """Return the name of the image of a label file: in images/, or beside."""
    label = PurePosixPath(name).with_suffix('')
    own = '/'.join(IMAGES if part == LABELS else part for part in label.parts)
    with suppress(InputError):
        finder.find(own)
        return own
    with suppress(InputError):
        image = finder.find(str(label))
        if finder.folder and image.parent == finder.folder / label.parent:
            return str(label)
    return own


def _are_beside(files: list[Path]) -> bool:
    """Return whether an image lies beside a label file, with its name."""
    places = {file.parent for file in files}
    images = {place: pictures_by_stem(place) for place in places}
    return any(composed(file.stem) in images[file.parent] for file in files)
