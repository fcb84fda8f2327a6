"""Files: pictures by their names, json, and writing whole or not at all."""

import json
import os
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.json_file import parse_json

PICTURE_SUFFIXES = frozenset(
    ['.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp']
)
MASK_SUFFIXES = PICTURE_SUFFIXES | {'.npy', '.npz'}
PARTIAL = '.segrefiner-'  # how the names of unfinished files begin
# What systems put beside the files of a user.
_SYSTEM_FOLDERS = frozenset(['@eaDir', '__MACOSX'])


def pictures_in(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their stems, in order.

    Args:
        folder (Path): Folder to look into; not into those below.

    Returns:
        dict[str, Path]: Path of every picture.

    Raises:
        InputError: If there is no such folder, or two have one stem.
    """
    if not folder.is_dir():
        raise InputError(f'no such folder: {folder}')
    found = {}
    for stem, paths in pictures_by_stem(folder).items():
        if len(paths) > 1:
            raise InputError(
                f'two pictures of one name: {paths[0]} and {paths[1]}'
            )
        [found[stem]] = paths
    return found


def pictures_by_stem(
    folder: Path, suffixes: frozenset[str] = PICTURE_SUFFIXES
) -> dict[str, list[Path]]:
    """The same, where several may share a stem.

    Args:
        folder (Path): Folder to look into, that is there.
        suffixes (frozenset[str]): What counts as a picture, in lower case.
            Defaults to ``PICTURE_SUFFIXES``.

    Returns:
        dict[str, list[Path]]: In order. Stems are composed (NFC), as one
        system writes an accent as a letter of its own and another does not;
        hidden files, such as ``._a.png`` of macOS, are left out.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if (
            path.suffix.lower() in suffixes
            and not path.name.startswith('.')
            and path.is_file()
        ):
            found.setdefault(composed(path.stem), []).append(path)
    return found


def folders_below(folder: Path) -> Iterator[Path]:
    """The folders below one, in order; not those that systems hide there.

    Args:
        folder (Path): Folder to look into, at any depth.

    Yields:
        Path: Folders, each before those below it.
    """
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith('.') or path.name in _SYSTEM_FOLDERS
        if not hidden and path.is_dir() and not path.is_symlink():
            yield path
            yield from folders_below(path)


def composed(name: str) -> str:
    """A name with every accented letter as one character (NFC)."""
    return unicodedata.normalize('NFC', name)


def partial_prefix(path: Path) -> str:
    """How the names begin that a file has while it is being written.

    They are short, as the name itself may be as long as a system allows.
    """
    return f'{PARTIAL}{sha256(os.fsencode(path.name)).hexdigest()[:16]}-'


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; a reader sees the old content or the new one.

    That holds after a loss of power too: the content is on the disk before
    the name is.

    Args:
        path (Path): File to write; its folder is made.
        content (bytes): What to write.

    Raises:
        InputError: If it cannot be written; nothing is left behind.
    """
    token = secrets.token_hex(8)
    partial = path.with_name(f'{partial_prefix(path)}{token}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open('xb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f'cannot write {path}: {reason_of(error)}') from error


def _sync_folder(folder: Path) -> None:
    """Have the names of a folder on the disk, where a system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_json(path: Path) -> Any:
    """Read a json file; an InputError names what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    return parse_json(content, path)


def append_json_line(
    path: Path, line: dict[str, Any], sync: bool = False
) -> None:
    """Add a line to a journal; a part of it is never left there.

    Args:
        path (Path): File that is there.
        line (dict): What to note.
        sync (bool): Whether to wait until it is on the disk. Defaults to
            False.

    Raises:
        InputError: If it cannot be written.
    """
    try:
        size = path.stat().st_size
        try:
            with path.open('a') as file:
                file.write(json.dumps(line) + '\n')
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):  # no half a line before the next one
                os.truncate(path, size)
            raise
    except OSError as error:
        raise InputError(f'cannot write {path}: {reason_of(error)}') from error


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read a journal: a json object per line.

    Args:
        path (Path): File to read; there need not be one.

    Returns:
        list[dict]: What could be read. A line that is no object is left out:
        a run was killed while it wrote it, or somebody damaged it.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        text = path.read_text('utf-8', errors='replace')
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    lines = []
    for line in text.splitlines():
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                lines.append(found)
    return lines
