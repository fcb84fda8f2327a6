"""Listing of files, reading of text and JSON, and atomic writing."""

import os
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.json_files.json_file import parse_json

PICTURE_SUFFIXES = frozenset(
    ['.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp']
)
MASK_SUFFIXES = PICTURE_SUFFIXES | {'.npy', '.npz'}
RESULT_SUFFIXES = frozenset(['.csv', '.json', '.txt'])
PARTIAL = '.segrefiner-'  # prefix of unfinished files
# Folders that systems create beside the files of a user.
_SYSTEM_FOLDERS = frozenset(['@eaDir', '__MACOSX'])


def pictures_in(folder: Path) -> dict[str, Path]:
    """Return the image files of a folder by stem.

    Args:
        folder (Path): Folder to search, without its subfolders.

    Returns:
        dict[str, Path]: Path of every image file by its stem, sorted by path.
        See :func:`pictures_by_stem`.

    Raises:
        InputError: If there is no such folder, or two files share a stem.
    """
    if not folder.is_dir():
        raise InputError(f'no such folder: {folder}')
    pictures = {}
    for stem, paths in pictures_by_stem(folder).items():
        if len(paths) > 1:
            raise InputError(
                f'two images share a name: {paths[0]} and {paths[1]}'
            )
        [pictures[stem]] = paths
    return pictures


def pictures_by_stem(
    folder: Path, suffixes: frozenset[str] = PICTURE_SUFFIXES
) -> dict[str, list[Path]]:
    """List the image files of a folder by stem; several may share one.

    Stems are composed (NFC), as systems differ in how they store accents.
    Hidden files, such as ``._a.png`` of macOS, are skipped.

    Args:
        folder (Path): Folder to search, which must exist.
        suffixes (frozenset[str]): Suffixes to include, in lower case.
            Defaults to ``PICTURE_SUFFIXES``.

    Returns:
        dict[str, list[Path]]: Paths by stem, sorted by path.
    """
    by_stem: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if (
            path.suffix.lower() in suffixes
            and not path.name.startswith('.')
            and path.is_file()
        ):
            by_stem.setdefault(composed(path.stem), []).append(path)
    return by_stem


def folders_below(folder: Path) -> Iterator[Path]:
    """Yield the folders below a folder, at any depth.

    Hidden folders, system folders and links are skipped.

    Args:
        folder (Path): Folder to search, which must exist.

    Yields:
        Path: A folder, before the folders below it; sorted by name.
    """
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith('.') or path.name in _SYSTEM_FOLDERS
        if not hidden and path.is_dir() and not path.is_symlink():
            yield path
            yield from folders_below(path)


def result_files(
    folder: Path, suffixes: Collection[str] = RESULT_SUFFIXES
) -> list[Path]:
    """List the files in and below a folder that may contain predictions.

    Args:
        folder (Path): The folder, which must exist.
        suffixes (Collection[str]): Suffixes of these files. Defaults to
            ``.csv``, ``.json`` and ``.txt``.

    Returns:
        list[Path]: Files with one of the suffixes, folder by folder, sorted
        by name.
    """
    return [
        path
        for place in (folder, *folders_below(folder))
        for path in sorted(place.iterdir())
        if path.suffix in suffixes and path.is_file()
    ]


def composed(name: str) -> str:
    """Compose every accented letter of a name into one character (NFC).

    Args:
        name (str): The name.

    Returns:
        str: The composed name.
    """
    return unicodedata.normalize('NFC', name)


def partial_prefix(path: Path) -> str:
    """Return the prefix of the temporary names of a file being written.

    The prefix has a hash instead of the file's name, which may already have
    the maximum length.

    Args:
        path (Path): The file.

    Returns:
        str: The prefix, which depends on the name of the file alone.
    """
    return f'{PARTIAL}{sha256(os.fsencode(path.name)).hexdigest()[:16]}-'


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new one.

    This is also true after a power failure: the content is synced to disk
    before the file is renamed.

    Args:
        path (Path): File to write or replace; its folder is created.
        content (bytes): Content of the file.

    Raises:
        InputError: If the file cannot be written. An old file stays, and no
            partial file is left behind.
    """
    write_parts(path, (content,))


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file part by part, atomically like :func:`write_whole`.

    Args:
        path (Path): File to write or replace; its folder is created.
        parts (Iterable[bytes]): Parts of the content. An error that they
            raise is passed on, and the file is not written.

    Raises:
        InputError: See :func:`write_whole`.
    """
    token = secrets.token_hex(8)
    partial = path.with_name(f'{partial_prefix(path)}{token}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open('xb') as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f'cannot write {path}: {reason_of(error)}') from error


def _sync_folder(folder: Path) -> None:
    """Sync the entries of a folder to disk, where a system supports it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Args:
        path (Path): File to read.

    Returns:
        bytes: Its content.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error


def read_text(path: Path) -> str:
    """Read a text file without converting its line ends.

    Args:
        path (Path): File to read.

    Returns:
        str: Its text.

    Raises:
        InputError: If the file cannot be read, or is not in UTF-8.
    """
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError:
        raise InputError(f'{path} is not text in UTF-8') from None


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Args:
        path (Path): File to read.

    Returns:
        object: The parsed value.

    Raises:
        InputError: If the file cannot be read or parsed.
    """
    return parse_json(read_bytes(path), path)
