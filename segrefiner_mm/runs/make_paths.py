"""Conversion of options that may be strings to paths."""

from pathlib import Path
from typing import Any


def make_paths(options: Any, *names: str) -> None:
    """Convert fields of new options to paths, in place; None stays None.

    Args:
        options (object): A frozen dataclass, in its ``__post_init__``.
        *names (str): Names of the fields, each a path, a string or None.
    """
    for name in names:
        if (value := getattr(options, name)) is not None:
            object.__setattr__(options, name, Path(value))
