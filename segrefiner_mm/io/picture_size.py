"""The size of a picture, before any of its pixels is decoded."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.limits import check_pixels

Size = tuple[int, int]
# Those of an image that is stored on its side (Exif 2.3, table 6).
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
# Some formats start other programs when they are read: these do not.
FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')


class PictureSize(NamedTuple):
    """Sizes of a photograph, height and width.

    Attributes:
        upright (tuple[int, int]): As it is looked at.
        stored (tuple[int, int]): As its pixels are stored.
    """

    upright: Size
    stored: Size


def picture_size(path: Path) -> PictureSize:
    """Read the size of a picture.

    Args:
        path (Path): Its file.

    Returns:
        PictureSize: Before and after the turn that its EXIF data ask for.

    Raises:
        InputError: If it is no picture, or has too many pixels.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    except UnidentifiedImageError:
        raise InputError(f'not a picture that can be read: {path}') from None
    except Image.DecompressionBombError:
        raise InputError(
            f'{path} has too many pixels: --max-pixels allows more'
        ) from None
    except Exception as error:  # Pillow's readers raise anything
        raise InputError(f'cannot read {path}: {error}') from None
    check_pixels(height, width, str(path))
    upright = (width, height) if turned else (height, width)
    return PictureSize(upright, (height, width))
