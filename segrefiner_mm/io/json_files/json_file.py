"""Parsing and encoding of JSON, and values from files in messages."""

import json
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.json_layout import JsonLayout


def parse_json(content: str | bytes, name: str | Path) -> Any:
    """Parse JSON.

    Args:
        content (str | bytes): Content of the file, in UTF-8, -16 or -32.
        name (str | Path): Name of the file, for errors.

    Returns:
        object: The parsed value.

    Raises:
        InputError: If the JSON is invalid, or nested too deeply to parse.
    """
    try:
        return json.loads(content)
    except RecursionError:
        raise InputError(
            f'{name} is not a json of masks: its lists are nested too deeply'
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f'{name} is not valid json: it is not text in UTF-8'
        ) from None
    except ValueError as error:
        raise InputError(f'{name} is not valid json: {error}') from None


def json_bytes(content: Any, name: str | Path) -> bytes:
    """Encode a value as JSON.

    Args:
        content (object): The value.
        name (str | Path): The file to write, for errors.

    Returns:
        bytes: The JSON, in ASCII.

    Raises:
        InputError: If the value is nested too deeply, or JSON cannot hold it.
    """
    return JsonLayout().encode(content, name)


def shown_name(name: str, length: int = 200) -> str:
    """Make a name from a file printable, without quotes.

    Args:
        name (str): Any text.
        length (int): Maximum number of characters. Defaults to 200.

    Returns:
        str: The name, cut to this length, with ``?`` for every character that
        cannot be printed.
    """
    text = ''.join(c if c.isprintable() else '?' for c in name[: length + 1])
    return text if len(text) <= length else f'{text[: length - 3]}...'


def shown(value: Any, length: int = 40) -> str:
    """Make a value from a file printable: short, on one line.

    Args:
        value (object): Anything that JSON or a pickle can hold.
        length (int): Maximum number of characters. Defaults to 40.

    Returns:
        str: Kind and length of a list or an object; any other value as text,
        cut to this length.
    """
    if isinstance(value, (dict, list, tuple)):
        kind = 'an object' if isinstance(value, dict) else 'a list'
        return f'{kind} of {len(value)}'
    if value is None or isinstance(value, bool):
        return {None: 'null', True: 'true', False: 'false'}[value]
    text = repr(value)  # escapes what cannot be printed
    return text if len(text) <= length else f'{text[: length - 3]}...'
