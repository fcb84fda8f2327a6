"""``segrefiner_mm.refine()``: everything by its defaults."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.config import Config

from segrefiner_mm.apis.inferencer import SegRefinerInferencer
from segrefiner_mm.io.image_with_masks import load_pair
from segrefiner_mm.names import DEFAULT_MODEL


def refine(
    image: Any,
    mask: Any,
    model: str | Path | Config | dict[str, Any] = DEFAULT_MODEL,
    weights: str | Path | None = None,
    device: str | None = None,
    runtime: str = 'auto',
    **options: Any,
) -> npt.NDArray[np.bool_]:
    """Refine masks of one image.

    The model stays loaded for the next call.

    Args:
        image (str | Path | np.ndarray | PIL.Image.Image): The image; arrays
            are BGR.
        mask (object): One mask or several; see :func:`load_masks`.
        model (str): See :class:`SegRefinerInferencer`. Defaults to
            'segrefiner-lite', whose weights are part of the package.
        weights (str, optional): Weights file. Defaults to None.
        device (str, optional): Such as ``'cuda:0'``. Defaults to None: the
            best that there is.
        runtime (str): See :class:`SegRefinerInferencer`. Defaults to 'auto'.
        **options: ``windows``, ``num_steps``, ``seed``, ``guard`` and so on,
            see :meth:`SegRefinerInferencer.__call__`.

    Returns:
        np.ndarray: Bool, (H, W) for one mask, (N, H, W) for several.

    Raises:
        InputError: If an image, a mask or an option is not usable.

    Examples:
        >>> import segrefiner_mm
        >>> better = segrefiner_mm.refine('street.jpg', 'street_mask.png')
    """
    if isinstance(model, (str, Path)):
        inferencer = _cached_inferencer(
            str(model), weights and str(weights), device, runtime
        )
    else:
        inferencer = SegRefinerInferencer(
            model, weights, device, runtime=runtime
        )
    loaded = load_pair(image, mask, options.pop('labels', False))
    settings = inferencer.settings(**options)
    [(_, prediction)] = inferencer.forward([loaded], settings)
    masks = prediction['masks']
    return masks[0] if loaded.masks.single else masks


@functools.lru_cache(maxsize=2)
def _cached_inferencer(
    model: str, weights: str | None, device: str | None, runtime: str
) -> SegRefinerInferencer:
    return SegRefinerInferencer(model, weights, device, runtime=runtime)
