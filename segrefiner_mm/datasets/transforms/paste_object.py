"""Pasting an object onto another image."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.reference_corruption import (
    shrunk,
    stretched,
)
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PasteObject(BaseTransform):
    """Cuts out the object and pastes it onto another image.

    The seam is blended over one or two pixels, and the mean colour of the
    object is moved towards the mean colour of its new surroundings, so that
    neither seam nor colour reveals the edge. An object is not pasted if it or
    its coarse mask touches the border of the image, or if nothing would be
    left of one of them.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8 BGR
    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1
    - coarse_mask (np.ndarray, optional): (H, W) uint8, values 0 and 1
    - seed (int)

    Modified Keys:

    - img: (h, w, 3) uint8, of the size of the background
    - gt_mask, coarse_mask: (h, w) uint8, values 0 and 1

    Args:
        backgrounds (str): Folder of the background images.
        prob (float): Probability of pasting, 0 to 1. Defaults to 0.25.
        scale (tuple[float, float]): Minimum and maximum size of the object, as
            a fraction of the size of the background, more than 0 to 1. An
            object is enlarged by a factor of at most 1.25. Defaults to
            (0.3, 0.9).

    Raises:
        InputError: If the folder is missing or has no images, or two of them
            share a stem.
        ValueError: If ``prob`` or ``scale`` is out of its range.
    """

    def __init__(
        self,
        backgrounds: str,
        prob: float = 0.25,
        scale: tuple[float, float] = (0.3, 0.9),
    ) -> None:
        if not 0.0 <= prob <= 1.0:
            raise ValueError(f'prob must be 0 to 1, got {prob}')
        if not 0.0 < scale[0] <= scale[1] <= 1.0:
            raise ValueError(f'scale must rise within 0 to 1: {scale}')
        self.prob = prob
        self.scale = scale
        self.paths = sorted(pictures_in(Path(backgrounds)).values())
        if prob and not self.paths:
            raise InputError(f'no images in {backgrounds}')

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Paste the object, with probability ``prob``.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.

        Raises:
            InputError: If the background cannot be read.
        """
        rng = np.random.default_rng([results['seed'], 8])
        if rng.random() >= self.prob:
            return results
        keys = sorted({'gt_mask', 'coarse_mask'} & results.keys())
        masks = [results[key] for key in keys]
        # A larger coarse mask, cut off at the true box, would reveal that box.
        x, y, w, h = cv2.boundingRect(np.maximum.reduce(masks))
        height, width = results['gt_mask'].shape
        if x == 0 or y == 0 or x + w == width or y + h == height:
            return results  # an object cut off by the border would float
        path = self.paths[rng.integers(len(self.paths))]
        background = cv2.imread(str(path))
        if background is None:
            raise InputError(f'cannot read the background {path}')
        around = (
            slice(max(y - 4, 0), y + h + 4),
            slice(max(x - 4, 0), x + w + 4),
        )
        before = results['img'][around]
        part = self._resized(before, background, rng)
        resize = stretched if part.size > before.size else shrunk
        moved = {k: resize(results[k][around], part.shape[:2]) for k in keys}
        if not all(mask.any() for mask in moved.values()):
            return results
        top, left = (
            int(rng.integers(there - own + 1))
            for there, own in zip(
                background.shape[:2], part.shape[:2], strict=True
            )
        )
        place = (
            slice(top, top + part.shape[0]),
            slice(left, left + part.shape[1]),
        )
        for key in keys:
            results[key] = np.zeros(background.shape[:2], np.uint8)
            results[key][place] = moved[key]
        results['img'] = _blend(background, part, moved['gt_mask'], place, rng)
        return results

    def _resized(
        self, part: Any, background: Any, rng: np.random.Generator
    ) -> Any:
        """Resize the object for its background."""
        factor = rng.uniform(*self.scale) * min(
            background.shape[0] / part.shape[0],
            background.shape[1] / part.shape[1],
        )
        # Upsampling would blur the object but not its background.
        factor = min(factor, 1.25)
        size = [
            min(max(round(side * factor), 8), most)
            for side, most in zip(
                part.shape[1::-1], background.shape[1::-1], strict=True
            )
        ]
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        return cv2.resize(part, size, interpolation=how)


def _blend(
    background: Any, part: Any, mask: Any, place: Any, rng: np.random.Generator
) -> Any:
    there = background[place].astype(np.float32)
    part = part.astype(np.float32)
    difference = there.mean((0, 1)) - part[mask > 0].mean(0)
    part = part + difference * rng.uniform(0.0, 0.35)
    alpha = cv2.GaussianBlur(
        mask.astype(np.float32), (0, 0), rng.uniform(0.4, 0.9)
    )[..., None]
    result = background.copy()
    mixed = there * (1 - alpha) + part * alpha
    result[place] = mixed.clip(0, 255).astype(np.uint8)
    return result
