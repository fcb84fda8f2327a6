"""Makes faulty files with valid framing: PNG, zip, safetensors.

A flipped bit in a PNG or zip fails its checksum, so the code that reads the
content would not be tested. These mutations keep the checksums valid.
"""

import io
import json
import random
import struct
import zipfile
import zlib

from fuzzing.mutations import mutate_bytes, mutate_value

_SIGNATURE = b'\x89PNG\r\n\x1a\n'


def mutate_picture(rng: random.Random, content: bytes) -> bytes:
    """Change an image file; in a PNG, often the content of a chunk."""
    if content.startswith(_SIGNATURE) and rng.random() < 0.6:
        return _mutate_png(rng, content)
    return mutate_bytes(rng, content)


def mutate_zip(rng: random.Random, content: bytes) -> bytes:
    """Change a zip archive, such as .npz or .pth; often a file inside."""
    if rng.random() < 0.3 or not zipfile.is_zipfile(io.BytesIO(content)):
        return mutate_bytes(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    pickles = [name for name in files if name.endswith('.pkl')]
    chosen = rng.choice(
        pickles if pickles and rng.random() < 0.6 else [*files]
    )
    kind = rng.random()
    if kind < 0.1:
        del files[chosen]
    elif kind < 0.15:
        files[rng.choice(('../x', f'a/{chosen}', 'b'))] = files.pop(chosen)
    else:
        files[chosen] = mutate_bytes(rng, files[chosen])
    deflated = rng.random() < 0.15
    method = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w', method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def mutate_safetensors(rng: random.Random, content: bytes) -> bytes:
    """Change a .safetensors file; often a value of its JSON header."""
    if rng.random() < 0.3:
        return mutate_bytes(rng, content)
    end = 8 + int.from_bytes(content[:8], 'little')
    header = mutate_value(rng, json.loads(content[8:end]))
    data = header.encode('utf-8', 'surrogatepass')
    return len(data).to_bytes(8, 'little') + data + content[end:]


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Write chunks, names and contents, as a PNG with valid checksums."""
    parts = [
        struct.pack('>I', len(data)) + name + data + _checksum(name + data)
        for name, data in chunks
    ]
    return _SIGNATURE + b''.join(parts)


def _mutate_png(rng: random.Random, content: bytes) -> bytes:
    chunks = _chunks_of(content)
    place = rng.randrange(len(chunks))
    name, data = chunks[place]
    kind = rng.random()
    if kind < 0.1:
        del chunks[place]
    elif kind < 0.2:
        chunks.insert(rng.randrange(len(chunks)), chunks[place])
    elif kind < 0.3:
        name = rng.choice(
            (b'tRNS', b'eXIf', b'iCCP', b'zTXt', b'acTL', b'PLTE')
        )
        chunks.insert(place, (name, rng.randbytes(rng.choice((0, 1, 9, 99)))))
    elif name == b'IDAT' and kind < 0.7:
        pixels = mutate_bytes(rng, zlib.decompress(data))
        chunks[place] = name, zlib.compress(pixels)
    else:
        chunks[place] = name, mutate_bytes(rng, data)
    return png_of(chunks)


def _chunks_of(content: bytes) -> list[tuple[bytes, bytes]]:
    chunks, place = [], len(_SIGNATURE)
    while place < len(content):
        [length] = struct.unpack('>I', content[place : place + 4])
        data = content[place + 8 : place + 8 + length]
        chunks.append((content[place + 4 : place + 8], data))
        place += 12 + length
    return chunks


def _checksum(data: bytes) -> bytes:
    return struct.pack('>I', zlib.crc32(data))
