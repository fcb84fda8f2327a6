"""Large JSON files, read element by element in bounded memory."""

import codecs
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from segrefiner_mm.errors import InputError, reason_of

# Bytes that are read at a time.
CHUNK = 2**22
# Characters of the longest element; anything longer is an unclosed string.
LONGEST = 2**28
_SPACE = re.compile(r'[ \t\n\r]*')
# An error this close to the end of the buffer may be due to the cut there.
_MARGIN = 16

BEGIN, ITEM, VALUE, END = 'begin', 'item', 'value', 'end'


class Event(NamedTuple):
    """A part of a JSON file.

    A list at the top level, or in a member of a top-level object, is a
    ``'begin'``, an ``'item'`` per element, and an ``'end'``. Any other member,
    or any other value at the top level, is one ``'value'``.

    Attributes:
        kind (str): ``'begin'``, ``'item'``, ``'end'`` or ``'value'``.
        member (str, optional): Name of the member; None at the top level.
        value (object): Element or value. Defaults to None: the begin or end
            of a list.
        start (int): Byte offset in the file at which the element, value or
            list begins; for ``'end'``, at which the list ends. Defaults to 0.
        end (int): Byte offset after the element, value or list; 0 for
            ``'begin'``. Defaults to 0.
        text (str): Source text of an element. Defaults to '': another event.
    """

    kind: str
    member: str | None
    value: Any = None
    start: int = 0
    end: int = 0
    text: str = ''


class JsonStream:
    """Reads a JSON file part by part, with the parser of Python's ``json``.

    The values are therefore exactly those of ``json.load``.

    Args:
        file (BinaryIO): Open file in UTF-8, at its beginning.
        name (str | Path): Name of the file, for errors.
    """

    def __init__(self, file: BinaryIO, name: str | Path) -> None:
        self._file = file
        self._name = name
        self._decode = codecs.getincrementaldecoder('utf-8')().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ''
        self._at = 0  # position in the text
        self._from = 0  # where the newest value begins
        self._byte = 0  # the same place in the file
        self._ended = False

    def events(self) -> Iterator[Event]:
        """Read the file; this can be done once.

        Yields:
            Event: A part of the file, in file order.

        Raises:
            InputError: If the file cannot be read, is not valid JSON in
                UTF-8, or its top-level object has two members of one name.
        """
        self._fill(CHUNK)
        if self._text.startswith('\ufeff'):
            self._advance(1)
        first = self._peek()
        if first == '[':
            yield from self._list(None)
        elif first == '{':
            yield from self._object()
        else:
            start = self._byte
            value = self._value()
            yield Event(VALUE, None, value, start, self._byte)
        if self._peek():
            raise self._wrong('extra data after the end')

    def _object(self) -> Iterator[Event]:
        self._advance(1)
        seen: set[str] = set()
        while self._peek() != '}':
            if seen:
                self._expect(',')
            name = self._value() if self._peek() == '"' else None
            if name is None:
                raise self._wrong('expected a name in double quotes')
            if name in seen:
                raise self._wrong(f'{name} appears twice')
            seen.add(name)
            self._expect(':')
            if self._peek() == '[':
                yield from self._list(name)
                continue
            start = self._byte
            value = self._value()
            yield Event(VALUE, name, value, start, self._byte)
        self._advance(1)

    def _list(self, member: str | None) -> Iterator[Event]:
        start = self._byte
        self._advance(1)
        yield Event(BEGIN, member, None, start)
        first = True
        while self._peek() != ']':
            if not first:
                self._expect(',')
                self._peek()
            first = False
            start = self._byte
            value = self._value()
            text = self._text[self._from : self._at]
            yield Event(ITEM, member, value, start, self._byte, text)
        self._advance(1)
        yield Event(END, member, None, self._byte, self._byte)

    def _value(self) -> Any:
        """Parse the value at the current position, and move past it."""
        while True:
            try:
                value, end = self._scan(self._text, self._at)
                # A number that is cut, as 1.5e3 after 1.5, is a number too.
                whole = self._text[end - 1] in '}]"'
                whole = whole or end <= len(self._text) - _MARGIN
                if whole or self._ended:
                    self._from = self._at
                    self._advance(end - self._at)
                    return value
            except JSONDecodeError as error:
                cut = error.pos >= len(self._text) - _MARGIN
                cut = cut or error.msg.startswith('Unterminated string')
                held = len(self._text) - self._at
                if self._ended or not cut or held > LONGEST:
                    raise self._wrong(error.msg, error.pos) from None
            except RecursionError:
                raise self._wrong('lists are nested too deeply') from None
            # Twice as much each time, so that nothing is parsed often.
            self._fill(max(CHUNK, len(self._text) - self._at))

    def _peek(self) -> str:
        """Skip whitespace; return the next character, '' at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None
            self._advance(found.end() - self._at)
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._fill(CHUNK)

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._wrong(f'expected {sign!r}')
        self._advance(1)

    def _advance(self, characters: int) -> None:
        end = self._at + characters
        if self._text.isascii():
            self._byte += characters
        else:
            self._byte += len(self._text[self._at : end].encode())
        self._at = end

    def _fill(self, size: int) -> None:
        """Read more of the file, and drop the text that was parsed."""
        try:
            content = self._file.read(size)
            more = self._decode(content, not content)
        except UnicodeDecodeError:
            raise InputError(
                f'{self._name} is not valid json: it is not text in UTF-8'
            ) from None
        except OSError as error:
            raise InputError(
                f'cannot read {self._name}: {reason_of(error)}'
            ) from error
        self._ended = not content
        self._text = self._text[self._at :] + more
        self._at = 0

    def _wrong(self, what: str, at: int | None = None) -> InputError:
        ahead = self._text[self._at : at] if at is not None else ''
        place = self._byte + len(ahead.encode())
        return InputError(
            f'{self._name} is not valid json: {what}, at byte {place}'
        )
