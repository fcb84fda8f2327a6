"""Loading of images with masks in any form, and refined masks in that form."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results import (
    LabelResult,
    MaskResult,
    open_result,
)
from segrefiner_mm.io.image_files.pictures import picture_size
from segrefiner_mm.io.image_with_masks import LoadedMasks, load_pair
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.only_part import read_only_part
from segrefiner_mm.label_maps import LabelMapRefiner
from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.windows import ERRORS

Size = tuple[int, int]


def load_any(
    image: Any,
    masks: Any,
    labels: bool = False,
    threshold: float | None = None,
    resize: bool = False,
    only: Any = None,
) -> LoadedMasks[MaskResult | None] | tuple[Any, LabelResult]:
    """Load an image and its masks, or a result object of another library.

    Args:
        image (object): See :func:`load_image`.
        masks (object): See :func:`load_masks`, or a result object.
        labels (bool): Whether ``masks`` are a label map. Defaults to False.
        threshold (float, optional): See :func:`load_masks`. Defaults to None:
            that of the result object, if it has one.
        resize (bool): Whether masks of another size are resized to the
            image. Defaults to False.
        only (object, optional): The part that may change, see
            :func:`read_only_part`. It is ignored for a result object with a
            label map: pass it to :func:`refine_map`. Defaults to None:
            everything.

    Returns:
        LoadedPair | tuple[object, LabelResult]: The image and its masks, whose
        tag is the result object or None; for a result object with a label
        map, the given image and the opened result.

    Raises:
        InputError: If an input cannot be read, the sizes differ, or a result
            object has no masks, is ambiguous or is of several images.
    """
    sizes = _sizes(image) if getattr(masks, 'ndim', 0) == 3 else ()
    result = None if labels else open_result(masks, sizes)
    if isinstance(result, LabelResult):
        return image, result
    if result is not None:
        masks = result.masks
        threshold = result.threshold if threshold is None else threshold
    loaded = load_pair(image, masks, result, labels, threshold, resize)
    part = read_only_part(only, loaded.annotation.size)
    return replace(loaded, only=part)


def inputs_of(
    images: Any, masks: Any, only: Any
) -> list[tuple[Any, Any, Any]]:
    """Match images with their masks and with the parts that may change.

    Args:
        images (object): An image, or a list or tuple of images.
        masks (object): The masks of the image; for a list of images, a list
            or tuple with the masks of each image.
        only (object): The part that may change, see :func:`read_only_part`;
            for a list of images ``'errors'``, None, or a list or tuple with a
            part for each image.

    Returns:
        list[tuple[object, object, object]]: For every image, the image, its
        masks and the part that may change.

    Raises:
        InputError: If there are several images, and not equally many masks or
            parts.
    """
    if not isinstance(images, (list, tuple)):
        return [(images, masks, only)]
    count = len(images)
    if not isinstance(masks, (list, tuple)) or len(masks) != count:
        given = len(masks) if isinstance(masks, (list, tuple)) else 'one'
        raise InputError(
            f'{count} images need a list of {count} masks, got {given}'
        )
    if only is None or isinstance(only, str):
        only = [only] * count
    if not isinstance(only, (list, tuple)) or len(only) != count:
        raise InputError(
            f'{count} images need only={ERRORS!r}, or a list with what may '
            'change in each'
        )
    return list(zip(images, masks, only, strict=True))


def refine_map(
    model: SegRefiner,
    image: Any,
    result: LabelResult,
    settings: RefineSettings,
    only: Any = None,
) -> Any:
    """Refine the label map of a result object.

    Args:
        model (SegRefiner): The model.
        image (object): See :func:`load_image`.
        result (LabelResult): Opened result from :func:`load_any`.
        settings (RefineSettings): Settings of the run.
        only (object, optional): The part that may change, see
            :func:`read_only_part`. Defaults to None: everything.

    Returns:
        object: A copy of the result object with the refined labels; with
        ``soft`` in the settings, :class:`SoftLabels`.

    Raises:
        InputError: If the image cannot be read or has another size, or
            ``only`` is not valid.
    """
    height, width = result.labels.shape
    loaded = load_image(image, (height, width))
    pixels = torch.from_numpy(loaded).permute(2, 0, 1)
    part = read_only_part(only, (height, width))
    refiner = LabelMapRefiner(model, settings, ignore=result.ignore)
    job = pixels, result.labels, None, part
    [(refined, soft, _)] = refiner.refine_soft([job])
    return result.with_labels(refined) if soft is None else soft


def as_given(
    loaded: LoadedMasks[MaskResult | None], masks: npt.NDArray[Any]
) -> Any:
    """Return refined masks in the form in which the masks were given.

    Args:
        loaded (LoadedPair): Image and masks from :func:`load_any`.
        masks (np.ndarray): The refined masks, (N, H, W) bool, or soft maps,
            float32.

    Returns:
        object: A result object if one was given, else an array: (H, W) for
        one mask, (N, H, W) for several. If the result object can hold only
        binary masks, soft maps are an array (N, H, W).
    """
    if isinstance(loaded.tag, MaskResult):
        fits = masks.dtype == bool or loaded.tag.holds_soft
        return loaded.tag.with_masks(masks) if fits else masks
    return masks[0] if loaded.annotation.single else masks


def _sizes(image: Any) -> tuple[Size, ...]:
    """Return the sizes that the masks of an image may have."""
    if isinstance(image, (str, Path, bytes)):
        return picture_size(image)[:2]
    if isinstance(image, Image.Image):
        return (image.height, image.width), (image.width, image.height)
    if isinstance(image, np.ndarray) and image.ndim > 1:
        return ((image.shape[0], image.shape[1]),)
    return ()  # refused when it is loaded
