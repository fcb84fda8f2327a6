"""Damages files of known formats below their checksums."""

import io
import json
import random
import struct
import zlib
from typing import Any

import numpy as np
import torch
from PIL import Image

from fuzzing.mutations import mutate_bytes, mutate_json, mutate_tree

MODES = ['1', 'L', 'P', 'PA', 'LA', 'RGB', 'RGBA', 'CMYK', 'I', 'F', 'I;16']
FORMATS = ['PNG', 'JPEG', 'TIFF', 'WEBP', 'BMP', 'GIF', 'PPM']
_PNG = b'\x89PNG\r\n\x1a\n'


def mutate_picture(content: bytes, rng: random.Random) -> bytes:
    """A damaged picture, or a whole one of another kind or size."""
    kind = rng.random()
    if kind < 0.2:
        content = strange_picture(rng)
        if rng.random() < 0.5:
            return content
    if kind < 0.6 and content.startswith(_PNG):
        return mutate_png(content, rng)
    return mutate_bytes(content, rng)


def mutate_png(content: bytes, rng: random.Random) -> bytes:
    """Damage a chunk of a PNG and make its checksum right again."""
    chunks, place = [], len(_PNG)
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], 'big')
        kind = content[place + 4 : place + 8]
        chunks.append((kind, content[place + 8 : place + 8 + size]))
        place += size + 12
    at = rng.randrange(len(chunks))
    kind, own = chunks[at]
    if kind == b'IDAT' and rng.random() < 0.5:
        own = zlib.compress(mutate_bytes(zlib.decompress(own), rng))
    else:
        own = mutate_bytes(own, rng)
    chunks[at] = kind, own
    if rng.random() < 0.2:
        chunks.insert(rng.randrange(len(chunks)), rng.choice(chunks))
    return _PNG + b''.join(
        struct.pack('>I', len(own))
        + kind
        + own
        + struct.pack('>I', zlib.crc32(kind + own))
        for kind, own in chunks
    )


def strange_picture(rng: random.Random) -> bytes:
    """A valid picture of any mode, format and small size."""
    size = rng.choice([(64, 48), (48, 64), (1, 1), (64, 1), (65, 48)])
    values = np.random.default_rng(rng.getrandbits(32))
    base = Image.fromarray(
        values.integers(0, 256, (size[1], size[0], 3), np.uint8)
    )
    mode = rng.choice(MODES)
    picture = (
        Image.new(mode, size)
        if mode in ('I;16', 'PA')
        else (
            base.convert('L').convert(mode)
            if mode in 'IF'
            else base.convert(mode)
        )
    )
    stream = io.BytesIO()
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = rng.choice([0, 1, 3, 6, 8, 9, 65535])
        options['exif'] = exif
    kind = rng.choice(FORMATS)
    if kind in ('GIF', 'TIFF', 'WEBP') and rng.random() < 0.4:
        options |= dict(save_all=True, append_images=[picture])
    try:
        picture.save(stream, kind, **options)
    except (OSError, ValueError, KeyError, TypeError):
        stream = io.BytesIO()  # this format has no such mode
        base.save(stream, 'PNG')
    return stream.getvalue()


def mutate_safetensors(content: bytes, rng: random.Random) -> bytes:
    """Damage the table of contents, or any bytes."""
    if rng.random() < 0.4:
        return mutate_bytes(content, rng)
    size = int.from_bytes(content[:8], 'little')
    table = mutate_json(json.loads(content[8 : 8 + size]), rng)
    return struct.pack('<Q', len(table)) + table + content[8 + size :]


def strange_array(rng: random.Random) -> np.ndarray:
    """An array of a shape or type that no mask has, or nearly one."""
    shape = rng.choice(
        [
            *((48, 64), (64, 48), (1, 48, 64), (2, 48, 64), (48, 64, 3), ()),
            *((0,), (48,), (0, 64), (48, 0), (1, 1, 48, 64), (0, 48, 64)),
        ]
    )
    kinds = ['u1', '?', 'i1', '<i8', '>u2', 'f2', 'f4', '<f8', 'c8', 'S3']
    kind = rng.choice([*kinds, 'U2', 'O', 'M8[s]', 'V4', 'u1,f4'])
    array = np.zeros(shape, kind)
    if array.dtype.kind in 'uif' and array.size:
        array.flat[:: rng.choice([1, 2, 7])] = 1
    if array.dtype.kind == 'f' and array.size and rng.random() < 0.5:
        array.flat[0] = rng.choice([np.nan, np.inf, -1, 0.5])
    return array if rng.random() < 0.7 else np.asfortranarray(array)


def mutate_array(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """Damage a ``.npy`` or ``.npz``, or write one of another array."""
    if rng.random() < 0.5:
        return mutate_bytes(content, rng)
    stream = io.BytesIO()
    arrays = [strange_array(rng) for _ in range(rng.choice([1, 1, 1, 0, 2]))]
    if suffix == '.npy':
        np.save(stream, arrays[0] if arrays else np.zeros(0))
    else:
        save = rng.choice([np.savez, np.savez_compressed])
        save(stream, *arrays)
    content = stream.getvalue()
    return content if rng.random() < 0.6 else mutate_bytes(content, rng)


def mutate_checkpoint(content: bytes, rng: random.Random) -> bytes:
    """Damage a ``.pth``, or write one of other values."""
    if rng.random() < 0.5:
        return mutate_bytes(content, rng)
    stored = torch.load(io.BytesIO(content), weights_only=True)
    stored['state_dict'] = dict(stored['state_dict'])
    values = [*_strange_tensors(), *_PLAIN]
    for _ in range(rng.choice([1, 1, 2])):
        stored = mutate_tree(stored, rng, values)
    if rng.random() < 0.1 and isinstance(stored, dict):
        stored[rng.choice([1, None, (1, 2), b'a'])] = rng.choice(values)
    stream = io.BytesIO()
    zipped = rng.random() < 0.7
    torch.save(stored, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


_PLAIN: list[Any] = [*(None, 1, 'abc', b'a', [], {}, (1,), 1e308, {1: 2})]


def _strange_tensors() -> list[torch.Tensor]:
    index = torch.zeros(2, 1, dtype=torch.long)
    return [
        torch.zeros(1).expand(10**5, 10**5),
        torch.sparse_coo_tensor(index, torch.ones(1), (10**5, 10**5)),
        torch.zeros(0),
        torch.tensor(1.0),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.bool),
        torch.full((2, 2), float('nan')),
        torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8),
        torch.zeros(3, 3, device='meta'),
    ]
