"""Rotation of images to match their masks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.pictures import turned_back


def lay_as_masks(
    results: dict[str, Any], size: Sequence[int], name: str | Path
) -> None:
    """Undo the EXIF rotation of an image if its masks are not rotated.

    Loaders rotate an image by its EXIF orientation tag, but its masks may have
    been drawn on the stored pixels.

    Args:
        results (dict): Sample of a pipeline, with ``img``, (H, W, C), and
            ``img_path`` (str, optional). ``img``, ``img_shape`` and
            ``ori_shape`` are replaced if the rotation is undone.
        size (Sequence[int]): Height and width of the masks; further entries
            are ignored.
        name (str | Path): Name of the masks, for errors.

    Raises:
        InputError: If the image does not have the size of the masks, rotated
            or not.
    """
    height, width = wanted = size[0], size[1]
    shown = results['img'].shape[:2]
    if shown == wanted:
        return
    if 'img_path' in results:
        image = turned_back(results['img'], results['img_path'], wanted)
        if image.shape[:2] == wanted:
            results.update(img=image, img_shape=wanted, ori_shape=wanted)
            return
    raise InputError(
        f'{name} is {width} x {height}, its image is {shown[1]} x {shown[0]}'
    )
