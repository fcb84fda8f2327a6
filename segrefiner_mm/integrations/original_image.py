"""Retrieval of the image as it was before a host's pipeline resized it."""

import warnings
from typing import Any

import cv2
import mmcv
import numpy as np
import numpy.typing as npt
import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from segrefiner_mm.errors import InputError

KEY = 'ori_img'  # set by KeepOriginalImage
_AXES = dict(horizontal=(1,), vertical=(0,), diagonal=(0, 1))


def original_image(
    sample: BaseDataElement,
    inputs: Tensor,
    preprocessor: nn.Module,
    flipped: bool,
) -> npt.NDArray[Any]:
    """Find the image of a prediction.

    The sources are, in this order: the array of :class:`KeepOriginalImage`,
    which is removed from the sample so that it is neither copied nor stored;
    the file at ``img_path``; and the network input, resized back, with a
    warning, because it lacks the detail that refinement needs.

    Args:
        sample (BaseDataElement): Prediction, with ``ori_shape`` if known.
        inputs (Tensor): (3, h, w), the normalised network input.
        preprocessor (nn.Module): Data preprocessor that normalised ``inputs``.
        flipped (bool): Whether the host leaves the predictions of a flipped
            image flipped.

    Returns:
        np.ndarray: (H, W, 3) uint8 BGR, in the orientation of the
        prediction.

    Raises:
        InputError: If the file cannot be read or has another size.
    """
    meta = sample.metainfo
    turn = _AXES.get(meta.get('flip_direction') or '', ())
    turn = turn if meta.get('flip') else ()
    image = sample.pop(KEY, None)
    if image is None and meta.get('img_path'):
        image = _read(meta['img_path'], meta.get('ori_shape'))
    if image is None:
        image = _resized_back(inputs, meta, preprocessor)
        return image if flipped else np.flip(image, turn)
    return np.flip(image, turn) if flipped else image


def _read(path: str, shape: tuple[int, int] | None) -> npt.NDArray[Any]:
    # A pipeline may ignore the EXIF orientation tag of an image.
    for flag in ('color', 'color_ignore_orientation'):
        try:
            image = mmcv.imread(path, flag)
        except (OSError, cv2.error) as error:
            raise InputError(
                f'cannot read the image {path}: {error}'
            ) from error
        if image is None:
            raise InputError(f'cannot decode the image {path}')
        if shape is None or image.shape[:2] == tuple(shape[:2]):
            return image
    raise InputError(
        f'{path} has {image.shape[:2]} pixels, its prediction {shape}: add '
        'KeepOriginalImage to the pipeline, which keeps the loaded image'
    )


def _resized_back(
    inputs: Tensor, meta: dict[str, Any], preprocessor: nn.Module
) -> npt.NDArray[Any]:
    warnings.warn(
        'no original image: refining on the network input, resized back. '
        'For full detail, put segrefiner_mm.KeepOriginalImage into the '
        "pipeline and 'ori_img' into meta_keys.",
        stacklevel=2,
    )
    height, width = _content_size(meta, inputs)
    top = left = 0
    if padding := meta.get('img_padding_size', meta.get('padding_size')):
        left, _, top, _ = padding  # mmseg may pad on any side
    image = inputs[:, top : top + height, left : left + width].float()
    if getattr(
        preprocessor, '_enable_normalize', hasattr(preprocessor, 'std')
    ):
        image = image * preprocessor.get_buffer('std').view(-1, 1, 1)
        image += preprocessor.get_buffer('mean').view(-1, 1, 1)
    swapped = getattr(
        preprocessor,
        'channel_conversion',
        getattr(preprocessor, '_channel_conversion', False),
    )
    if swapped:
        image = image.flip(0)
    pixels = image.round().clamp(0, 255).to(torch.uint8)
    array = np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())
    rows, columns = meta.get('ori_shape', (height, width))[:2]
    return cv2.resize(array, (columns, rows))


def _content_size(meta: dict[str, Any], inputs: Tensor) -> tuple[int, int]:
    """Return height and width of the input without padding."""
    height, width = meta.get('img_shape', inputs.shape[-2:])[:2]
    if 'scale_factor' in meta and 'ori_shape' in meta:
        # A pipeline that pads includes the padding in the shape.
        across, down = meta['scale_factor'][:2]
        rows, columns = meta['ori_shape'][:2]
        height = min(height, round(rows * down))
        width = min(width, round(columns * across))
    return height, width
