"""Makes faulty files from valid ones: any bytes, and JSON.

A mutation takes a random generator and the content of a valid file, and
returns the content of a faulty file. Equally seeded generators give equal
files.
"""

import json
import random
from collections.abc import Callable
from typing import Any

Mutate = Callable[[random.Random, bytes], bytes]

_DEEP = 100_000
# What stands in the place of a value of a json, as text.
TOKENS = (
    *(
        '""',
        '"abc"',
        '"1"',
        '"-1"',
        '"0"',
        '"nan"',
        '" "',
        '"é"',
        '"e\\u0301"',
    ),
    *('"../../x"', '"/etc/passwd"', '"C:\\\\x"', '"a\\u0000b"', '"\\ud800"'),
    *('NaN', 'Infinity', '-Infinity', '1e308', '-1e308', '1e999', '-0.0'),
    *('-1', '0', '1', '2', '1.5', '1e-300', '255', '65536', '2147483648'),
    *('-9223372036854775809', '18446744073709551616', '100000'),
    *('9' * 400, '9' * 5000, f'"{"9" * 400}"', f'"{"x" * 5000}"'),
    *(
        'null',
        'true',
        'false',
        '[]',
        '{}',
        '[[]]',
        '[{}]',
        '[null]',
        '{"": 1}',
    ),
    *('[1, 2]', '[1, 2, 3, 4]', '[[1, 2], [3, 4]]', '["a", "b"]', '[1e308]'),
    *('[NaN, NaN]', '[-5, 1e9, 3, 4, 1e9, -5]', '[[0, 0, 0, 0, 0, 0]]'),
    *('{"size": [9, 9], "counts": "99"}', '{"size": [1048576, 1048576]}'),
    *('{"size": [1048576, 1048576], "counts": [1099511627776]}',),
    *('{"size": [48, 64], "counts": [3072, -1, 1]}', '{"counts": ""}'),
    *('{"size": [48, 64], "counts": ""}', '{"size": "ab", "counts": "oo"}'),
    *('[' * depth + ']' * depth for depth in (90, 500, 900, 990, 2000, _DEEP)),
    *('{"a":' * depth + '1' + '}' * depth for depth in (500, 990, _DEEP)),
    '[' * _DEEP,
)
_HOLE = 'the hole of a json'
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**31 - 1, 2**31)


def mutate_bytes(rng: random.Random, content: bytes) -> bytes:
    """Flip, cut off, remove, copy, insert or overwrite bytes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        _BYTES[rng.randrange(len(_BYTES))](rng, data)
    return bytes(data)


def mutate_json(rng: random.Random, content: bytes) -> bytes:
    """Change values of a JSON file, sometimes its bytes or encoding."""
    kind = rng.random()
    if kind < 0.12:
        return mutate_bytes(rng, content)
    if kind < 0.16:
        codec = rng.choice(('utf-16', 'utf-32', 'utf-8-sig', 'cp037'))
        return content.decode().encode(codec)
    value = json.loads(content)
    return mutate_value(rng, value).encode('utf-8', 'surrogatepass')


def mutate_json_lines(rng: random.Random, content: bytes) -> bytes:
    """Change a line of a journal, the order of its lines, or its bytes."""
    kind = rng.random()
    if kind < 0.2:
        return mutate_bytes(rng, content)
    lines = content.decode().splitlines()
    place = rng.randrange(len(lines))
    if kind < 0.3:
        lines.insert(rng.randrange(len(lines)), lines.pop(place))
    elif kind < 0.4:
        lines.insert(place, rng.choice(TOKENS))
    else:
        lines[place] = mutate_value(rng, json.loads(lines[place]))
    return '\n'.join([*lines, '']).encode('utf-8', 'surrogatepass')


def mutate_value(rng: random.Random, value: Any) -> str:
    """Return a value as JSON text in which one to three values are changed."""
    holder = [value]
    tokens = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        parent, key = _any_place(rng, holder)
        if rng.random() < 0.75:
            tokens.append(rng.choice(TOKENS))
            parent[key] = f'{_HOLE} {len(tokens) - 1}'
        else:
            _rearrange(rng, holder, parent, key)
    text = json.dumps(holder[0])
    for number, token in enumerate(tokens):
        text = text.replace(f'"{_HOLE} {number}"', token)
    return text


def _any_place(rng: random.Random, holder: list) -> tuple[Any, Any]:
    """Choose a container in a JSON value and a key of it, at any depth."""
    parent: Any = holder
    key: Any = 0
    while True:
        child = parent[key]
        if not isinstance(child, (dict, list)) or not child:
            return parent, key
        if rng.random() < 0.15:
            return parent, key
        parent = child
        keys = list(child) if isinstance(child, dict) else range(len(child))
        key = rng.choice(keys)


def _rearrange(
    rng: random.Random, holder: list, parent: Any, key: Any
) -> None:
    """Remove, repeat or wrap a value, or replace it by another value."""
    kind = rng.randrange(4)
    if kind == 0 and parent is not holder:
        del parent[key]
    elif kind == 1 and isinstance(parent, list) and parent is not holder:
        parent.append(parent[key])
    elif kind == 2:
        parent[key] = [parent[key]]
    else:
        other, place = _any_place(rng, holder)
        # As text: a container must not come to hold itself.
        parent[key] = json.loads(json.dumps(other[place]))


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _leave_out(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data) + 1)
    del data[start : start + rng.choice((1, 2, 4, 16, 256))]


def _splice(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data) + 1)
    part = data[start : start + rng.choice((1, 4, 16, 64, 1024))]
    place = rng.randrange(len(data) + 1)
    data[place:place] = part


def _overwrite(rng: random.Random, data: bytearray) -> None:
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice(_NUMBERS) * rng.choice((1, 1, 2**16, 2**32))
    order = rng.choice(('little', 'big'))
    place = rng.randrange(len(data) + 1)
    written = (number % 256**size).to_bytes(size, order)
    data[place : place + size] = written


def _insert(rng: random.Random, data: bytearray) -> None:
    place = rng.randrange(len(data) + 1)
    data[place:place] = rng.randbytes(rng.choice((1, 3, 50)))


_BYTES = (_flip, _flip, _flip, _cut, _leave_out, _splice, _overwrite, _insert)
