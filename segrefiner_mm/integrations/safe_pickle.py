"""Pickles of predictions, read without running anybody's code."""

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from segrefiner_mm.errors import InputError

# What mmdet's and mmengine's dumps consist of, beside plain Python values.
_ALLOWED = {
    'collections': {'OrderedDict'},
    'torch._utils': {'_rebuild_tensor_v2'},
    'torch': {'device', 'Size'},
    'numpy': {'dtype', 'ndarray'},
    'numpy.core.multiarray': {'_reconstruct', 'scalar'},
    'numpy._core.multiarray': {'_reconstruct', 'scalar'},
    'numpy._core.numeric': {'_frombuffer'},
    'numpy.core.numeric': {'_frombuffer'},
    '_codecs': {'encode'},
}


class _Unpickler(pickle.Unpickler):
    """Knows a short list of names and refuses all others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ('torch.storage', '_load_from_bytes'):
            return _storage
        if name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'it refers to {module}.{name}')


def _storage(content: bytes) -> Any:
    """Values of a tensor; by default torch would unpickle anything here."""
    return torch.load(io.BytesIO(content), weights_only=True)


def load_pickle(path: Path) -> Any:
    """Read a pickle of plain values, arrays and tensors.

    Args:
        path (Path): File to read.

    Returns:
        object: What it holds.

    Raises:
        InputError: If it cannot be read or refers to anything else.
    """
    try:
        with path.open('rb') as file:
            return _Unpickler(file).load()
    except OSError as error:
        raise InputError(f'cannot read {path}: {error.strerror}') from error
    except Exception as error:  # a broken pickle may raise anything
        raise InputError(
            f'{path} is not a pickle of predictions: {error}'
        ) from None
