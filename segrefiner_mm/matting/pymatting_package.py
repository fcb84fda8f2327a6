"""PyMatting, imported on first use."""

from typing import Any

from segrefiner_mm.errors import InputError


def pymatting_package() -> Any:
    """Import PyMatting.

    Its functions are compiled on the first import, which takes about a
    minute; the compiled code is cached on disk.

    Returns:
        module: ``pymatting``.

    Raises:
        InputError: If PyMatting is not installed.
    """
    try:
        import pymatting
    except ImportError:
        raise InputError(
            "alpha mattes need PyMatting: pip install 'segrefiner_mm[alpha]'"
        ) from None
    return pymatting
