"""Rotation of images with an EXIF orientation tag."""

from typing import Any

import numpy.typing as npt
from PIL import Image, ImageOps

ORIENTATION = 0x0112  # EXIF tag
ON_ITS_SIDE = (5, 6, 7, 8)
KEEPS_SIZE = (2, 3, 4)
INVERSE = {5: 5, 6: 8, 7: 7, 8: 6}  # of ON_ITS_SIDE

Size = tuple[int, int]


def upright(picture: Image.Image, size: Size | None = None) -> Image.Image:
    """Rotate an image as its EXIF orientation tag says.

    Args:
        picture (PIL.Image.Image): As stored.
        size (tuple[int, int], optional): Expected height and width. If only
            the stored orientation has this size, the image is not rotated.
            Defaults to None.

    Returns:
        PIL.Image.Image: A rotated copy without the tag, or the image itself
        if it is not rotated.
    """
    turned = ImageOps.exif_transpose(picture)
    shown = shows_turned(picture.size[::-1], turned.size[::-1], size)
    return turned if shown else picture


def shows_turned(stored: Size, turned: Size, size: Size | None) -> bool:
    """Decide whether an image with an EXIF orientation tag is rotated.

    Args:
        stored (tuple[int, int]): Height and width of the stored pixels.
        turned (tuple[int, int]): Height and width after the rotation.
        size (tuple[int, int], optional): Expected height and width; None if
            any size will do.

    Returns:
        bool: True unless only the stored orientation has the expected size.
    """
    return size is None or turned == size or stored != size


def turned_by(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Rotate or flip an array by an EXIF orientation, as Pillow does.

    Args:
        array (np.ndarray): (H, W) or (H, W, C), as stored.
        orientation (int): 1 to 8; any other value changes nothing.

    Returns:
        np.ndarray: A view of the array, upright.
    """
    if orientation in ON_ITS_SIDE:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
