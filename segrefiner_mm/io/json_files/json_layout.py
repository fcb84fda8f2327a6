"""The layout of a JSON file, so that a new version differs in values only."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError


class JsonLayout(NamedTuple):
    """How a JSON file is written.

    Attributes:
        indent (str, optional): Indentation per level. Defaults to None: all
            on one line.
        is_ascii (bool): Whether characters beyond ASCII are escaped. Defaults
            to True.
        end (str): What follows the value. Defaults to ''.
    """

    indent: str | None = None
    is_ascii: bool = True
    end: str = ''

    def encode(self, content: Any, name: str | Path) -> bytes:
        """Encode a value as JSON.

        Args:
            content (object): The value.
            name (str | Path): The file to write, for errors.

        Returns:
            bytes: The JSON, in UTF-8.

        Raises:
            InputError: If it is nested too deeply, or JSON cannot hold it.
        """
        try:
            text = json.dumps(
                content, indent=self.indent, ensure_ascii=self.is_ascii
            )
            return f'{text}{self.end}'.encode()
        except UnicodeEncodeError:  # half a pair of surrogates, escaped before
            return self._replace(is_ascii=True).encode(content, name)
        except (RecursionError, TypeError, ValueError) as error:
            raise InputError(f'cannot write {name} as json: {error}') from None


def layout_of(file: Path) -> JsonLayout:
    """Recognise the layout of a JSON file.

    Args:
        file (Path): The file, which is valid JSON.

    Returns:
        JsonLayout: Its layout.

    Raises:
        OSError: If it cannot be read.
    """
    text = file.read_bytes()
    first = re.match(rb'(?:\xef\xbb\xbf)?[{\[]\r?\n([ \t]+)', text)
    return JsonLayout(
        first[1].decode() if first else None,
        text.isascii(),
        '\n' if text.endswith(b'\n') else '',
    )
