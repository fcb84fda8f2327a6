"""Files: pictures by their names, json, and writing whole or not at all."""

from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_file import parse_json

PICTURE_SUFFIXES = frozenset(
    ['.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp']
)


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


def pictures_by_stem(folder: Path) -> dict[str, list[Path]]:
    """The same, where several may share a stem.

    Args:
        folder (Path): Folder to look into, that is there.

    Returns:
        dict[str, list[Path]]: In order.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
            found.setdefault(path.stem, []).append(path)
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file; a reader sees the old content or the new one.

    Args:
        path (Path): File to write; its folder is made.
        content (bytes): What to write.

    Raises:
        InputError: If it cannot be written; nothing is left behind.
    """
    partial = path.with_name(f'.{path.name}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f'cannot write {path}: {reason}') from error


def read_json(path: Path) -> Any:
    """Read a json file; an InputError names what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror}') from error
    return parse_json(content, path)
