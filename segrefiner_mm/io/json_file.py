"""Json of any origin: what is wrong with it is said in words."""

import json
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError


def parse_json(content: str | bytes, name: str | Path) -> Any:
    """Parse a json.

    Args:
        content (str | bytes): What the file holds, UTF-8, -16 or -32.
        name (str | Path): What to call it in errors.

    Returns:
        object: Its values.

    Raises:
        InputError: If it is not valid, or nested too deep for any reader.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise InputError(
            f'{name} is no json of masks: its lists are nested too deep'
        ) from None
    except ValueError as error:
        raise InputError(f'{name} is not valid json: {error}') from None


def json_bytes(content: Any, name: str | Path) -> bytes:
    """What to write for values that came from a json.

    Args:
        content (object): The values.
        name (str | Path): The file to write, for errors.

    Returns:
        bytes: The json, in ASCII.

    Raises:
        InputError: If they are nested too deep, or no json can hold them.
    """
    try:
        return json.dumps(content).encode()
    except (RecursionError, TypeError, ValueError) as error:
        raise InputError(f'cannot write {name} as json: {error}') from None


def shown_name(name: str, length: int = 200) -> str:
    """A name out of a file as a message may show it, without quotes.

    Args:
        name (str): Anything.
        length (int): The most characters. Defaults to 200.

    Returns:
        str: Printable on any terminal.
    """
    text = ''.join(c if c.isprintable() else '?' for c in name[: length + 1])
    return text if len(text) <= length else f'{text[: length - 3]}...'


def shown(value: Any, length: int = 40) -> str:
    """A value of a file as a message may show it: short, on one line.

    Args:
        value (object): Anything that a json or pickle can hold.
        length (int): The most characters. Defaults to 40.

    Returns:
        str: Printable on any terminal.
    """
    if isinstance(value, (dict, list, tuple)):
        kind = 'an object' if isinstance(value, dict) else 'a list'
        return f'{kind} of {len(value)}'
    if value is None or isinstance(value, bool):
        return {None: 'null', True: 'true', False: 'false'}[value]
    text = repr(value)  # which leaves nothing that cannot be printed
    return text if len(text) <= length else f'{text[: length - 3]}...'
