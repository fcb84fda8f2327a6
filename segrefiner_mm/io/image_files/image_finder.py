"""Lookup of the images named in a data file, confined to one folder."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import is_within, spellings
from segrefiner_mm.io.files import PICTURE_SUFFIXES, composed
from segrefiner_mm.io.json_files.json_file import shown_name

# Suffixes that a name may have, readable formats or not.
_ENDINGS = PICTURE_SUFFIXES | {'.gif', '.heic', '.jfif', '.jpe'}


class ImageFinder:
    """Finds the files of the images that a data file names.

    An image is found by the longest trailing part of its path that exists in
    the folder. If none exists, letter case and suffix may differ, and a name
    without folders may be in a subfolder. Several matches are an error.

    Args:
        folder (Path, optional): Folder to search. None: the names are the
            paths of the images.

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
        """Find the file of an image.

        Args:
            name (str): A path in the form of any system, or a name with or
                without suffix. Without a folder to search, the exact path.

        Returns:
            Path: The file, below the folder if there is one.

        Raises:
            InputError: If no file or several files match, or if the match is a
                link that leads out of the folder.
        """
        if self.folder is None:
            if _is_file(Path(name)):
                return Path(name)
            raise InputError(
                f'no such image: {shown_name(name)}; --img-dir says where '
                'the images are'
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
                paths = self._alike(folder, parts[-1])
                if paths:
                    return self._only(paths, name)
        for parts in ways:
            if len(parts) == 1 and (paths := self._anywhere(parts[0])):
                return self._only(paths, name)
        raise InputError(f'no image {shown_name(name)} in {self.folder}')

    def _inside(self, path: Path) -> Path:
        assert self.folder is not None
        if not is_within(self.folder, path):
            raise InputError(
                f'{path} is a link that leads out of {self.folder}: give the '
                'folder that it leads to as --img-dir'
            )
        return path

    def _only(self, paths: list[Path], name: str) -> Path:
        if len(paths) > 1:
            names = ', '.join(shown_name(str(path)) for path in paths[:3])
            raise InputError(f'several images fit {shown_name(name)}: {names}')
        return self._inside(paths[0])

    def _alike(self, folder: Path, name: str) -> list[Path]:
        """List the files of a folder that match but for case and suffix."""
        if folder not in self._listed:
            there = _is_folder(folder)
            self._listed[folder] = _by_key(_pictures(folder) if there else ())
        return _fitting(self._listed[folder], name)

    def _anywhere(self, name: str) -> list[Path]:
        """List the matching files in all subfolders."""
        assert self.folder is not None
        if self._below is None:
            self._below = _by_key(
                Path(folder, file)
                for folder, _, files in os.walk(self.folder)
                for file in files
                if Path(file).suffix.lower() in PICTURE_SUFFIXES
            )
        return _fitting(self._below, name)


def shared_problem(name: str, file: object, names: Iterable[str]) -> str:
    """Explain that several names lead to one image file.

    Args:
        name (str): Name of the image.
        file (object): Path or URL of the file that the name leads to.
        names (Iterable[str]): All names that lead to this file.

    Returns:
        str: The message, which lists the other names.
    """
    others = ', '.join(shown_name(n) for n in sorted(names) if n != name)
    return f'no image {shown_name(name)}: {file} also fits {others}'


def _fitting(by_key: dict[str, list[Path]], name: str) -> list[Path]:
    """Return the files that match a name, or, if none does, its stem."""
    pure = PurePosixPath(name)
    keys = [_key(name)]
    if pure.suffix.lower() in _ENDINGS:
        keys.append(_key(pure.stem))
    return next((by_key[key] for key in keys if key in by_key), [])


def _by_key(paths: Iterator[Path] | tuple[()]) -> dict[str, list[Path]]:
    """Group files by name and by stem, both composed and case-folded."""
    by_name: dict[str, list[Path]] = {}
    for path in sorted(paths):
        for key in {_key(path.name), _key(path.stem)}:
            by_name.setdefault(key, []).append(path)
    return by_name


def _key(name: str) -> str:
    return composed(name).casefold()


def _pictures(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() in PICTURE_SUFFIXES and _is_file(path):
            yield path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a null byte
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
