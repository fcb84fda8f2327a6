"""Folders of pictures, compared with the true ones."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_by_stem

Picture = npt.NDArray[Any]

ALL, TOP = 'all', '.'  # the total, and what lies in no folder below


class Compared(NamedTuple):
    """A mask with what was counted of its predictions, coarse before refined.

    Attributes:
        group (str): Its folder below that of the truth.
        stem (str): Its name without suffix.
        paths (list[Path]): True and predicted file.
        rows (list): For each prediction.
    """

    group: str
    stem: str
    paths: list[Path]
    rows: list[Any]

    @property
    def gain(self) -> float:
        """What refinement did to the IoU."""
        return self.rows[-1]['iou'] - self.rows[0]['iou']


def compare(
    gt: Path,
    given: list[Path],
    read: Callable[[Path], Picture],
    count: Callable[[Picture, Picture], Any],
    on_error: Callable[[object], None],
) -> Iterator[Compared | None]:
    """Compare picture by picture.

    Args:
        gt (Path): Folder of the truth, with folders below.
        given (list[Path]): Folders of predictions, with the same below.
        read (Callable): Reads a picture.
        count (Callable): Compares the true one with a prediction.
        on_error (Callable): Is called with what cannot be compared.

    Yields:
        Compared | None: For every name that is in any of the folders; None
        where it cannot be compared.
    """
    for group, stem, paths in _matched([gt, *given]):
        try:
            found = [_only(own, str(Path(group, stem))) for own in paths]
            true, *predictions = map(read, found)
            for path, picture in zip(found[1:], predictions, strict=True):
                _check_size(path, picture, found[0], true)
            rows = [count(true, picture) for picture in predictions]
        except InputError as error:
            on_error(error)
            yield None
            continue
        yield Compared(group, stem, found, rows)


def _matched(
    folders: list[Path],
) -> Iterator[tuple[str, str, list[list[Path]]]]:
    """Source, stem and files of every mask, folder by folder."""
    below = {
        path.relative_to(folder)
        for folder in folders
        for path in (folder, *folder.rglob('*'))
        if path.is_dir()
    }
    for relative in sorted(below):
        found = [
            pictures_by_stem(folder / relative)
            if (folder / relative).is_dir()
            else {}
            for folder in folders
        ]
        group = str(relative) if relative.parts else TOP
        for stem in sorted(set().union(*found)):
            yield group, stem, [own.get(stem, []) for own in found]


def _only(paths: list[Path], name: str) -> Path:
    """The one picture of a name."""
    if not paths:
        raise InputError(f'not in every folder: {name}')
    if len(paths) > 1:
        raise InputError(f'two of one name: {paths[0]} and {paths[1]}')
    return paths[0]


def _check_size(path: Path, found: Picture, gt: Path, true: Picture) -> None:
    if found.shape != true.shape:
        raise InputError(
            f'{path} has {found.shape[0]} x {found.shape[1]} pixels, {gt} '
            f'has {true.shape[0]} x {true.shape[1]}'
        )
