"""Finds the image that a data file means, in one folder and not beyond."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import is_within, spellings
from segrefiner_mm.io.files import PICTURE_SUFFIXES, composed
from segrefiner_mm.io.json_file import shown_name

# What a name may end with, whether or not it can be read.
_ENDINGS = PICTURE_SUFFIXES | {'.gif', '.heic', '.jfif', '.jpe'}


class ImageFinder:
    """Finds the files of images.

    An image is found by the longest end of its path that is there. Where
    none is, letter case and suffix may differ, and a name without folders may
    lie in a folder below, if one file alone fits.

    Args:
        folder (Path, optional): Where to look. Defaults to None: images are
            where the predictions say.

    Raises:
        InputError: If there is no such folder.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(f'no such folder: {folder}')
        self.folder = folder
        self._listed: dict[Path, dict[str, list[Path]]] = {}
        self._below: dict[str, list[Path]] | None = None

    def find(self, name: str) -> Path:
        """The file of an image.

        Args:
            name (str): A path of any system, or a name with or without
                suffix.

        Returns:
            Path: The file, inside the folder.

        Raises:
            InputError: If there is none, if several fit, or if it is a link
                that leads out of the folder.
        """
        if self.folder is None:
            if _is_file(Path(name)):
                return Path(name)
            raise InputError(
                f'no such image: {shown_name(name)}; --img-dir says where'
            )
        ways = spellings(name)
        for parts in ways:
            for start in range(len(parts)):
                path = self.folder.joinpath(*parts[start:])
                if _is_file(path):
                    return self._inside(path)
        for parts in ways:
            for start in range(len(parts)):
                folder = self.folder.joinpath(*parts[start:-1])
                found = self._alike(folder, parts[-1])
                if found:
                    return self._only(found, name)
        for parts in ways:
            if len(parts) == 1 and (found := self._anywhere(parts[0])):
                return self._only(found, name)
        raise InputError(f'no image {shown_name(name)} in {self.folder}')

    def _inside(self, path: Path) -> Path:
        assert self.folder is not None
        if not is_within(self.folder, path):
            raise InputError(
                f'{path} is a link that leads out of {self.folder}: give the '
                'folder that it leads to as --img-dir'
            )
        return path

    def _only(self, found: list[Path], name: str) -> Path:
        if len(found) > 1:
            names = ', '.join(shown_name(str(path)) for path in found[:3])
            raise InputError(f'several images fit {shown_name(name)}: {names}')
        return self._inside(found[0])

    def _alike(self, folder: Path, name: str) -> list[Path]:
        """Pictures of a folder that fit but for case and suffix."""
        if folder not in self._listed:
            there = _is_folder(folder)
            self._listed[folder] = _by_key(_pictures(folder) if there else ())
        return _fitting(self._listed[folder], name)

    def _anywhere(self, name: str) -> list[Path]:
        """The same in all folders below."""
        assert self.folder is not None
        if self._below is None:
            self._below = _by_key(
                Path(folder, file)
                for folder, _, files in os.walk(self.folder)
                for file in files
                if Path(file).suffix.lower() in PICTURE_SUFFIXES
            )
        return _fitting(self._below, name)


def _fitting(by_key: dict[str, list[Path]], name: str) -> list[Path]:
    """First by the whole name, which may be a stem, then by its stem."""
    pure = PurePosixPath(name)
    keys = [_key(name)]
    if pure.suffix.lower() in _ENDINGS:
        keys.append(_key(pure.stem))
    return next((by_key[key] for key in keys if key in by_key), [])


def _by_key(paths: Iterator[Path] | tuple[()]) -> dict[str, list[Path]]:
    """Files by their names and by their stems, in one spelling."""
    found: dict[str, list[Path]] = {}
    for path in sorted(paths):
        for key in {_key(path.name), _key(path.stem)}:
            found.setdefault(key, []).append(path)
    return found


def _key(name: str) -> str:
    return composed(name).casefold()


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() in PICTURE_SUFFIXES and _is_file(path):
            yield path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
