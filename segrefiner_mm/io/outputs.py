"""Checks that writing an output loses no file."""

from collections.abc import Iterable
from pathlib import Path

from segrefiner_mm.errors import InputError


def check_not_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse outputs that are inputs.

    Args:
        outputs (Iterable[Path]): Files to write.
        inputs (Iterable[Path]): Files to read.

    Raises:
        InputError: If an output is an input, all links resolved.
    """
    resolved = {path.resolve() for path in inputs}
    for path in outputs:
        if path.resolve() in resolved:
            raise InputError(f'{path} is an input: choose another output')


def check_free(out: Path, is_taken: bool, overwrite: bool) -> None:
    """Refuse an output that exists, unless it may be overwritten.

    Args:
        out (Path): The output.
        is_taken (bool): Whether the output exists.
        overwrite (bool): Whether it may be overwritten.

    Raises:
        InputError: If the output exists and may not be overwritten.
    """
    if is_taken and not overwrite:
        raise InputError(
            f'{out} already exists: pass --overwrite, or choose another output'
        )


def is_empty_file(path: Path) -> bool:
    """Return whether a path is a file without content, as by ``mktemp``.

    Args:
        path (Path): The path; it need not exist.

    Returns:
        bool: True for an existing file of no bytes.
    """
    return path.is_file() and path.stat().st_size == 0
