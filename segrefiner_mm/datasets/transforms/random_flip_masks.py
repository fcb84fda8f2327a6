"""Horizontal flip of an image and its masks."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomFlipMasks(BaseTransform):
    """Flips image, true mask and coarse mask from left to right.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - gt_mask, coarse_mask (np.ndarray): (H, W) uint8
    - seed (int)

    Modified Keys:

    - img, gt_mask, coarse_mask

    Args:
        prob (float): Probability of a flip, 0 to 1. Defaults to 0.5.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Flip, with probability ``prob``.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        rng = np.random.default_rng([results['seed'], 2])
        if rng.random() < self.prob:
            for key in ('img', 'gt_mask', 'coarse_mask'):
                results[key] = np.ascontiguousarray(results[key][:, ::-1])
        return results
