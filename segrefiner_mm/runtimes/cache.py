"""A cache for results that later processes would compute again.

The cache is in ``$XDG_CACHE_HOME/segrefiner_mm``, else in
``~/.cache/segrefiner_mm``. If that folder cannot be written, nothing is cached
and no error is raised. The folder may be deleted at any time.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.runtimes.onnx_export import OnnxParts

# Conditions of a choice that can be compared with the present ones.
CONDITIONS = ('machine', 'versions')
# Exported networks to keep; one of 118 M parameters takes 475 MB.
MOST_EXPORTS = 3


def cache_folder() -> Path | None:
    """Return the folder of the cache, which may not exist yet.

    Returns:
        Path | None: The folder; None if the user has no home.
    """
    given = os.environ.get('XDG_CACHE_HOME', '')
    if Path(given).is_absolute():  # the standard says to ignore others
        return Path(given, 'segrefiner_mm')
    try:
        return Path.home() / '.cache' / 'segrefiner_mm'
    except RuntimeError:
        return None


def read_choice(key: str) -> dict[str, Any] | None:
    """Read a choice of runtime.

    Args:
        key (str): Hexadecimal digits that identify the machine, the versions
            of packages and the network.

    Returns:
        dict | None: See :func:`write_choice`; None if there is no such
        choice, or it is damaged.
    """
    folder = cache_folder()
    if folder is None:
        return None
    return _read(folder / 'runtimes' / f'{key}.json')


def choices() -> Iterator[dict[str, Any]]:
    """Yield all choices of runtimes that are complete.

    Yields:
        dict: See :func:`write_choice`; in the order of the keys.
    """
    folder = cache_folder()
    if folder is not None and (folder / 'runtimes').is_dir():
        for path in sorted((folder / 'runtimes').glob('*.json')):
            if (content := _read(path)) and _is_complete(content):
                yield content


def write_choice(key: str, content: dict[str, Any]) -> None:
    """Store a choice of runtime.

    Args:
        key (str): See :func:`read_choice`.
        content (dict): ``runtime``, the name; ``seconds`` per window, by
            name; ``denoiser``, the class of the network; ``window``, its side
            in pixels and the number of steps; and the conditions ``format``,
            ``machine``, ``versions``, ``network`` and ``settings``, as values
            for JSON.
    """
    if folder := cache_folder():
        text = json.dumps(content, indent=1)
        with suppress(InputError):
            write_whole(folder / 'runtimes' / f'{key}.json', text.encode())


def read_export(key: str) -> OnnxParts | None:
    """Read an exported network, and mark it as used.

    Args:
        key (str): Hexadecimal digits that identify the network, its weights
            and the versions of packages.

    Returns:
        OnnxParts | None: The models; None if a file is missing or cannot be
        read.
    """
    if (folder := cache_folder()) is None:
        return None
    encode, step = _export_files(folder, key)
    with suppress(OSError):
        parts = OnnxParts(step.read_bytes(), encode.read_bytes() or None)
        os.utime(step.parent)  # used last
        return parts
    return None


def write_export(key: str, parts: OnnxParts) -> None:
    """Store an exported network, and delete all but the last three used.

    Args:
        key (str): See :func:`read_export`.
        parts (OnnxParts): The network.
    """
    if (folder := cache_folder()) is None:
        return
    encode, step = _export_files(folder, key)
    with suppress(InputError, OSError):
        # The step comes last: with it, the export is complete.
        write_whole(encode, parts.encode or b'')
        write_whole(step, parts.step)
        kept = sorted(
            step.parent.parent.iterdir(), key=lambda path: path.stat().st_mtime
        )
        for old in kept[:-MOST_EXPORTS]:
            shutil.rmtree(old, ignore_errors=True)


def drop_export(key: str) -> None:
    """Delete an exported network that cannot be used.

    Args:
        key (str): See :func:`read_export`.
    """
    if folder := cache_folder():
        parent = _export_files(folder, key)[0].parent
        shutil.rmtree(parent, ignore_errors=True)


def _export_files(folder: Path, key: str) -> tuple[Path, Path]:
    export = folder / 'exports' / key
    return export / 'encode.onnx', export / 'step.onnx'


def _is_complete(choice: dict[str, Any]) -> bool:
    """Return whether a choice has all that :func:`write_choice` stores."""
    seconds, window = choice.get('seconds'), choice.get('window')
    return (
        all(isinstance(choice.get(k), str) for k in ('runtime', 'denoiser'))
        and all(isinstance(choice.get(k), dict) for k in CONDITIONS)
        and isinstance(seconds, dict)
        and all(isinstance(value, float) for value in seconds.values())
        and isinstance(window, list)
        and len(window) == 2
    )


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError, RecursionError):
        content = json.loads(path.read_bytes())
        if isinstance(content, dict):
            return content
    return None
