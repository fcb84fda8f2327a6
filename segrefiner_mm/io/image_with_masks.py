"""An image loaded with its masks or label map, of equal size."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from segrefiner_mm.io.image_files.orientation import Size
from segrefiner_mm.io.images import check_same_size, load_image
from segrefiner_mm.io.masks import MaskInputs, load_masks, resized
from segrefiner_mm.windows import Only
from segrefiner_mm.windows.refine_job import Tag

Annotation = TypeVar('Annotation')


@dataclass(frozen=True)
class LoadedPair(Generic[Annotation, Tag]):
    """An image with its annotation.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        annotation (MaskInputs | LabelMap): Masks or label map, (H, W).
        tag (Tag): Any value of the caller, returned with the result.
        only (CompactMask | str, optional): The part that may change; see
            :class:`RefineJob`. Defaults to None: everything.
    """

    image: npt.NDArray[np.uint8]
    annotation: Annotation
    tag: Tag
    only: Only | None = None


LoadedMasks = LoadedPair[MaskInputs, Tag]


def load_pair(
    image: Any,
    masks: Any,
    tag: Tag,
    labels: bool = False,
    threshold: float | None = None,
    resize: bool = False,
) -> LoadedMasks[Tag]:
    """Load an image and its masks, and check that their sizes match.

    Args:
        image (object): See :func:`load_image`.
        masks (object): See :func:`load_masks`.
        tag (Tag): Value to keep with the pair.
        labels (bool): See :func:`load_masks`. Defaults to False.
        threshold (float, optional): See :func:`load_masks`. Defaults to None.
        resize (bool): Whether masks of another size are stretched to the
            image, unless only their height and width are swapped. Defaults to
            False.

    Returns:
        LoadedPair: The image and its masks, of equal size.

    Raises:
        InputError: If the image or a mask cannot be read, or their sizes
            differ and ``resize`` does not apply.
    """
    if not resize:
        check_same_size(image, masks)
    # Only lists may hold polygons, whose size is that of the image.
    first = resize or isinstance(masks, (list, tuple))
    upright = load_image(image) if first else None
    size = None if upright is None else _size(upright)
    loaded = load_masks(masks, labels, size, threshold)
    if resize and size and sorted(size) != sorted(loaded.size):
        loaded = resized(loaded, size)
    if upright is None or size != loaded.size:
        upright = load_image(image, loaded.size)
    return LoadedPair(upright, loaded, tag)


def _size(image: npt.NDArray[np.uint8]) -> Size:
    return image.shape[0], image.shape[1]
