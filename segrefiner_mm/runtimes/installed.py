"""Checks that optional packages are installed."""

from importlib.util import find_spec

from segrefiner_mm.errors import InputError


def is_installed(package: str) -> bool:
    """Return whether a package can be imported, without importing it.

    Args:
        package (str): Import name of a top-level package.

    Returns:
        bool: Whether Python can find the package.
    """
    try:
        return find_spec(package) is not None
    except ValueError:  # something else has put None in its place
        return False


def need(package: str, extra: str) -> None:
    """Raise an error unless a package is installed.

    Args:
        package (str): Import name of a top-level package.
        extra (str): Extra of this package that installs it.

    Raises:
        InputError: If the package is missing; the message says what to
            install.
    """
    if not is_installed(package):
        raise InputError(
            f"{package} is not installed: pip install 'segrefiner_mm[{extra}]'"
        )
