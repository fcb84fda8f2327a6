"""Detection of changes to a file."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of


def file_state(path: Path) -> list[Any] | None:
    """Describe a file so that a change to it can be detected.

    Args:
        path (Path): The file.

    Returns:
        list | None: Absolute path with links resolved (str), size in bytes,
        modification time (mtime) and change time (ctime) in nanoseconds, and
        SHA-256 of the content (str); None if there is no such file.

    Raises:
        InputError: If the file cannot be read.
    """
    if not path.is_file():
        return None
    return [*_stat(path), digest(path)]


def is_same_file(noted: Any, path: Path) -> bool:
    """Return whether a file is unchanged since its state was recorded.

    The content is read only if path and size are equal and the times differ.

    Args:
        noted (object): State from :func:`file_state`. Any other value counts
            as a change.
        path (Path): The file.

    Returns:
        bool: Whether path, size and content are equal.

    Raises:
        InputError: If the file cannot be read.
    """
    if not isinstance(noted, list) or len(noted) != 5 or not path.is_file():
        return False
    now = _stat(path)
    if noted[:2] != now[:2]:
        return False
    return noted[:4] == now or noted[4] == digest(path)


def digest(path: Path) -> str:
    """Hash the content of a file.

    Args:
        path (Path): The file.

    Returns:
        str: SHA-256, 64 hexadecimal digits.

    Raises:
        InputError: If the file cannot be read.
    """
    content = sha256()
    try:
        with path.open('rb') as file:
            while block := file.read(2**20):
                content.update(block)
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    return content.hexdigest()


def _stat(path: Path) -> list[Any]:
    state = path.stat()
    name = str(path.resolve())
    return [name, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
