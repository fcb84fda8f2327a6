"""JSON element by element; ``json`` itself is the reference."""

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files import json_stream
from segrefiner_mm.io.json_files.json_stream import (
    BEGIN,
    END,
    ITEM,
    VALUE,
    JsonStream,
)
from tests.helpers import ROOT

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
DOCUMENTS = st.lists(VALUES) | st.dictionaries(st.text(), VALUES)


def walk(text, chunk=7):
    """All events, with a chunk so small that it cuts every element."""
    before, json_stream.CHUNK = json_stream.CHUNK, chunk
    try:
        content = text if isinstance(text, bytes) else text.encode()
        return list(JsonStream(io.BytesIO(content), 'a.json').events())
    finally:
        json_stream.CHUNK = before


def rebuilt(events):
    content = {}
    for event in events:
        if event.kind == VALUE:
            content[event.member] = event.value
        elif event.kind == BEGIN:
            content[event.member] = []
        elif event.kind == ITEM:
            content[event.member].append(event.value)
    return content.get(None, content)


@settings(max_examples=300, deadline=None)
@given(
    DOCUMENTS, st.integers(1, 40), st.booleans(), st.sampled_from([None, 1])
)
def test_values_are_those_of_json(document, chunk, ascii_only, indent):
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    events = walk(text.encode('utf-8', 'replace'), chunk)
    expected = json.loads(text.encode('utf-8', 'replace'))
    assert rebuilt(events) == expected
    begins = [e.member for e in events if e.kind == BEGIN]
    assert begins == [e.member for e in events if e.kind == END]


def test_an_element_is_where_the_offsets_say():
    content = '{"ä": [{"ö": 1}, [2.50], "x"], "n": -1e3}'.encode()
    for event in walk(content):
        if event.kind in (ITEM, VALUE):
            part = content[event.start : event.end]
            assert json.loads(part) == event.value
        if event.kind == ITEM:
            assert event.text.encode() == part


def test_numbers_that_json_does_not_know_are_those_of_python():
    [_, number, _] = walk('[NaN]')
    assert number.value != number.value
    [_, number, _] = walk(f'[{10**40}]')
    assert number.value == 10**40


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('', 'Expecting value, at byte 0'),
        ('[1, 2', "expected ',', at byte 5"),
        ('[1 2]', "expected ',', at byte 3"),
        ('{"a": [1], "a": 2}', 'a appears twice, at byte 14'),
        ('{"a" 1}', "expected ':', at byte 5"),
        ('{1: 2}', 'expected a name in double quotes, at byte 1'),
        ('[1] 2', 'extra data after the end, at byte 4'),
        ('["ä", {"b": }]', 'Expecting value, at byte 13'),
        ('{"a": "never ends', 'Unterminated string starting at, at byte 6'),
        (b'["\xff"]', 'it is not text in UTF-8'),
        ('[' * 100_000, 'lists are nested too deeply, at byte 1'),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, problem):
    with pytest.raises(InputError) as caught:
        walk(text, 2**20)
    assert str(caught.value) == f'a.json is not valid json: {problem}'


def test_an_error_far_from_the_end_ends_the_reading():
    """What follows is not read to find the end of a faulty element."""
    file = io.BytesIO(b'[{"a": }' + b' ' * 2**24 + b']')
    with pytest.raises(InputError, match='Expecting value'):
        list(JsonStream(file, 'a.json').events())
    assert file.tell() <= json_stream.CHUNK


READ = """
import resource
import sys
from segrefiner_mm.io.json_files.json_stream import JsonStream
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], 'rb') as file:
    count = sum(1 for _ in JsonStream(file, 'a').events())
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / 'large.json'
    record = json.dumps(dict(segmentation=[[1.25] * 3000])) + ','
    with path.open('w') as file:
        file.write('{"annotations": [')
        for _ in range(4000):
            file.write(record)
        file.write('{}]}')
    assert path.stat().st_size > 70e6
    result = subprocess.run(
        [sys.executable, '-c', READ, str(path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    count, grown = map(int, result.stdout.split())
    assert count == 4003
    unit = 1 if sys.platform == 'darwin' else 1024
    assert grown * unit < 64e6
