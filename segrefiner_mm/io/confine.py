r"""Checks that names in data files do not lead out of their folder.

A JSON file or pickle may come from anywhere, and may contain
``../.profile``, ``/etc/passwd``, ``C:\secret`` or the name of a link.
"""

import errno
import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import composed
from segrefiner_mm.io.json_files.json_file import shown, shown_name

_DRIVE = re.compile(r'[A-Za-z]:')
# Control characters, and surrogates, which UTF-8 cannot encode.
_CONTROL = re.compile(r'[\x00-\x1f\ud800-\udfff]')


def confined(folder: Path, name: object) -> Path:
    """Return the path of a file name, which is taken literally.

    Args:
        folder (Path): Folder that the path must not leave, not even by a
            link.
        name (object): Relative name, with ``/`` between its parts.

    Returns:
        Path: Path below the folder; it need not exist.

    Raises:
        InputError: If the name is not text, is empty, contains control
            characters, is too long, or leads out of the folder.
    """
    if not isinstance(name, str) or not name or _CONTROL.search(name):
        raise InputError(f'{shown(name)} is not a file name')
    parts = name.split('/')
    leads_out = name[0] in '/\\' or _DRIVE.match(name) or '\\' in name
    if leads_out or '..' in parts:
        raise InputError(
            f'the name {shown_name(name)} leads out of {folder}: names of '
            'files must be relative, with / between folders and without ..'
        )
    path = folder.joinpath(*parts)
    if is_within(folder, path):
        return path
    if _stat_error(path) == errno.ENAMETOOLONG:
        raise InputError(f'the name {shown_name(name)} is too long')
    raise InputError(f'{path} is a link that leads out of {folder}')


def path_below(folder: str | Path, name: str, where: str | Path) -> str:
    """Return the path of an image of a data set.

    A link may lead out of the folder.

    Args:
        folder (str | Path): Folder of the images; '' if the data set has
            none, in which case names may be absolute or contain ``..``.
        name (str): Name in the annotations.
        where (str | Path): The annotation file, for errors.

    Returns:
        str: The path.

    Raises:
        InputError: If the name is empty, contains control characters or leads
            out of the folder.
    """
    unsafe = not name or _CONTROL.search(name) is not None
    if str(folder) and not unsafe:
        climbs = '..' in name.replace('\\', '/').split('/')
        rooted = name[0] == '/' or _DRIVE.match(name) is not None
        unsafe = climbs or rooted
    if unsafe:
        raise InputError(
            f'{where}: the image {shown_name(name)} is not below '
            f'{folder or "any folder"}'
        )
    return os.path.join(folder, name)


def is_within(folder: Path, path: Path) -> bool:
    """Return whether a path equals a folder or lies below it, links resolved.

    Args:
        folder (Path): The folder.
        path (Path): The path; it need not exist.

    Returns:
        bool: False also if one of the two cannot be resolved.
    """
    if _stat_error(path) in (errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL):
        return False
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def _stat_error(path: Path) -> int | None:
    """Return the error number that looking for a path gives."""
    try:
        path.stat()
    except OSError as error:
        return error.errno
    except ValueError:  # characters that no name can have
        return errno.EINVAL
    return None


def spellings(name: str) -> list[tuple[str, ...]]:
    r"""Return the possible readings of a name written on another system.

    Args:
        name (str): A name such as ``images\a.jpg``, ``C:\images\a.jpg``,
            ``my%20photo.jpg``, ``https://host/a.jpg?size=1`` or
            ``../../a.jpg``, with accents composed or decomposed.

    Returns:
        list[tuple[str, ...]]: Path components of each reading, the unchanged
        reading first. ``..``, drives and roots are removed.
    """
    texts = [name]
    for change in (_slashes, unquote, _bare, composed, _decomposed):
        texts += [change(text) for text in texts]
    parts_of_names = []
    for text in dict.fromkeys(texts):
        if _CONTROL.search(text):
            continue
        parts = tuple(
            part
            for part in text.split('/')
            if part not in ('', '.', '..') and not _DRIVE.fullmatch(part)
        )
        if parts:
            parts_of_names.append(parts)
    return list(dict.fromkeys(parts_of_names))


def _slashes(name: str) -> str:
    return name.replace('\\', '/')


def _bare(name: str) -> str:
    """Strip the query and the fragment of a URL."""
    return re.split(r'[?#]', name, maxsplit=1)[0]


def _decomposed(name: str) -> str:
    return unicodedata.normalize('NFD', name)
