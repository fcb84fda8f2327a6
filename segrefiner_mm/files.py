"""Files that appear whole or not at all."""

from pathlib import Path

from segrefiner_mm.errors import InputError


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
