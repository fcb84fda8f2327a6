"""The one reader of picture files: only what is meant, and of a known size."""

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
from segrefiner_mm.io.limits import check_pixels
from segrefiner_mm.io.orientation import (
    INVERSE,
    ON_ITS_SIDE,
    ORIENTATION,
    Size,
    shows_turned,
    turned_by,
    upright,
)

# Pillow knows more, some of which start other programs (EPS).
FORMATS = ('BMP', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')
_LOSSY = frozenset(['JPEG', 'MPO'])
_LOSSY_TIFF = frozenset(['jpeg', 'tiff_jpeg', 'webp'])
_opening = threading.Lock()


class PictureSize(NamedTuple):
    """Sizes of a photograph, height and width.

    Attributes:
        upright (tuple[int, int]): As it is looked at.
        stored (tuple[int, int]): As its pixels are stored.
    """

    upright: Size
    stored: Size


def read_picture(path: str | Path, one_page: bool = False) -> Image.Image:
    """Decode a picture file completely.

    Args:
        path (str | Path): File to read: BMP, GIF, JPEG, PNG, PPM, TIFF or
            WebP, by its content, whatever its name says.
        one_page (bool): Whether a second page is an error, as for masks; else
            the first one is read. Defaults to False.

    Returns:
        PIL.Image.Image: As stored, before any EXIF rotation.

    Raises:
        InputError: If it is missing, damaged, too large, not a picture, or a
            colour picture of 16 bits, which Pillow cuts down to 8.
    """
    with _opened(path) as picture:
        if one_page and _has_second_page(picture):
            raise InputError(
                f'{path} has several pages, and only one would be read: save '
                'each as a file of its own'
            )
        if _is_deep_colour(picture):
            raise InputError(
                f'{path} has 16 bits per colour, of which 8 would be lost: '
                'save it with one channel, or with 8 bits'
            )
        picture.load()
        picture.getexif()  # what is damaged in it must show here
        return picture


def mode_of(path: str | Path) -> str:
    """Pillow's mode of a picture file, by its header alone.

    Args:
        path (str | Path): As in :func:`read_picture`.

    Raises:
        InputError: As :func:`read_picture`.
    """
    with _opened(path) as picture:
        return picture.mode


def stored_size(path: str | Path) -> Size:
    """Height and width of the pixels in a picture file, by its header alone.

    Args:
        path (str | Path): As in :func:`read_picture`.

    Raises:
        InputError: As :func:`read_picture`.
    """
    with _opened(path) as picture:
        return picture.height, picture.width


def picture_size(path: str | Path) -> PictureSize:
    """Size of a picture file, by its header and its EXIF data.

    Args:
        path (str | Path): As in :func:`read_picture`.

    Returns:
        PictureSize: Upright, and as it is stored.

    Raises:
        InputError: As :func:`read_picture`.
    """
    with _opened(path) as picture:
        width, height = picture.size
        lies = picture.getexif().get(ORIENTATION) in ON_ITS_SIDE
    upright_size = (width, height) if lies else (height, width)
    return PictureSize(upright_size, (height, width))


def read_deep_colour(
    path: str | Path, size: Size | None = None
) -> npt.NDArray[np.uint16] | None:
    """Decode a colour picture of 16 bits, if it is one.

    Args:
        path (str | Path): As in :func:`read_picture`.
        size (tuple[int, int], optional): See :func:`upright`.

    Returns:
        np.ndarray | None: (H, W, 3) BGR or (H, W, 4) uint16, upright; None
        for a picture of any other kind.

    Raises:
        InputError: As :func:`read_picture`.
    """
    with _opened(path) as picture:
        if not _is_deep_colour(picture):
            return None
        stored = picture.size[::-1]
        orientation = picture.getexif().get(ORIENTATION, 1)
    content = np.frombuffer(Path(path).read_bytes(), np.uint8)
    try:
        array = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        array = None
    if array is None or array.dtype != np.uint16 or array.shape[:2] != stored:
        raise InputError(
            f'cannot read {path}: its 16 bits per colour are damaged, or '
            'stored in a way that is not known'
        )
    turned = turned_by(array, orientation)
    height, width = turned.shape[:2]
    return turned if shows_turned(stored, (height, width), size) else array


def turned_back(
    array: npt.NDArray[Any], path: str | Path, size: Size
) -> npt.NDArray[Any]:
    """An upright photograph as it is stored, if only so it has a size.

    By the same rule as :func:`upright`, for a photograph that another reader
    has turned already.

    Args:
        array (np.ndarray): (H, W) or (H, W, C), upright.
        path (str | Path): Its file.
        size (tuple[int, int]): Height and width that are asked for.

    Returns:
        np.ndarray: A view of the array, as stored or as it was.

    Raises:
        InputError: As :func:`read_picture`.
    """
    shown = array.shape[:2]
    if shown == size or shown != size[::-1] or not Path(path).is_file():
        return array
    with _opened(path) as picture:
        stored = picture.size[::-1]
        orientation = picture.getexif().get(ORIENTATION, 1)
    if orientation not in ON_ITS_SIDE or stored != size:
        return array
    return turned_by(array, INVERSE[orientation])


def picture_to_array(
    picture: Image.Image, indices: bool = False
) -> npt.NDArray[Any]:
    """Pixel values of a mask picture, upright.

    Args:
        picture (PIL.Image.Image): A picture of any mode.
        indices (bool): Whether a palette always stands for its indices, as
            in a label map. Otherwise it does so only if it is coloured, and a
            palette of greys stands for the greys. Defaults to False.

    Returns:
        np.ndarray: (H, W), or (H, W, 3) for a coloured picture.

    Raises:
        InputError: If a part of it is transparent.
    """
    picture = upright(picture)
    if 'A' in picture.getbands():
        darkest, brightest = picture.getchannel('A').getextrema()
        if darkest != brightest:
            raise InputError(
                'a mask picture must not be transparent in parts: save what '
                'is meant as one grey channel'
            )
    if picture.mode == 'P' and not indices:
        colours = np.asarray(picture.convert('RGB'))
        if np.all(colours == colours[..., :1]):
            return colours[..., 0]
    if picture.mode not in ('1', 'L', 'P') and picture.mode[:1] not in 'IF':
        picture = picture.convert('RGB')
    return np.asarray(picture)


def is_lossy(picture: Image.Image) -> bool:
    """Whether the file has not kept every value as it was.

    Args:
        picture (PIL.Image.Image): From :func:`read_picture`.
    """
    inside = picture.info.get('compression')
    return picture.format in _LOSSY or inside in _LOSSY_TIFF


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """A picture whose size is known to be allowed; nothing decoded yet."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f'no such file: {path}')
    try:
        with _open(path) as picture, about(path):
            check_pixels(picture.height, picture.width, str(path))
            yield picture
    except UnidentifiedImageError:
        raise InputError(
            f'not a picture that can be read: {path} (BMP, GIF, JPEG, PNG, '
            'PPM, TIFF and WebP can be)'
        ) from None
    except InputError:
        raise
    except Exception as error:  # decoders of damaged files raise anything
        raise InputError(f'cannot read {path}: {reason_of(error)}') from None


def _open(path: Path) -> Image.Image:
    # Pillow's limit is global and fixed; ours, checked next, can be moved.
    with _opening:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path, formats=FORMATS)
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
    """Whether a channel of several has 16 bits in the file."""
    several = len(picture.getbands()) > 1
    return several and any(
        ';16' in str(tile[3]) for tile in getattr(picture, 'tile', ())
    )
