"""Label maps: files with one whole number per pixel, kept exactly."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from segrefiner_mm.errors import InputError, about, reason_of
from segrefiner_mm.io.image_files.geotiff import (
    Georeference,
    encode_geotiff,
    georeference_of,
)
from segrefiner_mm.io.image_files.picture_source import Source, name_of
from segrefiner_mm.io.image_files.pictures import (
    mode_of,
    picture_to_array,
    read_picture,
)
from segrefiner_mm.io.image_files.webp import is_lossy_webp
from segrefiner_mm.io.numpy_files import NUMPY_SUFFIXES, read_array

TIFF_SUFFIXES = frozenset(['.tif', '.tiff'])
_SAMPLE_FORMAT, _UNSIGNED, _SIGNED = 339, 1, 2  # tag and values of TIFF
_LOSSY = frozenset(['JPEG', 'MPO'])
_LOSSY_TIFF = frozenset(['jpeg', 'tiff_jpeg', 'webp'])
_INT32 = np.iinfo(np.int32)


class LabelMap(NamedTuple):
    """A label map as read from its file.

    Attributes:
        labels (np.ndarray): (H, W) int32.
        palette (list[int], optional): Red, green and blue, 0 to 255, of label
            0, 1, ... in turn. Defaults to None: the file has no palette.
        georeference (Georeference, optional): Georeference of a GeoTIFF.
            Defaults to None: the file has none.
    """

    labels: npt.NDArray[np.int32]
    palette: list[int] | None = None
    georeference: Georeference | None = None


def read_label_map(path: str | Path) -> LabelMap:
    """Read a label map.

    Args:
        path (str | Path): An image file, grey or with a palette, of up to 32
            bits; or a NumPy file, (H, W), of whole numbers or booleans.

    Returns:
        LabelMap: Upright, with the numbers of the file.

    Raises:
        InputError: If the file cannot be read, is not a label map, has lossy
            compression, or has numbers that int32 cannot hold.
    """
    path = Path(path)
    if path.suffix.lower() in NUMPY_SUFFIXES:
        labels = read_array(path)
        if labels.ndim != 2 or labels.dtype.kind not in 'biu':
            raise InputError(
                f'{path} is not a label map, which is a 2-d array of whole '
                f'numbers: it is {labels.dtype} {labels.shape}'
            )
        return LabelMap(_exact(labels, path))
    picture = read_picture(path, one_page=True)
    check_lossless(picture, path)
    with about(path):
        labels = picture_to_array(picture, indices=True)
    if labels.ndim != 2 or labels.dtype.kind not in 'biu':
        raise InputError(
            f'{path} is not a label map, which has one whole number per '
            f'pixel: it is an image of mode {picture.mode}'
        )
    labels = _with_true_sign(labels, picture)
    palette, place = picture.getpalette(), georeference_of(picture)
    return LabelMap(_exact(labels, path), palette, place)


def check_lossless(picture: Image.Image, source: Source) -> None:
    """Reject a label map from a file with lossy compression.

    Args:
        picture (PIL.Image.Image): From :func:`read_picture`.
        source (str | Path | bytes): Its file, or the content of the file.

    Raises:
        InputError: If the compression is lossy, or the file can no longer be
            read.
    """
    if is_lossy(picture, source):
        raise InputError(
            f'{name_of(source)} is not a label map: lossy compression, such '
            'as JPEG, changes numbers, which creates labels that were never '
            'assigned; use the lossless image (.png) that it was made from'
        )


def is_lossy(picture: Image.Image, source: Source) -> bool:
    """Return whether the file of an image has lossy compression.

    Args:
        picture (PIL.Image.Image): From :func:`read_picture`.
        source (str | Path | bytes): Its file, or the content of the file.

    Returns:
        bool: True for JPEG, for lossy WebP, and for TIFF with JPEG or WebP
        inside.

    Raises:
        InputError: If the file can no longer be read.
    """
    if picture.format == 'WEBP':
        try:
            return is_lossy_webp(source)
        except OSError as error:
            raise InputError(
                f'cannot read {name_of(source)}: {reason_of(error)}'
            ) from error
    inside = picture.info.get('compression')
    return picture.format in _LOSSY or inside in _LOSSY_TIFF


def encode_label_map(path: Path, label_map: LabelMap) -> bytes:
    """Encode a label map as an image file.

    Args:
        path (Path): Name of the file: ``.tif`` or ``.tiff`` for numbers of 32
            bits; any other suffix gives a PNG, for numbers from 0 to 65,535.
            A GeoTIFF of numbers from 0 to 255 has 8 bits.
        label_map (LabelMap): The label map. A PNG of 8 bits keeps its
            palette, a TIFF its georeference.

    Returns:
        bytes: Content of the file.

    Raises:
        InputError: If the format cannot hold the numbers, or the
            georeference is damaged.
    """
    labels, palette, place = label_map
    low, high = int(labels.min()), int(labels.max())
    content = io.BytesIO()
    if path.suffix.lower() in TIFF_SUFFIXES and place:
        small = low >= 0 and high <= 255
        return encode_geotiff(labels.astype('u1' if small else 'i4'), place)
    if path.suffix.lower() in TIFF_SUFFIXES:
        picture = Image.fromarray(labels.astype(np.int32))
        picture.save(content, 'TIFF', compression='tiff_adobe_deflate')
        return content.getvalue()
    if low < 0 or high > 65535:
        raise InputError(
            f'{path} cannot hold labels from {low} to {high}: .png is for 0 '
            'to 65535; write a .tif, which has 32 bits'
        )
    picture = Image.fromarray(labels.astype('u2' if high > 255 else 'u1'))
    if palette and high <= 255:
        # With fewer colours Pillow would store fewer bits per pixel.
        picture.putpalette((palette + [0] * 768)[:768])
    picture.save(content, 'PNG')
    return content.getvalue()


def has_32_bits(path: Path) -> bool:
    """Return whether a file is a TIFF that Pillow reads as 32-bit numbers.

    Args:
        path (Path): The file, of which only the header is read.

    Returns:
        bool: False also if the file cannot be read.
    """
    if path.suffix.lower() not in TIFF_SUFFIXES:
        return False
    try:
        return mode_of(path) == 'I'
    except InputError:
        return False  # reported when it is read


def _with_true_sign(
    labels: npt.NDArray[Any], picture: Image.Image
) -> npt.NDArray[Any]:
    """Correct Pillow: it reads 8-bit TIFF as unsigned and 32-bit as signed."""
    tags = getattr(picture, 'tag_v2', None)
    if tags is None:
        return labels
    [sign] = set(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,)))
    types = {_UNSIGNED: (np.int32, np.uint32), _SIGNED: (np.uint8, np.int8)}
    if sign not in types:
        return labels
    taken, true = types[sign]
    return labels.view(true) if labels.dtype == taken else labels


def _exact(labels: npt.NDArray[Any], path: Path) -> npt.NDArray[np.int32]:
    low, high = int(labels.min()), int(labels.max())
    if low < _INT32.min or high > _INT32.max:
        raise InputError(
            f'{path} has labels from {low} to {high}; 32 bits hold '
            f'{_INT32.min} to {_INT32.max}'
        )
    return labels.astype(np.int32)
