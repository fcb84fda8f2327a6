"""The layout of a JSON file, so that a new version differs in values only."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError

_BOM = b'\xef\xbb\xbf'
_FIRST_LINE = re.compile(rb'[{\[]\r?\n([ \t]+)')
_NO_SPACE = re.compile(rb'[{\[]+"(?:[^"\\]|\\.)*":(?! )')


class JsonLayout(NamedTuple):
    """How a JSON file is written.

    Attributes:
        indent (str, optional): Indentation per level. Defaults to None: all
            on one line.
        is_ascii (bool): Whether characters beyond ASCII are escaped. Defaults
            to True.
        end (str): What follows the value. Defaults to ''.
        newline (str): End of a line. Defaults to a line feed.
        is_compact (bool): Whether commas and colons are written without
            spaces; for a single line. Defaults to False.
    """

    indent: str | None = None
    is_ascii: bool = True
    end: str = ''
    newline: str = '\n'
    is_compact: bool = False

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
        signs = (',', ':') if self.is_compact else None
        try:
            text = json.dumps(
                content,
                indent=self.indent,
                ensure_ascii=self.is_ascii,
                separators=signs,
            )
            # Strings have no line ends, as these are escaped.
            text = text.replace('\n', self.newline)
            return f'{text}{self.end}'.encode()
        except UnicodeEncodeError:  # half a pair of surrogates, escaped before
            return self._replace(is_ascii=True).encode(content, name)
        except (RecursionError, TypeError, ValueError) as error:
            raise InputError(f'cannot write {name} as json: {error}') from None


def layout_of(content: bytes) -> JsonLayout:
    """Recognise the layout of a JSON file.

    Args:
        content (bytes): Content of the file, valid JSON.

    Returns:
        JsonLayout: Its layout.
    """
    text = content.removeprefix(_BOM)
    first = _FIRST_LINE.match(text)
    newline = '\r\n' if b'\r\n' in text else '\n'
    return JsonLayout(
        first[1].decode() if first else None,
        text.isascii(),
        newline if text.endswith(b'\n') else '',
        newline,
        first is None and _NO_SPACE.match(text) is not None,
    )
