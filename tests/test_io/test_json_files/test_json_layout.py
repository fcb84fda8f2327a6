"""What a file looks like, beside its values."""

import json

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.json_files.json_layout import JsonLayout, layout_of


@pytest.mark.parametrize(
    ('text', 'layout'),
    [
        ('{"a": 1}', JsonLayout()),
        ('{\n  "a": 1\n}\n', JsonLayout('  ', True, '\n')),
        ('[\r\n\t"\u00e9"\r\n]', JsonLayout('\t', False, '', '\r\n')),
        ('{"a": 1}\r\n', JsonLayout(None, True, '\r\n', '\r\n')),
        ('[{"\\":":1}]', JsonLayout(is_compact=True)),
        ('[{":": 1}]', JsonLayout()),
        ('\ufeff{\n "a": 1}', JsonLayout(' ')),
        ('', JsonLayout()),
    ],
)
def test_it_is_recognised(text, layout):
    assert layout_of(text.encode()) == layout


def test_half_a_character_is_escaped():
    """JSON may escape one surrogate of a pair, which UTF-8 cannot hold."""
    content = json.loads('"\\ud83d"')
    layout = JsonLayout(is_ascii=False)
    assert layout.encode(content, 'a.json') == b'"\\ud83d"'


def test_what_json_cannot_hold():
    with pytest.raises(InputError, match=r'cannot write a\.json as json'):
        JsonLayout().encode({1, 2}, 'a.json')
