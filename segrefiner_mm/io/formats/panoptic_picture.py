"""PNG files of COCO panoptic, whose colours are the ids of segments."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.pictures import (
    picture_to_array,
    read_picture,
)
from segrefiner_mm.io.images import encode_picture
from segrefiner_mm.io.json_files.numbers import whole_number
from segrefiner_mm.io.label_maps import check_lossless
from segrefiner_mm.io.rle import colours_to_ids


def read_segment_ids(path: Path) -> npt.NDArray[np.int32]:
    """Read the ids of the segments of an image.

    Args:
        path (Path): PNG file.

    Returns:
        np.ndarray: (H, W) int32, 0 to 2^24 - 1.

    Raises:
        InputError: If the file cannot be read, has several pages or lossy
            compression (see :func:`is_lossy`), or is grey.
    """
    picture = read_picture(path, one_page=True)
    check_lossless(picture, path)
    colours = picture_to_array(picture)
    if colours.ndim != 3:
        raise InputError(f'{path} is not a panoptic image: it is grey')
    return colours_to_ids(colours)


def encode_segment_ids(path: Path, ids: npt.NDArray[Any]) -> bytes:
    """Encode the ids of the segments of an image.

    Args:
        path (Path): Name of the PNG file.
        ids (np.ndarray): (H, W) integers, 0 to 2**24 - 1.

    Returns:
        bytes: Content of the file.

    Raises:
        InputError: If the format cannot hold so many pixels.
    """
    red, green, blue = (ids >> shift & 255 for shift in (0, 8, 16))
    picture = np.stack([blue, green, red], axis=2).astype(np.uint8)
    return encode_picture(path, picture)


def update_segments(
    segments: list[dict[str, Any]], ids: npt.NDArray[Any]
) -> None:
    """Update areas and boxes of segments in place, where present.

    Args:
        segments (list[dict]): As in the JSON.
        ids (np.ndarray): (H, W) integers, the ids of the segments.
    """
    for segment in segments:
        mask = (ids == whole_number(segment['id'])).astype(np.uint8)
        if 'area' in segment:
            segment['area'] = cv2.countNonZero(mask)
        if 'bbox' in segment:
            segment['bbox'] = list(cv2.boundingRect(mask))
