"""PyMatting, which is imported when it is needed."""

from typing import Any

from segrefiner_mm.errors import InputError


def pymatting_package() -> Any:
    """Import PyMatting.

    Its functions are compiled when it is imported for the first time, which
    takes a minute or so; they are kept on disk.

    Returns:
        module: ``pymatting``.

    Raises:
        InputError: If it is not installed.
    """
    try:
        import pymatting
    except ImportError:
        raise InputError(
            "alpha mattes need PyMatting: pip install 'segrefiner_mm[alpha]'"
        ) from None
    return pymatting
