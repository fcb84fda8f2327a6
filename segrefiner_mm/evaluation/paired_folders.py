"""Comparing folders with the ground truth, file by file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_by_stem
from segrefiner_mm.reporting.reporter import Reporter

Picture = npt.NDArray[Any]

ALL, TOP = 'all', '.'  # the total, and files in no subfolder


class Compared(NamedTuple):
    """Comparison of the predictions for one true mask or label map.

    Attributes:
        group (str): Subfolder of the true file, ``'.'`` for none.
        stem (str): Name of the true file without suffix.
        paths (list[Path]): True file, coarse file and, if given, refined file.
        rows (list): Result of the comparison for each prediction, coarse
            before refined.
    """

    group: str
    stem: str
    paths: list[Path]
    rows: list[Any]

    @property
    def gain(self) -> float:
        """float: IoU of the refined mask minus IoU of the coarse mask."""
        return self.rows[-1]['iou'] - self.rows[0]['iou']


def compare(
    gt: Path,
    given: list[Path],
    read: Callable[[Path], Picture],
    count: Callable[[Picture, Picture], Any],
    reporter: Reporter,
) -> Iterator[Compared | None]:
    """Compare folders with the ground truth, file by file.

    Args:
        gt (Path): Folder of the ground truth, searched with its subfolders.
        given (list[Path]): Folders of predictions, with the files and
            subfolders of ``gt``.
        read (Callable): Reads a file as an array, (H, W), or raises an
            InputError.
        count (Callable): Compares a true array with a prediction of the same
            shape, or raises an InputError. It returns an entry of ``rows``.
        reporter (Reporter): Receives the progress and the failures.

    Yields:
        Compared | None: One for every name in any of the folders, sorted; None
        for a failure, such as a name that is not in all folders.
    """
    matched = list(_matched([gt, *given]))
    with reporter.progress(len(matched), 'Comparing') as advance:
        for group, stem, paths in matched:
            compared = None
            try:
                name = str(Path(group, stem))
                files = [_only(own, name) for own in paths]
                compared = Compared(
                    group, stem, files, _rows(files, read, count)
                )
            except InputError as error:
                reporter.error(error)
            advance()
            yield compared


def _rows(
    files: list[Path],
    read: Callable[[Path], Picture],
    count: Callable[[Picture, Picture], Any],
) -> list[Any]:
    """Compare the predictions of a mask with the first file, the truth."""
    true, *predictions = map(read, files)
    for path, predicted in zip(files[1:], predictions, strict=True):
        _check_size(path, predicted, files[0], true)
    return [count(true, predicted) for predicted in predictions]


def _matched(
    folders: list[Path],
) -> Iterator[tuple[str, str, list[list[Path]]]]:
    """Yield subfolder, stem and files of every mask, folder by folder."""
    below = {
        path.relative_to(folder)
        for folder in folders
        for path in (folder, *folder.rglob('*'))
        if path.is_dir()
    }
    for relative in sorted(below):
        by_stem = [
            pictures_by_stem(folder / relative)
            if (folder / relative).is_dir()
            else {}
            for folder in folders
        ]
        group = str(relative) if relative.parts else TOP
        for stem in sorted(set().union(*by_stem)):
            yield group, stem, [own.get(stem, []) for own in by_stem]


def _only(paths: list[Path], name: str) -> Path:
    """Return the only file that has a name."""
    if not paths:
        raise InputError(f'not in every folder: {name}')
    if len(paths) > 1:
        raise InputError(f'two files share a name: {paths[0]} and {paths[1]}')
    return paths[0]


def _check_size(path: Path, picture: Picture, gt: Path, true: Picture) -> None:
    if picture.shape != true.shape:
        raise InputError(
            f'{path} has {picture.shape[0]} x {picture.shape[1]} pixels, {gt} '
            f'has {true.shape[0]} x {true.shape[1]}'
        )
