"""Soft maps as files: probabilities as integers or as floats."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import encode_picture

Floats = npt.NDArray[np.float32]
# Suffix of the file of a soft map, by the type of its values.
SUFFIXES = {'uint8': '.png', 'uint16': '.png', 'float32': '.npy'}


def check_soft_type(kind: str) -> str:
    """Reject an unknown value type of soft maps.

    Args:
        kind (str): ``'uint8'``, ``'uint16'`` or ``'float32'``.

    Returns:
        str: The type, unchanged.

    Raises:
        InputError: If the type is none of these.
    """
    if kind not in SUFFIXES:
        raise InputError(
            f'soft maps must be {", ".join(SUFFIXES)}, got {kind!r}'
        )
    return kind


def quantised(values: Floats, kind: str) -> npt.NDArray[Any]:
    """Convert probabilities to the type in which they are stored.

    Integers are ``floor(p * top + 1 / 2)``, where ``top`` is the highest
    value of the type, which is odd. Therefore 0.5 or more becomes 128 or more
    (32,768 with 16 bits), and less than 0.5 becomes less than 128: the mask
    is ``value >= 128``.

    Args:
        values (np.ndarray): Any shape, float32, 0 to 1.
        kind (str): ``'uint8'``, ``'uint16'`` or ``'float32'``.

    Returns:
        np.ndarray: The values in the dtype ``kind`` and the shape of
        ``values``.
    """
    if kind == 'float32':
        return values
    top = np.iinfo(kind).max
    # In float32, the value just below 0.5 would round up to 0.5.
    return np.floor(values.astype(np.float64) * top + 0.5).astype(kind)


def encode_soft(path: Path, values: Floats, kind: str) -> bytes:
    """Encode the soft map of a mask.

    Args:
        path (Path): Name of the file, with the suffix that ``SUFFIXES`` gives
            for ``kind``.
        values (np.ndarray): (H, W) float32, 0 to 1.
        kind (str): See :func:`quantised`.

    Returns:
        bytes: Content of the file: a grey PNG, or a ``.npy``.

    Raises:
        InputError: If the format cannot hold the map.
    """
    numbers = quantised(values, kind)
    if kind != 'float32':
        return encode_picture(path, numbers)
    content = io.BytesIO()
    np.save(content, numbers)
    return content.getvalue()


def encode_label_probs(labels: list[int], numbers: npt.NDArray[Any]) -> bytes:
    """Encode the probabilities of the labels of a label map.

    Args:
        labels (list[int]): The C labels, each within int32.
        numbers (np.ndarray): (C, H, W), a plane per label; the dtypes and
            ranges are those of :func:`quantised`.

    Returns:
        bytes: Content of an ``.npz`` with ``labels``, (C,) int32, and
        ``probs``, which is ``numbers``.
    """
    content = io.BytesIO()
    named = np.array(labels, np.int32)
    np.savez_compressed(content, labels=named, probs=numbers)
    return content.getvalue()
