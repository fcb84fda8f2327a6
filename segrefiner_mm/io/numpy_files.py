"""Arrays from ``.npy`` and ``.npz`` files, without unpickling."""

import io
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.image_files.picture_source import Source
from segrefiner_mm.io.limits import check_pixels

NUMPY_SUFFIXES = frozenset(['.npy', '.npz'])
_NPY, _ZIP = b'\x93NUMPY', b'PK\x03\x04'
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def is_array_file(source: Source) -> bool:
    """Return whether a file is one of NumPy's, by suffix or first bytes.

    Args:
        source (str | Path | bytes): A path, or the content of a file.

    Returns:
        bool: True for a ``.npy`` or ``.npz``, which :func:`read_array` reads.
    """
    if isinstance(source, bytes):
        return source.startswith((_NPY, _ZIP))
    return Path(source).suffix.lower() in NUMPY_SUFFIXES


def read_array(source: Source) -> npt.NDArray[Any]:
    """Read the array of a NumPy file.

    Args:
        source (str | Path | bytes): Path of a ``.npy``, or of a ``.npz`` with
            one array; or the content of one of these files.

    Returns:
        np.ndarray: (H, W) or (N, H, W), read-only, in the dtype of the file:
        bool, integer or floating-point.

    Raises:
        InputError: If the file is missing, damaged or too large, contains
            several arrays, or an array of another shape or dtype.
    """
    if isinstance(source, bytes):
        name, zipped = 'the array', source.startswith(_ZIP)
    else:
        name = str(source)
        zipped = Path(source).suffix.lower() == '.npz'
        if not Path(source).is_file():
            raise InputError(f'no such file: {name}')
    try:
        with _opened(source) as file:
            if not zipped:
                return _read(file, name)
            with ZipFile(file) as archive, _only_one(archive, name) as inner:
                return _read(inner, name)
    except InputError:
        raise
    except Exception as error:  # damaged archives and headers raise anything
        raise InputError(f'cannot read {name}: {reason_of(error)}') from None


def _opened(source: Source) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return Path(source).open('rb')


def _only_one(archive: ZipFile, name: str) -> IO[bytes]:
    names = archive.namelist()
    if len(names) != 1:
        listed = ', '.join(n.removesuffix('.npy') for n in names[:5])
        raise InputError(
            f'{name} must hold one array, it has {len(names)} ({listed})'
        )
    return archive.open(names[0])


def _read(file: IO[bytes], path: str) -> npt.NDArray[Any]:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise InputError(f'cannot read {path}: unknown version {version}')
    shape, by_columns, dtype = _HEADERS[version](file)
    if dtype.kind not in 'biuf':
        raise InputError(f'{path} does not hold numbers but {dtype}')
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise InputError(f'{path} must be (H, W) or (N, H, W), got {shape}')
    # A stack counts as one image, as it is held in memory as a whole.
    check_pixels(prod(shape[:-1]), shape[-1], path)
    content = file.read(prod(shape) * dtype.itemsize)
    if len(content) < prod(shape) * dtype.itemsize:
        raise InputError(f'cannot read {path}: its end is missing')
    array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).T if by_columns else array.reshape(shape)
