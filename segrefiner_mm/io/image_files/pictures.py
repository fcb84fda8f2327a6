"""The reader of image files, limited to known formats and allowed sizes."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from segrefiner_mm.errors import InputError, about, reason_of
from segrefiner_mm.io.image_files.orientation import (
    INVERSE,
    KEEPS_SIZE,
    ON_ITS_SIDE,
    Size,
    shows_turned,
    turned_by,
    upright,
)
from segrefiner_mm.io.image_files.picture_source import Source, name_of
from segrefiner_mm.io.image_files.stored_exif import orientation_of
from segrefiner_mm.io.limits import check_pixels

# Pillow reads more formats; some of them start other programs (EPS).
FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')
_opening = threading.Lock()


class PictureSize(NamedTuple):
    """Size of an image, upright and as stored.

    Attributes:
        upright (tuple[int, int]): Height and width of the upright image.
        stored (tuple[int, int]): Height and width of the stored pixels.
        alike (bool): Whether the EXIF data rotate or mirror the image without
            a change of its size, so that the size does not show in which
            orientation masks were drawn. Defaults to False.
    """

    upright: Size
    stored: Size
    alike: bool = False


def read_picture(path: Source, one_page: bool = False) -> Image.Image:
    """Decode an image file completely.

    Args:
        path (str | Path | bytes): File to read, or its content: BMP, GIF,
            JPEG, PNG, PPM, TIFF or WebP. The content decides, not the name.
        one_page (bool): Whether a second page is an error, as for masks; if
            not, the first page is read. Defaults to False.

    Returns:
        PIL.Image.Image: The image as stored, before any EXIF rotation.

    Raises:
        InputError: If the file is missing, damaged, too large, not an image,
            or has several pages and ``one_page`` is set; or for 16 bits per
            colour, which Pillow would reduce to 8.
    """
    with opened(path) as picture:
        if one_page and _has_second_page(picture):
            raise InputError(
                f'{name_of(path)} has several pages, and only one would be '
                'read: save each as a file of its own'
            )
        if _is_deep_colour(picture):
            raise InputError(
                f'{name_of(path)} has 16 bits per colour, of which 8 would be '
                'lost: save it with one channel, or with 8 bits'
            )
        picture.load()
        picture.getexif()  # damaged EXIF data must raise here
        return picture


def mode_of(path: str | Path) -> str:
    """Return Pillow's mode of an image file, from its header alone.

    Args:
        path (str | Path): See :func:`read_picture`.

    Returns:
        str: The mode, such as ``'RGB'``.

    Raises:
        InputError: See :func:`opened`.
    """
    with opened(path) as picture:
        return picture.mode


def stored_size(path: str | Path) -> Size:
    """Return the size of the stored pixels of a file, from its header alone.

    Args:
        path (str | Path): See :func:`read_picture`.

    Returns:
        tuple[int, int]: Height and width in pixels.

    Raises:
        InputError: See :func:`opened`.
    """
    with opened(path) as picture:
        return picture.height, picture.width


def picture_size(path: Source) -> PictureSize:
    """Return the size of an image file, from its header and its EXIF data.

    Args:
        path (str | Path | bytes): See :func:`read_picture`.

    Returns:
        PictureSize: Upright size and stored size.

    Raises:
        InputError: If the file is missing, too large, not an image, or its
            header or its EXIF data are damaged.
    """
    with opened(path) as picture:
        width, height = picture.size
        orientation = orientation_of(picture)
    stored = height, width
    upright_size = stored[::-1] if orientation in ON_ITS_SIDE else stored
    turned = orientation in ON_ITS_SIDE or orientation in KEEPS_SIZE
    return PictureSize(upright_size, stored, turned and upright_size == stored)


def read_deep_colour(
    path: Source, size: Size | None = None
) -> npt.NDArray[np.uint16] | None:
    """Decode an image file if it is a 16-bit colour image.

    Args:
        path (str | Path | bytes): See :func:`read_picture`.
        size (tuple[int, int], optional): See :func:`upright`. Defaults to
            None.

    Returns:
        np.ndarray | None: (H, W, 3) BGR or (H, W, 4) BGRA, uint16, rotated
        as by :func:`upright`; None for an image of any other kind.

    Raises:
        InputError: If the file is missing, damaged, too large or no image.
    """
    with opened(path) as picture:
        if not _is_deep_colour(picture):
            return None
        stored = picture.size[::-1]
        orientation = orientation_of(picture) or 1
    data = path if isinstance(path, bytes) else Path(path).read_bytes()
    content = np.frombuffer(data, np.uint8)
    try:
        array = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        array = None
    if array is None or array.dtype != np.uint16 or array.shape[:2] != stored:
        raise InputError(
            f'cannot read {name_of(path)}: its 16 bits per colour are '
            'damaged, or stored in a way that is not known'
        )
    turned = turned_by(array, orientation)
    height, width = turned.shape[:2]
    return turned if shows_turned(stored, (height, width), size) else array


def turned_back(
    array: npt.NDArray[Any], path: str | Path, size: Size
) -> npt.NDArray[Any]:
    """Undo the rotation of an image if only its stored orientation fits.

    This applies the rule of :func:`upright` to an image that another reader
    has already rotated.

    Args:
        array (np.ndarray): (H, W) or (H, W, C), upright.
        path (str | Path): Its file; without a file, nothing is undone.
        size (tuple[int, int]): Expected height and width.

    Returns:
        np.ndarray: A view of the array in the stored orientation, or the
        array itself.

    Raises:
        InputError: If the file is damaged, too large, or not an image.
    """
    shown = array.shape[:2]
    if shown == size or shown != size[::-1] or not Path(path).is_file():
        return array
    with opened(path) as picture:
        stored = picture.size[::-1]
        orientation = orientation_of(picture) or 1
    if orientation not in ON_ITS_SIDE or stored != size:
        return array
    return turned_by(array, INVERSE[orientation])


def picture_to_array(
    picture: Image.Image, indices: bool = False
) -> npt.NDArray[Any]:
    """Return the pixel values of a mask or label map, upright.

    Args:
        picture (PIL.Image.Image): An image of any mode.
        indices (bool): Whether to return the indices of any palette, as for
            a label map. If not, a palette of greys gives the greys, and only
            a coloured one gives indices. Defaults to False.

    Returns:
        np.ndarray: (H, W), or (H, W, 3) RGB for a colour image, in the depth
        of the image: bool, uint8, uint16, int32 or float32.

    Raises:
        InputError: If its alpha channel is not constant.
    """
    picture = upright(picture)
    if 'A' in picture.getbands():
        darkest, brightest = picture.getchannel('A').getextrema()
        if darkest != brightest:
            raise InputError(
                'a mask image must not be partly transparent: save the mask '
                'as one grey channel'
            )
    if picture.mode == 'P' and not indices:
        colours = np.asarray(picture.convert('RGB'))
        if np.all(colours == colours[..., :1]):
            return colours[..., 0]
    if picture.mode not in ('1', 'L', 'P') and picture.mode[:1] not in 'IF':
        picture = picture.convert('RGB')
    return np.asarray(picture)


@contextmanager
def opened(path: Source) -> Iterator[Image.Image]:
    """Open an image of allowed size, without decoding it.

    Args:
        path (str | Path | bytes): See :func:`read_picture`.

    Yields:
        PIL.Image.Image: The image, of which only the header is read.

    Raises:
        InputError: If the file is missing, damaged, too large, or not an
            image. Any error in the block is also raised as InputError, as
            decoders of damaged files raise anything.
    """
    name = name_of(path)
    if not isinstance(path, bytes) and not Path(path).is_file():
        raise InputError(f'no such file: {path}')
    try:
        with _open(path) as picture, about(name):
            check_pixels(picture.height, picture.width, name)
            yield picture
    except UnidentifiedImageError:
        raise InputError(
            f'not an image that can be read: {name} (BMP, GIF, JPEG, PNG, '
            'PPM, TIFF and WebP can be)'
        ) from None
    except InputError:
        raise
    except Exception as error:  # decoders of damaged files raise anything
        raise InputError(f'cannot read {name}: {reason_of(error)}') from None


def _open(path: Source) -> Image.Image:
    # Pillow's limit is global and fixed; ours, checked next, is adjustable.
    with _opening:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            file = io.BytesIO(path) if isinstance(path, bytes) else path
            return Image.open(file, formats=FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _has_second_page(picture: Image.Image) -> bool:
    try:
        picture.seek(1)
    except EOFError:
        return False
    finally:
        picture.seek(0)
    return True


def _is_deep_colour(picture: Image.Image) -> bool:
    """Return whether an image has several channels, of 16 bits each."""
    several = len(picture.getbands()) > 1
    return several and any(
        ';16' in str(tile[3]) for tile in getattr(picture, 'tile', ())
    )
