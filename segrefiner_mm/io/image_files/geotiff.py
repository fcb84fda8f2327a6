"""The georeference of a GeoTIFF, copied tag by tag (OGC 19-008r4)."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.image_files.pictures import opened

# Scale, tie points and transformation; keys, and their numbers and texts;
# GDAL's metadata and its value for no data.
TAGS = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
_PLACES = frozenset([33550, 33922, 34264, 34735])
_SUFFIXES = frozenset(['.tif', '.tiff'])

# Type and value of every tag, as the file has them.
Georeference = dict[int, tuple[int, Any]]


def georeference_of(picture: Image.Image) -> Georeference | None:
    """Read the georeference of an image.

    Args:
        picture (PIL.Image.Image): An image file that Pillow has opened.

    Returns:
        dict | None: TIFF type and value of every tag, by tag number; None if
        the image has no georeference.
    """
    tags = getattr(picture, 'tag_v2', None)
    if tags is None or not _PLACES & {*tags}:
        return None
    return {
        tag: (tags.tagtype[tag], tags[tag])
        for tag in TAGS
        if tag in tags and tag in tags.tagtype
    }


def file_georeference(path: str | Path) -> Georeference | None:
    """Read the georeference of a file, from its header alone.

    Args:
        path (str | Path): The file.

    Returns:
        dict | None: See :func:`georeference_of`; None also if the suffix is
        not that of a TIFF, or the file cannot be read.
    """
    if Path(path).suffix.lower() not in _SUFFIXES:
        return None
    try:
        with opened(path) as picture:
            return georeference_of(picture)
    except InputError:
        return None  # reported when it is read


def encode_geotiff(array: npt.NDArray[Any], place: Georeference) -> bytes:
    """Encode a mask or a label map with its georeference.

    Args:
        array (np.ndarray): (H, W) uint8 or int32.
        place (dict): From :func:`georeference_of`.

    Returns:
        bytes: Content of a lossless TIFF.

    Raises:
        InputError: If a tag is damaged, so that it cannot be written.
    """
    content = io.BytesIO()
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, (kind, value) in place.items():
            tags.tagtype[tag] = kind
            tags[tag] = value
        Image.fromarray(np.ascontiguousarray(array)).save(
            content, 'TIFF', compression='tiff_adobe_deflate', tiffinfo=tags
        )
    except Exception as error:  # encoders of damaged values raise anything
        raise InputError(
            f'its georeference cannot be written: {reason_of(error)}'
        ) from None
    return content.getvalue()
