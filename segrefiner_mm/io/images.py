"""Loading of images and writing of masks."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.image_files.bit_depth import to_8_bit
from segrefiner_mm.io.image_files.orientation import Size, upright
from segrefiner_mm.io.image_files.picture_source import Source, name_of
from segrefiner_mm.io.image_files.pictures import (
    read_deep_colour,
    read_picture,
    stored_size,
)
from segrefiner_mm.io.numpy_files import NUMPY_SUFFIXES

LOSSLESS_SUFFIXES = frozenset(['.bmp', '.png', '.tif', '.tiff'])


def load_image(source: Any, size: Size | None = None) -> npt.NDArray[np.uint8]:
    """Load an image as the mm packages do: BGR, upright.

    Args:
        source (str | Path | bytes | np.ndarray | PIL.Image.Image): A file, or
            its content; a BGR or grey array, uint8 or uint16, (H, W), (H, W,
            1), (H, W, 3) or (H, W, 4) with alpha, which is dropped; or a PIL
            image. Values of more than 8 bits are scaled to 8 by
            :func:`to_8_bit`.
        size (tuple[int, int], optional): Height and width of the masks. An
            image with an EXIF orientation tag is rotated accordingly, unless
            only the stored orientation has this size. Where both have it,
            the masks are assumed to fit the rotated image. Defaults to None.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR, contiguous.

    Raises:
        InputError: If the source is none of these or cannot be read, or the
            image has another size.
    """
    if isinstance(source, np.ndarray):
        name, image = 'the image array', _bgr(source)
    elif isinstance(source, Image.Image):
        name, image = 'the image', _picture_bgr(source, size)
    elif isinstance(source, (str, Path, bytes)):
        name, image = name_of(source), _file_bgr(source, size)
    else:
        raise InputError(
            'an image is a path, the bytes of a file, a uint8 BGR array or a '
            'PIL image, got '
            f'{type(source).__name__}'
        )
    if size is not None and image.shape[:2] != size:
        raise _unequal(name, image.shape[:2], size)
    return image


def check_same_size(image: Any, mask: Any) -> None:
    """Reject a mask file that cannot fit its image, by the headers alone.

    A small mask file can take a minute to decode. Height and width may be
    swapped here; :func:`load_image` checks the exact size.

    Args:
        image (object): See :func:`load_image`.
        mask (object): See :func:`load_masks`. Nothing is checked unless both
            are the paths of image files.

    Raises:
        InputError: If the sizes differ by more than a swap, or a file cannot
            be read.
    """
    if not (_is_picture(image) and _is_picture(mask)):
        return
    size, mask_size = stored_size(image), stored_size(mask)
    if sorted(size) != sorted(mask_size):
        raise _unequal(str(image), size, mask_size)


def save_mask(path: Path, mask: npt.NDArray[np.bool_]) -> None:
    """Write a mask as 0 and 255, atomically.

    Args:
        path (Path): File to write or replace, whose suffix gives the format:
            one of ``LOSSLESS_SUFFIXES``. Its folder is created.
        mask (np.ndarray): (H, W) bool.

    Raises:
        InputError: If the mask cannot be encoded or written.
    """
    write_whole(path, encode_mask_picture(path, mask))


def save_picture(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a grey or BGR image, atomically.

    Args:
        path (Path): File to write or replace, whose suffix gives the format.
            Its folder is created.
        picture (np.ndarray): (H, W) grey or (H, W, 3) BGR, uint8.

    Raises:
        InputError: If the image cannot be encoded or written.
    """
    write_whole(path, encode_picture(path, picture))


def encode_mask_picture(path: Path, mask: npt.NDArray[np.bool_]) -> bytes:
    """Encode a mask as the image file that :func:`save_mask` writes.

    Args:
        path (Path): Name of the file, whose suffix gives the format.
        mask (np.ndarray): (H, W) bool.

    Returns:
        bytes: Content of the file.

    Raises:
        InputError: If the format is unknown, or cannot hold the mask.
    """
    return encode_picture(path, mask.astype(np.uint8) * 255)


def encode_picture(path: Path, picture: npt.NDArray[np.uint8]) -> bytes:
    """Encode an image in the format of a file.

    Args:
        path (Path): Name of the file, whose suffix gives the format.
        picture (np.ndarray): (H, W) grey, (H, W, 3) BGR, or (H, W, 4) BGRA;
            uint8 or, for a PNG or TIFF, uint16.

    Returns:
        bytes: Content of the file.

    Raises:
        InputError: If the format is unknown, or cannot hold the image.
    """
    try:
        done, encoded = cv2.imencode(path.suffix.lower(), picture)
    except cv2.error:  # such as a side too long for the format
        done = False
    if not done:
        height, width = picture.shape[:2]
        raise InputError(
            f'cannot encode {path}: its format may not hold {width} x '
            f'{height} pixels'
        )
    return encoded.tobytes()


def _file_bgr(path: Source, size: Size | None) -> npt.NDArray[np.uint8]:
    deep = read_deep_colour(path, size)
    if deep is not None:
        return _bgr(deep)
    with about(name_of(path)):
        return _picture_bgr(read_picture(path), size)


def _picture_bgr(
    picture: Image.Image, size: Size | None
) -> npt.NDArray[np.uint8]:
    picture = upright(picture, size)
    if picture.mode == 'F':
        raise InputError(
            'floating-point images have no known range: save this one with 8 '
            'or 16 bits'
        )
    if picture.mode[:1] == 'I':
        return _bgr(to_8_bit(np.asarray(picture)))
    return np.array(np.asarray(picture.convert('RGB'))[..., ::-1], order='C')


def _bgr(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f'an image array must be uint8 or uint16, got {array.dtype}'
        )
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size:
        raise InputError(
            'an image array must be (H, W), (H, W, 1), (H, W, 3) or '
            f'(H, W, 4), got {array.shape}'
        )
    array = array[..., :3]
    if array.dtype == np.uint16:
        array = to_8_bit(array)
    if array.shape[2] == 1:
        array = array.repeat(3, axis=2)
    return np.require(array, requirements=['C', 'W'])


def _is_picture(source: Any) -> bool:
    if not isinstance(source, (str, Path)):
        return False
    return Path(source).suffix.lower() not in NUMPY_SUFFIXES


def _unequal(name: str, size: tuple[int, ...], mask: Size) -> InputError:
    return InputError(
        f'{name} is {by(size)}, but its mask is {by(mask)} '
        '(width x height): they must be equal. If the mask shows the whole '
        'image, resize it with nearest-neighbour interpolation (in Python, '
        'resize_masks=True does it)'
    )


def by(size: tuple[int, ...]) -> str:
    """Describe a size.

    Args:
        size (tuple[int, ...]): Height and width.

    Returns:
        str: The sides as users name them, such as ``'640 x 480'``.
    """
    return f'{size[1]} x {size[0]}'
