"""Crop that puts an object at the border of its image."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CutAtBorder(BaseTransform):
    """Crops the image so that its border cuts the object or nearly does.

    Objects of many data sets lie in the middle of their images. At a border
    a window has no context on one side, which a network must have seen.

    Required Keys:

    - img, gt_mask, coarse_mask (np.ndarray, optional), seed (int)

    Modified Keys:

    - img: (h, w, 3) uint8
    - gt_mask, coarse_mask: (h, w) uint8, values 0 and 1

    Args:
        prob (float): Probability of a crop. Defaults to 0.2.
        inside (float): Largest fraction of the object's width or height that
            is cut off on a side. Defaults to 0.2.
        outside (float): Largest margin that stays between the object and the
            border instead, as a fraction of the same. Defaults to 0.05.

    Raises:
        ValueError: If ``prob`` is not within 0 to 1, ``inside`` not within 0
            to 0.4 or ``outside`` negative.
    """

    def __init__(
        self, prob: float = 0.2, inside: float = 0.2, outside: float = 0.05
    ) -> None:
        if not 0.0 <= prob <= 1.0:
            raise ValueError(f'prob must be 0 to 1, got {prob}')
        if not 0.0 <= inside <= 0.4:
            raise ValueError(f'inside must be 0 to 0.4, got {inside}')
        if outside < 0.0:
            raise ValueError(f'outside must be >= 0, got {outside}')
        self.prob = prob
        self.inside = inside
        self.outside = outside

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop one side or two that meet, with probability ``prob``.

        Args:
            results (dict): See the class.

        Returns:
            dict: The sample.
        """
        rng = np.random.default_rng([results['seed'], 10])
        mask = results['gt_mask']
        if rng.random() >= self.prob or not mask.any():
            return results
        x, y, w, h = cv2.boundingRect(mask)
        which = rng.integers(3)  # columns, rows or both
        columns = rows = slice(None)
        if which != 1:
            columns = self._kept(x, w, mask.shape[1], rng)
        if which != 0:
            rows = self._kept(y, h, mask.shape[0], rng)
        if not mask[rows, columns].any():  # what was left of it was hollow
            return results
        for key in {'img', 'gt_mask', 'coarse_mask'} & results.keys():
            results[key] = np.ascontiguousarray(results[key][rows, columns])
        return results

    def _kept(
        self, start: int, length: int, size: int, rng: np.random.Generator
    ) -> slice:
        """Draw what stays of one axis of the image."""
        cut = round(length * rng.uniform(-self.outside, self.inside))
        if rng.random() < 0.5:
            return slice(max(start + cut, 0), size)
        return slice(0, min(start + length - cut, size))
