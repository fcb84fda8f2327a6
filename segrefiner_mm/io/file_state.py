"""Whether a file is still what it was."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of


def file_state(path: Path) -> list | None:
    """What tells a file from any other, as plain values.

    Args:
        path (Path): The file.

    Returns:
        list | None: Full name, size, times of change of content and of the
        entry, and hash of the content; None if there is no such file.

    Raises:
        InputError: If it cannot be read.
    """
    if not path.is_file():
        return None
    return [*_stat(path), digest(path)]


def is_same_file(noted: Any, path: Path) -> bool:
    """Whether a file is what was noted of it.

    It is read only if its times differ, as those of a copy do.

    Args:
        noted (object): From :func:`file_state`, or damaged.
        path (Path): The file.

    Returns:
        bool: Whether it has the same name, size and content.
    """
    if not isinstance(noted, list) or len(noted) != 5 or not path.is_file():
        return False
    now = _stat(path)
    if noted[:2] != now[:2]:
        return False
    return noted[:4] == now or noted[4] == digest(path)


def digest(path: Path) -> str:
    """Hash of the content of a file.

    Args:
        path (Path): The file.

    Returns:
        str: SHA-256, in hexadecimal digits.

    Raises:
        InputError: If it cannot be read.
    """
    content = sha256()
    try:
        with path.open('rb') as file:
            while block := file.read(2**20):
                content.update(block)
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    return content.hexdigest()


def _stat(path: Path) -> list:
    state = path.stat()
    name = str(path.resolve())
    return [name, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
