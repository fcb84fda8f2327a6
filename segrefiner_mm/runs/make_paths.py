"""Paths in options, which may be given as strings."""

from pathlib import Path
from typing import Any


def make_paths(options: Any, *names: str) -> None:
    """Convert fields of new options to paths; None is left as it is.

    Args:
        options (object): A frozen dataclass, in its ``__post_init__``.
        *names: Fields that hold a path, a string or None.
    """
    for name in names:
        if (value := getattr(options, name)) is not None:
            object.__setattr__(options, name, Path(value))
