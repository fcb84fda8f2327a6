"""Images in, masks out."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from segrefiner_mm.errors import InputError
from segrefiner_mm.files import write_whole

LOSSLESS_SUFFIXES = frozenset(['.bmp', '.png', '.tif', '.tiff'])

Size = tuple[int, int]


def load_image(source: Any, size: Size | None = None) -> npt.NDArray[np.uint8]:
    """Load an image as the mm packages do: BGR, upright.

    Args:
        source (str | Path | np.ndarray | PIL.Image.Image): A file; a BGR or
            grey array, uint8 or uint16, (H, W), (H, W, 1), (H, W, 3) or
            (H, W, 4) with alpha, which is dropped; or a PIL image.
        size (tuple[int, int], optional): Height and width of the masks. A
            photograph whose EXIF data turn it is turned, unless only the
            stored orientation has this size; where both have it, the masks
            are taken to be drawn on the turned one. Defaults to None.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR, contiguous.

    Raises:
        InputError: If it cannot be read, or has another size.
    """
    if isinstance(source, np.ndarray):
        name, image = 'the image array', _bgr(source)
    elif isinstance(source, Image.Image):
        name, image = 'the image', _upright_bgr(source, size)
    elif isinstance(source, (str, Path)):
        name = str(source)
        image = _upright_bgr(read_picture(source), size)
    else:
        raise InputError(
            'an image is a path, a uint8 BGR array or a PIL image, got '
            f'{type(source).__name__}'
        )
    if size is not None and image.shape[:2] != size:
        raise InputError(
            f'{name} is {_by(image.shape[:2])}, but its mask is {_by(size)} '
            '(width x height): they must be equal'
        )
    return image


def read_picture(path: str | Path) -> Image.Image:
    """Decode a picture file completely.

    Args:
        path (str | Path): File to read.

    Returns:
        PIL.Image.Image: As stored, before any EXIF rotation.

    Raises:
        InputError: If it is missing, damaged or not a picture.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f'no such file: {path}')
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except UnidentifiedImageError:
        raise InputError(f'not a picture that can be read: {path}') from None
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(f'cannot read {path}: {error}') from None


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
    picture = ImageOps.exif_transpose(picture)
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


def load_labels(
    path: Path,
) -> tuple[npt.NDArray[np.int32], list[int] | None]:
    """Load a label map.

    Args:
        path (Path): A picture with one whole number per pixel.

    Returns:
        tuple[np.ndarray, list[int] | None]: (H, W) int32, and the colours of
        the labels where the picture has some.

    Raises:
        InputError: If it cannot be read, or is something else.
    """
    picture = read_picture(path)
    labels = picture_to_array(picture, indices=True)
    if labels.ndim != 2 or labels.dtype.kind not in 'biu':
        raise InputError(
            f'{path} is not a label map, which has one whole number per '
            f'pixel: it is a picture of mode {picture.mode}'
        )
    return labels.astype(np.int32), picture.getpalette()


def save_mask(path: Path, mask: npt.NDArray[np.bool_]) -> None:
    """Write a mask as 0 and 255; the file appears whole or not at all.

    Args:
        path (Path): A file of a lossless format; its folder is made.
        mask (np.ndarray): (H, W) bool.
    """
    save_picture(path, mask.astype(np.uint8) * 255)


def save_picture(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a grey or BGR picture; it appears whole or not at all."""
    try:
        done, encoded = cv2.imencode(path.suffix.lower(), picture)
    except cv2.error as error:  # such as a side that the format cannot hold
        raise InputError(f'cannot encode {path}: {error}') from error
    if not done:
        raise InputError(f'cannot encode {path}')
    write_whole(path, encoded.tobytes())


def _upright_bgr(
    picture: Image.Image, size: Size | None
) -> npt.NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(picture)
    if size is not None:
        stored, turned = picture.size[::-1], upright.size[::-1]
        if turned != size and stored == size:
            upright = picture
    if upright.mode.startswith('I;16') or upright.mode == 'I':
        return _bgr(np.asarray(upright).clip(0, 65535).astype(np.uint16))
    if upright.mode == 'F':
        raise InputError('floating-point images are not supported')
    return np.array(np.asarray(upright.convert('RGB'))[..., ::-1], order='C')


def _bgr(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    if array.dtype != np.uint8:
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
    if array.shape[2] == 1:
        array = array.repeat(3, axis=2)
    return np.require(array[..., :3], requirements=['C', 'W'])


def _by(size: tuple[int, ...]) -> str:
    return f'{size[1]} x {size[0]}'
