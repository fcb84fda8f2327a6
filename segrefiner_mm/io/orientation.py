"""The rule for photographs whose EXIF data ask for a rotation."""

from typing import Any

import numpy.typing as npt
from PIL import Image, ImageOps

ORIENTATION = 0x0112  # tag of EXIF
ON_ITS_SIDE = (5, 6, 7, 8)
INVERSE = {5: 5, 6: 8, 7: 7, 8: 6}  # of those

Size = tuple[int, int]


def upright(picture: Image.Image, size: Size | None = None) -> Image.Image:
    """A picture as a viewer shows it: turned as its EXIF data say.

    Args:
        picture (PIL.Image.Image): As stored.
        size (tuple[int, int], optional): Height and width that are asked for:
            where only the stored orientation has them, it is not turned.
            Defaults to None.

    Returns:
        PIL.Image.Image: Without a note to turn it again.
    """
    turned = ImageOps.exif_transpose(picture)
    shown = shows_turned(picture.size[::-1], turned.size[::-1], size)
    return turned if shown else picture


def shows_turned(stored: Size, turned: Size, size: Size | None) -> bool:
    """The one rule for photographs whose EXIF data ask for a rotation.

    Args:
        stored (tuple[int, int]): Height and width of the stored pixels.
        turned (tuple[int, int]): The same after the rotation.
        size (tuple[int, int], optional): The size that is asked for.

    Returns:
        bool: Whether to rotate: always, unless only the stored orientation
        has the size.
    """
    return size is None or turned == size or stored != size


def turned_by(array: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Rotate or flip as Pillow does by an EXIF orientation.

    Args:
        array (np.ndarray): (H, W) or (H, W, C), as stored.
        orientation (int): 1 to 8.

    Returns:
        np.ndarray: A view of the array.
    """
    if orientation in ON_ITS_SIDE:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
