"""Damages bytes, and puts values where they do not belong."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

# Stands for a value that json.dumps cannot write: the text takes its place.
_TOKENS = {
    f'@@{name}@@': text
    for name, text in dict(
        deep='[' * 100_000 + ']' * 100_000,
        open='[' * 100_000,
        objects='{"a":' * 5_000 + '1' + '}' * 5_000,
        nan='NaN',
        infinity='Infinity',
        minus='-Infinity',
        large='1e308',
        larger='1e400',
        huge='1' + '0' * 400,
        longest='9' * 5000,
    ).items()
}
_STRANGE: list[Any] = [
    *('', 'abc', 'NaN', '../../x', 'C:\\x', '\x00', '\ud800', 'é' * 300),
    *(-1, 0, 1, 2, 0.5, -0.0, 255, 256, 65536, 2**31, 2**32, 2**63, 2**64),
    *(None, True, False, [], {}, [[]], [{}], [None], [1], {'a': 1}, [[], []]),
    *([0, 0], [-1, -1], [1, 1, 1], [2**20, 2**20], {'id': 1}),
]

Node = tuple[Any, Any]  # a container, and the key of a value in it


def mutate_json(content: Any, rng: random.Random) -> bytes:
    """A json with one or a few values that do not belong there."""
    content = copy.deepcopy(content)
    tokens = list(_TOKENS)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        content = mutate_tree(content, rng, _STRANGE + tokens)
    text = json.dumps(content)
    for token, put in _TOKENS.items():
        text = text.replace(f'"{token}"', put)
    raw = text.encode()
    if rng.random() < 0.25:
        raw = mutate_bytes(raw, rng)
    return raw


def mutate_tree(content: Any, rng: random.Random, values: list[Any]) -> Any:
    """Change a value, its name or its place, at any depth."""
    if not isinstance(content, (dict, list)) or not content:
        return copy.deepcopy(rng.choice(values))
    if rng.random() < 0.02:
        return copy.deepcopy(rng.choice(values))
    holder, key = _node(content, rng)
    action = rng.choice(['put'] * 6 + ['wrap', 'drop', 'double', 'other'])
    if action == 'put':
        holder[key] = copy.deepcopy(rng.choice(values))
    elif action == 'wrap':
        holder[key] = [holder[key]]
    elif action == 'drop':
        del holder[key]
    elif action == 'other':
        elsewhere, place = _node(content, rng)
        holder[key] = copy.deepcopy(elsewhere[place])
    elif isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[f'{key}_'] = holder.pop(key)
    return content


def _node(content: Any, rng: random.Random) -> Node:
    """A value at any depth; long lists count no more than short ones."""
    while True:
        places = content if isinstance(content, dict) else range(len(content))
        key = rng.choice(list(places))
        below = content[key]
        if not isinstance(below, (dict, list)) or not below:
            return content, key
        if rng.random() < 0.3:
            return content, key
        content = below


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Flip bits, cut, and put pieces where they do not belong."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        content = rng.choice(_ON_BYTES)(content, rng)
    return content


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 2, 8]) if changed else 0):
        changed[_place(content, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _splice(content: bytes, rng: random.Random) -> bytes:
    start, end = _piece(content, rng)
    place = _place(content, rng)
    return content[:place] + content[start:end] + content[place:]


def _remove(content: bytes, rng: random.Random) -> bytes:
    start, end = _piece(content, rng)
    return content[:start] + content[end:]


def _fill(content: bytes, rng: random.Random) -> bytes:
    start, end = _piece(content, rng)
    filled = rng.choice([b'\x00', b'\xff', b'\x7f', b'\x80'])
    return content[:start] + filled * (end - start) + content[end:]


def _noise(content: bytes, rng: random.Random) -> bytes:
    place = _place(content, rng)
    noise = rng.randbytes(rng.randrange(1, 9))
    return content[:place] + noise + content[place + len(noise) :]


def _place(content: bytes, rng: random.Random) -> int:
    """Mostly anywhere, and often in the header."""
    last = max(len(content), 1)
    return rng.randrange(min(last, 64) if rng.random() < 0.4 else last)


def _piece(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = _place(content, rng)
    return start, start + rng.choice([1, 4, 16, 64])


_ON_BYTES: list[Callable[[bytes, random.Random], bytes]] = [
    *(_flip, _flip, _flip, _cut, _splice, _remove, _fill, _noise)
]
