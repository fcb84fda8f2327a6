"""Writing of refined masks into a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import save_mask


def output_names(images: Sequence[Any]) -> list[str]:
    """Return the names of the outputs: the stem of a file, else the index.

    Args:
        images (Sequence): Images, as paths (str or Path) or other objects.

    Returns:
        list[str]: One name per image, without suffix; an index has eight
        digits.

    Raises:
        InputError: If two names are equal.
    """
    names = [
        Path(image).stem if isinstance(image, (str, Path)) else f'{index:08d}'
        for index, image in enumerate(images)
    ]
    twice = sorted(name for name in set(names) if names.count(name) > 1)
    if twice:
        raise InputError(
            f'several images named {twice[0]}: their outputs would overwrite '
            'each other'
        )
    return names


def write_masks(folder: Path, name: str, masks: npt.NDArray[np.bool_]) -> None:
    """Write the masks of an image as PNG files.

    Args:
        folder (Path): Output folder, which is created. Files of the same name
            are replaced.
        name (str): Name without suffix. If there are several masks, ``_`` and
            the index of the mask are appended.
        masks (np.ndarray): (N, H, W) bool.

    Raises:
        InputError: If a mask cannot be written.
    """
    for index, mask in enumerate(masks):
        suffix = f'_{index}' if len(masks) > 1 else ''
        save_mask(folder / f'{name}{suffix}.png', mask)
