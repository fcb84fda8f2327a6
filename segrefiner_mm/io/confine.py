r"""Names out of data files, which must not lead out of their folder.

A json or a pickle may come from anywhere, and with it ``../.profile``,
``/etc/passwd``, ``C:\secret`` or the name of a link.
"""

import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import composed
from segrefiner_mm.io.json_file import shown, shown_name

_DRIVE = re.compile(r'[A-Za-z]:')
# What no file system of the three has in a name.
_CONTROL = re.compile(r'[\x00-\x1f\ud800-\udfff]')


def confined(folder: Path, name: object) -> Path:
    """The file of a name, for data files whose names are taken at their word.

    Args:
        folder (Path): Folder that it must not leave, not by a link either.
        name (object): Relative name, with ``/`` between its parts.

    Returns:
        Path: Below the folder; it need not exist.

    Raises:
        InputError: If it is no name, or leads out of the folder.
    """
    if not isinstance(name, str) or not name or _CONTROL.search(name):
        raise InputError(f'{shown(name)} is no name of a file')
    parts = name.split('/')
    leads_out = name[0] in '/\\' or _DRIVE.match(name) or '\\' in name
    if leads_out or '..' in parts:
        raise InputError(
            f'the name {shown_name(name)} leads out of {folder}: names of '
            'files must be relative, with / between folders and without ..'
        )
    path = folder.joinpath(*parts)
    if not is_within(folder, path):
        raise InputError(f'{path} is a link that leads out of {folder}')
    return path


def path_below(folder: str | Path, name: str, where: str | Path) -> str:
    """The file of an image of a data set, whose folders may be links.

    Args:
        folder (str | Path): Folder of the images; where it is '', names may
            be absolute, as the data set has no folder.
        name (str): From the annotations.
        where (str | Path): The annotations, for errors.

    Returns:
        str: The path.

    Raises:
        InputError: If the name leads out of the folder.
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
    """Whether a file lies in or below a folder, all links followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or too long
        return False


def spellings(name: str) -> list[tuple[str, ...]]:
    r"""Ways to read a name that another system has written.

    Args:
        name (str): Such as ``images\a.jpg``, ``C:\images\a.jpg``,
            ``my%20photo.jpg``, ``https://host/a.jpg?size=1`` or
            ``../../a.jpg``, with accents composed or not.

    Returns:
        list[tuple[str, ...]]: Parts of its path, as it stands first; none
        leads upwards or to a root.
    """
    texts = [name]
    for change in (_slashes, unquote, _bare, composed, _decomposed):
        texts += [change(text) for text in texts]
    found = []
    for text in dict.fromkeys(texts):
        if _CONTROL.search(text):
            continue
        parts = tuple(
            part
            for part in text.split('/')
            if part not in ('', '.', '..') and not _DRIVE.fullmatch(part)
        )
        if parts:
            found.append(parts)
    return list(dict.fromkeys(found))


def _slashes(name: str) -> str:
    return name.replace('\\', '/')


def _bare(name: str) -> str:
    """Without what follows the path in a web address."""
    return re.split(r'[?#]', name, maxsplit=1)[0]


def _decomposed(name: str) -> str:
    return unicodedata.normalize('NFD', name)
