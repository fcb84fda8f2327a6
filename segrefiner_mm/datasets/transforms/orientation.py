"""Photographs lie as their masks do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.pictures import turned_back


def lay_as_masks(
    results: dict[str, Any], size: Sequence[int], name: str | Path
) -> None:
    """Turn the image back where its masks are of the stored orientation.

    Loaders turn a photograph as its EXIF data say; masks that were drawn on
    the pixels as they are stored decide otherwise.

    Args:
        results (dict): Of a pipeline: ``img`` and ``img_path``. ``img``,
            ``img_shape`` and ``ori_shape`` are replaced.
        size (Sequence[int]): Height and width that the masks have.
        name (str | Path): What to call the masks in an error.

    Raises:
        InputError: If the image has this size in neither orientation.
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
