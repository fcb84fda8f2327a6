"""Decoding of the images and masks of requests, which are untrusted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.segmentation import POLYGONS, read_segmentation
from segrefiner_mm.io.image_with_masks import LoadedPair
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.json_files.json_file import parse_json, shown
from segrefiner_mm.io.limits import MAX_DECODED
from segrefiner_mm.io.masks import MaskInputs, load_masks, resized
from segrefiner_mm.io.numpy_files import is_array_file, read_array
from segrefiner_mm.windows import ERRORS

Masks = LoadedPair[MaskInputs, None]
# A picture, an array, or COCO's segmentation; never a path.
MaskItem = bytes | np.ndarray | dict[str, Any] | list[Any]
# A box, a polygon, a mask or 'errors'; never a path.
OnlyPart = list[float] | np.ndarray | dict[str, Any] | Literal['errors']


def items_of(content: bytes) -> list[MaskItem]:
    """Split an uploaded file into masks; the content gives the format.

    Args:
        content (bytes): An image file of one mask; a ``.npy`` or ``.npz``
            file, (H, W) or (N, H, W); or JSON, see :func:`listed`.

    Returns:
        list[bytes | np.ndarray | dict | list]: The masks. Only arrays are
        decoded.

    Raises:
        InputError: If the file is an array or JSON that cannot be used.
    """
    if is_array_file(content):
        array = read_array(content)
        return [array] if array.ndim == 2 else list(array)
    if content.lstrip()[:1] in (b'[', b'{'):
        return listed(parse_json(content, 'the file of the masks'))
    return [content]


def listed(masks: Any) -> list[MaskItem]:
    """List the masks of JSON.

    Args:
        masks (object): A list with an entry per object, or a dict for a single
            object. An entry is COCO's ``segmentation``, or a dict with the
            key ``segmentation``, such as a COCO annotation.

    Returns:
        list[dict | list]: Run lengths or polygons per object, not decoded.

    Raises:
        InputError: If an entry is not a mask.
    """
    entries = masks if isinstance(masks, list) else [masks]
    items: list[MaskItem] = []
    for place, entry in enumerate(entries):
        if isinstance(entry, dict) and 'segmentation' in entry:
            entry = entry['segmentation']
        try:
            read = read_segmentation(entry)
        except InputError as error:
            raise InputError(f'mask {place}: {error}') from None
        if read is None:
            raise InputError(f'mask {place} is {shown(entry)}, not a mask')
        flat = read.form == POLYGONS and read.wrapped
        boxed = read.form != POLYGONS and read.wrapped
        items.append([entry] if flat else entry[0] if boxed else entry)
    return items


def only_of(text: str) -> OnlyPart:
    """Read a form field with the part of an image that may change.

    Args:
        text (str): Numbers separated by commas, a box x1, y1, x2, y2 or a
            polygon x1, y1, x2, y2, ...; or ``'errors'``.

    Returns:
        list[float] | str: The numbers, or ``'errors'``.

    Raises:
        InputError: If the text is anything else.
    """
    if text == ERRORS:
        return 'errors'
    try:
        return [float(number) for number in text.split(',')]
    except ValueError:
        raise InputError(
            f'only: expected x1,y1,x2,y2, the numbers of a polygon or '
            f'{ERRORS!r}, got {shown(text)}'
        ) from None


def load_upload(
    image: bytes | Image.Image,
    items: Sequence[MaskItem],
    most: int,
    threshold: float | None = None,
    resize: bool = False,
) -> Masks:
    """Decode an image and its masks, within the limits of a request.

    Args:
        image (bytes | PIL.Image.Image): Content of an image file, or a
            decoded image.
        items (Sequence): Masks from :func:`items_of` or :func:`listed`.
        most (int): Maximum number of masks.
        threshold (float, optional): See :func:`load_masks`. Defaults to None.
        resize (bool): Whether masks of another size are resized to the
            image. Defaults to False.

    Returns:
        LoadedPair: The image and its masks, of equal size.

    Raises:
        InputError: If the image or a mask cannot be read, the sizes differ,
            or a limit is exceeded.
    """
    check_count(len(items), most)
    upright = load_image(image)
    size = (upright.shape[0], upright.shape[1])
    masks, held = MaskInputs(size, []), 0
    for place, loaded in enumerate(_decoded(items, size, threshold)):
        if resize and sorted(loaded.size) != sorted(size):
            loaded = resized(loaded, size)
        if place and loaded.size != masks.size:
            raise InputError(
                f'mask {place} is {loaded.size[1]} x {loaded.size[0]}, mask '
                f'0 is {masks.size[1]} x {masks.size[0]} (width x height): '
                'they must be equal'
            )
        masks = replace(loaded, masks=[*masks.masks, *loaded.masks])
        held += sum(mask.pixels.numel() for mask in loaded.masks)
        if held > MAX_DECODED:
            raise InputError(
                f'the masks cover more than {MAX_DECODED:,} pixels in all: '
                'send several requests'
            )
    if masks.size != size:
        upright = load_image(image, masks.size)
    return LoadedPair(upright, masks, None)


def check_count(masks: int, most: int) -> None:
    """Reject a request with too many masks, before any is decoded.

    Args:
        masks (int): Number of masks.
        most (int): Maximum number of masks.

    Raises:
        InputError: If there are too many masks.
    """
    if masks > most:
        raise InputError(
            f'the request has {masks} masks, more than the {most} that are '
            'allowed: send several requests'
        )


def _decoded(
    items: Sequence[MaskItem], size: tuple[int, int], threshold: float | None
) -> Iterator[MaskInputs]:
    for place, item in enumerate(items):
        try:
            yield load_masks(item, image_size=size, threshold=threshold)
        except InputError as error:
            raise InputError(f'mask {place}: {error}') from None


def plain(value: Any) -> Any:
    """Replace numbers that JSON cannot represent.

    Args:
        value (object): Dicts, lists and numbers of Python, such as the
            evidence of a guard.

    Returns:
        object: A copy, with None for numbers that are not finite.
    """
    return json.loads(json.dumps(value), parse_constant=lambda _: None)
