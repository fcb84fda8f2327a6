"""NumPy arrays of plain numbers from a pickle.

A pickle may pass any state to ``numpy.dtype.__setstate__``, including one that
makes NumPy treat numbers as addresses of objects. Therefore stand-ins receive
the states, and data types and arrays of NumPy are created only after their
states have been checked.
"""

import math
import pickle
from typing import Any

import numpy as np

# Kinds of data types whose values hold no addresses: bool, integers, floats,
# complex numbers, bytes and text.
_KINDS = 'biufcSU'


class _DType:
    """Stand-in for a data type until its state is known.

    Args:
        name (str): Name of the type, such as ``'f8'``.
        *flags (object): Further arguments in the pickle; not used.
    """

    def __init__(self, name: Any, *flags: Any) -> None:
        if not isinstance(name, str) or len(name) > 16:
            raise pickle.UnpicklingError(
                'it holds an array of a type that is not plain'
            )
        try:
            self.dtype = np.dtype(name)
        except (TypeError, ValueError):
            self.dtype = np.dtype('O')
        if self.dtype.kind not in _KINDS or self.dtype.fields:
            raise pickle.UnpicklingError(
                f'it holds an array of {name!r}, not of plain numbers'
            )

    def __setstate__(self, state: Any) -> None:
        """Apply the byte order; reject a state with anything else."""
        plain = (
            isinstance(state, tuple)
            and len(state) == 8
            and state[1] in ('<', '>', '|', '=')
            and all(part is None for part in state[2:5])
            and state[5] in (-1, self.dtype.itemsize)
            and state[7] == self.dtype.flags
        )
        if not plain:
            raise pickle.UnpicklingError('it holds a type with parts in it')
        if state[1] in '<>':
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray[Any, np.dtype[Any]]):
    """An array that checks its state, and is pickled as a plain array."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_column, content = state
        checked = _checked(shape, dtype, content)
        known: Any = (1, shape, checked, bool(by_column), content)
        super().__setstate__(known)

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.view(np.ndarray).__reduce_ex__(protocol)

    def __array_finalize__(self, other: Any) -> None:
        pass


class _ArrayName:
    """Stand-in for the array class, which a pickle may name but not call."""

    def __init__(self, *args: Any) -> None:
        raise pickle.UnpicklingError('it makes an array without values')


def _checked(shape: Any, dtype: Any, content: Any) -> np.dtype[Any]:
    """Return the data type if shape and content fit it; else raise."""
    valid = (
        isinstance(dtype, _DType)
        and isinstance(shape, tuple)
        and len(shape) <= 32
        and all(type(side) is int and side >= 0 for side in shape)
        and isinstance(content, (bytes, bytearray, pickle.PickleBuffer))
    )
    if not valid:
        raise pickle.UnpicklingError(
            'it holds an array that is not of plain values'
        )
    given = memoryview(content).nbytes
    if math.prod(shape) * dtype.dtype.itemsize != given:
        raise pickle.UnpicklingError(
            f'it holds an array of shape {shape} in {given} bytes'
        )
    return dtype.dtype


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    """Return an empty array, whose state follows in the pickle."""
    if kind is not _ArrayName:
        raise pickle.UnpicklingError('it holds an array of another class')
    return np.ndarray.__new__(_Array, (0,), np.int8)


def _frombuffer(content: Any, dtype: Any, shape: Any, order: Any) -> Any:
    checked = _checked(shape, dtype, content)
    if order not in ('C', 'F'):
        raise pickle.UnpicklingError('it holds an array of unknown order')
    array = np.frombuffer(content, checked).reshape(shape, order=order)
    return array.copy(order=order).view(np.ndarray)


def _scalar(dtype: Any, content: Any) -> Any:
    checked = _checked((), dtype, content)
    return np.frombuffer(content, checked)[0]


NUMPY_NAMES: dict[tuple[str, str], Any] = {
    ('numpy', 'dtype'): _DType,
    ('numpy', 'ndarray'): _ArrayName,
    ('numpy.core.multiarray', '_reconstruct'): _reconstruct,
    ('numpy._core.multiarray', '_reconstruct'): _reconstruct,
    ('numpy.core.multiarray', 'scalar'): _scalar,
    ('numpy._core.multiarray', 'scalar'): _scalar,
    ('numpy.core.numeric', '_frombuffer'): _frombuffer,
    ('numpy._core.numeric', '_frombuffer'): _frombuffer,
}
