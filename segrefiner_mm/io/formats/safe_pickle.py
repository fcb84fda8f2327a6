"""Reading of pickled predictions without running code from the pickle."""

import io
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.pickled_arrays import NUMPY_NAMES
from segrefiner_mm.io.json_files.json_file import shown

# Types in the dumps of mmdet and mmengine, beside plain Python values.
_PLAIN = {
    ('collections', 'OrderedDict'),
    ('torch', 'device'),
    ('torch', 'Size'),
}


class _Unpickler(pickle.Unpickler):
    """Unpickler that accepts a short list of names and rejects all others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        own = _OWN.get((module, name)) or NUMPY_NAMES.get((module, name))
        if own is None:
            raise pickle.UnpicklingError(f'it refers to {module}.{name}')
        return own


class _Nowhere:
    """A file that discards its content."""

    def write(self, content: bytes) -> int:
        return len(content)


def _encode(text: str, codec: str) -> bytes:
    """Return bytes that old protocols store as text; reject other codecs."""
    if codec != 'latin1':
        raise pickle.UnpicklingError(f'it holds a text in {shown(codec)}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """Return empty bytes, for which old protocols store a call."""
    return b''


def _storage(content: bytes) -> Any:
    """Load the values of a tensor without unpickling other objects."""
    try:
        storage = torch.load(
            io.BytesIO(content), map_location='cpu', weights_only=True
        )
    except Exception:  # a broken file may raise anything
        storage = None
    if not isinstance(storage, torch.storage.TypedStorage):
        raise pickle.UnpicklingError('it holds a tensor without its values')
    return storage


def _tensor(
    storage: Any,
    offset: Any,
    size: Sequence[int],
    stride: Sequence[int],
    *others: Any,
) -> Tensor:
    """Build a tensor; reject one that is larger than its storage."""
    if not isinstance(storage, torch.storage.TypedStorage):
        raise pickle.UnpicklingError('it holds a tensor without its values')
    numbers = [offset, *size, *stride]
    if len(size) != len(stride) or not all(
        type(number) is int and number >= 0 for number in numbers
    ):
        raise pickle.UnpicklingError('it holds a tensor of an invalid shape')
    last = offset + sum(
        (side - 1) * step for side, step in zip(size, stride, strict=True)
    )
    count = math.prod(size)
    if count and (last >= storage._size() or count > storage._size()):
        raise pickle.UnpicklingError(
            'it holds a tensor that is larger than its values'
        )
    values = torch.empty(0, dtype=storage.dtype)
    return values.set_(storage._untyped_storage, offset, size, stride)


_OWN = {
    ('_codecs', 'encode'): _encode,
    ('__builtin__', 'bytes'): _no_bytes,
    ('builtins', 'bytes'): _no_bytes,
    ('torch.storage', '_load_from_bytes'): _storage,
    ('torch._utils', '_rebuild_tensor_v2'): _tensor,
}


def load_pickle(path: Path) -> Any:
    """Read a pickle of plain values, arrays and tensors.

    Args:
        path (Path): File to read.

    Returns:
        object: Its content, which can be pickled again.

    Raises:
        InputError: If the file cannot be read, is not a pickle, or refers to
            any other type.
    """
    try:
        with path.open('rb') as file:
            content = _Unpickler(file).load()
        # Content nested too deeply would otherwise fail when it is written.
        pickle.Pickler(_Nowhere()).dump(content)
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror}') from error
    except RecursionError:
        raise InputError(
            f'{path} is not a pickle of predictions: it is nested too deeply'
        ) from None
    except Exception as error:  # a broken pickle may raise anything
        reason = str(error)[:200].partition('\n')[0]
        raise InputError(
            f'{path} is not a pickle of predictions: {reason}'
        ) from None
    return content
