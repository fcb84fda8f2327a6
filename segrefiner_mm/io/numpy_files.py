"""Arrays from ``.npy`` and ``.npz`` files, without unpickling."""

from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.limits import check_pixels

NUMPY_SUFFIXES = frozenset(['.npy', '.npz'])
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_array(path: str | Path) -> npt.NDArray[Any]:
    """Read the array of a NumPy file.

    Args:
        path (str | Path): A ``.npy``, or a ``.npz`` with one array.

    Returns:
        np.ndarray: (H, W) or (N, H, W) of booleans or real numbers.

    Raises:
        InputError: If it is missing, damaged, too large, or holds objects or
            several arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f'no such file: {path}')
    try:
        if path.suffix.lower() != '.npz':
            with path.open('rb') as file:
                return _read(file, path)
        with ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                listed = ', '.join(n.removesuffix('.npy') for n in names[:5])
                raise InputError(
                    f'{path} must hold one array, it has {len(names)} '
                    f'({listed})'
                )
            with archive.open(names[0]) as file:
                return _read(file, path)
    except InputError:
        raise
    except Exception as error:  # damaged archives and headers raise anything
        raise InputError(f'cannot read {path}: {reason_of(error)}') from None


def _read(file: IO[bytes], path: Path) -> npt.NDArray[Any]:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise InputError(f'cannot read {path}: unknown version {version}')
    shape, by_columns, dtype = _HEADERS[version](file)
    if dtype.kind not in 'biuf':
        raise InputError(f'{path} does not hold numbers but {dtype}')
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise InputError(f'{path} must be (H, W) or (N, H, W), got {shape}')
    # A stack counts as one image, as it is held in memory as a whole.
    check_pixels(prod(shape[:-1]), shape[-1], str(path))
    content = file.read(prod(shape) * dtype.itemsize)
    if len(content) < prod(shape) * dtype.itemsize:
        raise InputError(f'cannot read {path}: its end is missing')
    array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).T if by_columns else array.reshape(shape)
