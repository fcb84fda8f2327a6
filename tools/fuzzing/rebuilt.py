"""Makes well-formed files with unexpected values, types and shapes.

Changed bytes are mostly caught by the framing of a file. These files are
written by the libraries that write valid files, so their framing is valid.
"""

import copy
import io
import pickle
import random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

_SIZES = ((64, 48), (48, 64), (1, 1), (64, 1), (65, 48))
_MODES = ('1', 'L', 'P', 'PA', 'LA', 'RGB', 'RGBA', 'CMYK', 'I', 'F', 'I;16')
_FORMATS = ('PNG', 'JPEG', 'TIFF', 'WEBP', 'BMP', 'GIF', 'PPM')
_SHAPES = (
    *((48, 64), (64, 48), (1, 48, 64), (2, 48, 64), (48, 64, 3), ()),
    *((0,), (48,), (0, 64), (48, 0), (1, 1, 48, 64), (0, 48, 64)),
)
_KINDS = (
    *('u1', '?', 'i1', '<i8', '>u2', 'f2', 'f4', '<f8', 'c8', 'S3', 'U2'),
    *('O', 'M8[s]', 'V4', 'u1,f4'),
)
_PLAIN: list[Any] = [
    *(None, '', 'abc', '../x', b'', b'abc', -1, 2**70, 1e308, float('nan')),
    *([], {}, (), [[]], [None], (48,), (0, 0), (2**20, 2**20), [{}], {1: 2}),
]


def rebuild_picture(rng: random.Random, content: bytes) -> bytes:
    """Write a small image of random mode, format and orientation."""
    width, height = rng.choice(_SIZES)
    values = np.frombuffer(rng.randbytes(width * height * 3), np.uint8)
    base = Image.fromarray(values.reshape(height, width, 3))
    mode = rng.choice(_MODES)
    grey = base.convert('L')
    picture = {
        'I;16': lambda: Image.new('I;16', base.size, 300),
        'PA': lambda: Image.new('PA', base.size),
        'I': lambda: grey.convert('I'),
        'F': lambda: grey.convert('F'),
    }.get(mode, lambda: base.convert(mode))()
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        exif = Image.Exif()
        exif[0x0112] = rng.choice([0, 1, 3, 6, 8, 9, 65535])
        options['exif'] = exif
    kind = rng.choice(_FORMATS)
    if kind in ('GIF', 'TIFF', 'WEBP') and rng.random() < 0.4:
        options |= dict(save_all=True, append_images=[picture])
    stream = io.BytesIO()
    try:
        picture.save(stream, kind, **options)
    except (OSError, ValueError, KeyError, TypeError):
        stream = io.BytesIO()  # this format has no such mode
        base.save(stream, 'PNG')
    return stream.getvalue()


def rebuild_npy(rng: random.Random, content: bytes) -> bytes:
    """Write a ``.npy`` of an array that is no mask, or nearly a mask."""
    stream = io.BytesIO()
    np.save(stream, strange_array(rng))
    return stream.getvalue()


def rebuild_npz(rng: random.Random, content: bytes) -> bytes:
    """Write a ``.npz`` of one such array, sometimes of none or two."""
    stream = io.BytesIO()
    arrays = [strange_array(rng) for _ in range(rng.choice((1, 1, 1, 0, 2)))]
    rng.choice((np.savez, np.savez_compressed))(stream, *arrays)
    return stream.getvalue()


def strange_array(rng: random.Random) -> npt.NDArray[Any]:
    """Make an array of random shape and dtype."""
    array = np.zeros(rng.choice(_SHAPES), rng.choice(_KINDS))
    if array.dtype.kind in 'uif' and array.size:
        array.flat[:: rng.choice((1, 2, 7))] = 1
    if array.dtype.kind == 'f' and array.size and rng.random() < 0.5:
        array.flat[0] = rng.choice((np.nan, np.inf, -1, 0.5))
    return array if rng.random() < 0.7 else np.asfortranarray(array)


def rebuild_pickle(rng: random.Random, content: bytes) -> bytes:
    """Replace values of pickled predictions by values of wrong types."""
    stored = pickle.loads(content)
    tensors = [
        torch.zeros(0),
        torch.ones(1, 48, 64),
        torch.zeros(2, 0, 64),
        torch.zeros(1, 48, 64, dtype=torch.bool),
        torch.zeros(1, 1, 1, dtype=torch.uint8).expand(1, 48, 64),
        torch.zeros(1, 2**13, 2**13, dtype=torch.uint8),
    ]
    values = [*_PLAIN, *tensors, np.float64(3), strange_array(rng)]
    for _ in range(rng.choice((1, 1, 2))):
        stored = _replaced(rng, stored, values)
    return pickle.dumps(stored, rng.randrange(6))


def rebuild_checkpoint(rng: random.Random, content: bytes) -> bytes:
    """Replace values of a PyTorch file by other values and tensors."""
    stored = torch.load(io.BytesIO(content), weights_only=True)
    if isinstance(stored, dict) and 'state_dict' in stored:
        stored['state_dict'] = dict(stored['state_dict'])
    index = torch.zeros(2, 1, dtype=torch.long)
    tensors = [
        torch.zeros(1).expand(10**5, 10**5),
        torch.sparse_coo_tensor(index, torch.ones(1), (10**5, 10**5)),
        torch.zeros(0),
        torch.tensor(1.0),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.bool),
        torch.full((2, 2), float('nan')),
        torch.zeros(3, 3, device='meta'),
    ]
    values = [*_PLAIN, *tensors]
    for _ in range(rng.choice((1, 1, 2))):
        stored = _replaced(rng, stored, values)
    if rng.random() < 0.1 and isinstance(stored, dict):
        stored[rng.choice((1, None, (1, 2), b'a'))] = rng.choice(values)
    stream = io.BytesIO()
    zipped = rng.random() < 0.7
    torch.save(stored, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def _replaced(rng: random.Random, content: Any, values: list[Any]) -> Any:
    """Replace, remove, wrap or rename one value of a content, in place."""
    if not isinstance(content, (dict, list)) or not content:
        return copy.deepcopy(rng.choice(values))
    holder, key = _any_place(rng, content)
    kind = rng.choice(('put', 'put', 'put', 'put', 'wrap', 'drop', 'rename'))
    if kind == 'wrap':
        holder[key] = [holder[key]]
    elif kind == 'drop':
        del holder[key]
    elif kind == 'rename' and isinstance(holder, dict):
        holder[f'{key}_'] = holder.pop(key)
    else:
        holder[key] = copy.deepcopy(rng.choice(values))
    return content


def _any_place(rng: random.Random, content: Any) -> tuple[Any, Any]:
    while True:
        places = content if isinstance(content, dict) else range(len(content))
        key = rng.choice(list(places))
        below = content[key]
        if not isinstance(below, (dict, list)) or not below:
            return content, key
        if rng.random() < 0.2:
            return content, key
        content = below
