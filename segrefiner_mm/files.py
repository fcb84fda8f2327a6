"""Files that appear whole or not at all, and what counts as a picture."""

from pathlib import Path

from segrefiner_mm.errors import InputError

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
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        if path.stem in found:
            raise InputError(
                f'two pictures of one name: {found[path.stem]} and {path}'
            )
        found[path.stem] = path
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
