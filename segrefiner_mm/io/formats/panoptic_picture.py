"""PNG files of COCO panoptic, whose colours are the ids of segments."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.pictures import (
    picture_to_array,
    read_picture,
)
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
