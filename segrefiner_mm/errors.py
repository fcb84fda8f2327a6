"""Errors caused by a user's input, whose messages say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SegRefinerError(ValueError):
    """Base class of errors that say what was given and what to do."""


class InputError(SegRefinerError):
    """An image, a mask, a folder or an option that cannot be used."""


class CheckpointError(SegRefinerError):
    """A weights file that cannot be read, or that is of another model."""


class TrainingCollapsedError(SegRefinerError):
    """A training run that can no longer succeed."""


@contextmanager
def about(path: str | Path) -> Iterator[None]:
    """Put the path of a file in front of the input errors of a block.

    Args:
        path (str | Path): The file.

    Raises:
        InputError: If the block raises one. The message begins with the path,
            unless it already contains the path. Other errors pass unchanged.
    """
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f'{path}: {error}') from error


def reason_of(error: BaseException) -> str:
    """Return the first line of an exception's message, without its class.

    Args:
        error (BaseException): An exception of Python or of a library.

    Returns:
        str: The reason, such as ``'No space left on device'``; a fixed text
        for a :class:`RecursionError` and a :class:`MemoryError`; ``'it is
        damaged'`` if the exception has no message.
    """
    if isinstance(error, RecursionError):
        return 'it is nested too deeply'
    if isinstance(error, MemoryError):
        return 'out of memory'
    text = error.strerror if isinstance(error, OSError) else None
    lines = (text or str(error)).strip().splitlines()
    return lines[0] if lines else 'it is damaged'
