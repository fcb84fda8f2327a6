"""Downsampling a sample, so that its object is small."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.reference_corruption import shrunk
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomShrink(BaseTransform):
    """Downsamples image and masks, so that the object is small.

    Data sets of large objects teach nothing about small objects, which are
    blurred when their window is upsampled to the size that the network sees.
    The predictions in ``results_file`` of :class:`SynthesizeCoarseMask` have
    the size of the original image, so a downsampled image has none.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1
    - coarse_mask (np.ndarray, optional): (H, W) uint8, values 0 and 1
    - seed (int)

    Modified Keys:

    - img: (h, w, 3) uint8
    - gt_mask, coarse_mask: (h, w) uint8, values 0 and 1

    Args:
        prob (float): Probability of downsampling, 0 to 1. Defaults to 0.5.
        min_area (int): Smallest area of the object after downsampling, in
            pixels, 1 or more; half of this if thin lines vanish. The area is
            drawn uniformly on a logarithmic scale. Defaults to 512.

    Raises:
        ValueError: If a setting is out of its range.
    """

    def __init__(self, prob: float = 0.5, min_area: int = 512) -> None:
        if not 0.0 <= prob <= 1.0:
            raise ValueError(f'prob must be 0 to 1, got {prob}')
        if min_area < 1:
            raise ValueError(f'min_area must be >= 1, got {min_area}')
        self.prob = prob
        self.min_area = min_area

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Downsample, with probability ``prob``.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        rng = np.random.default_rng([results['seed'], 7])
        area = cv2.countNonZero(results['gt_mask'])
        if rng.random() >= self.prob or area <= self.min_area:
            return results
        smallest = (self.min_area / area) ** 0.5
        scale = smallest ** rng.uniform(0, 1)
        height, width = (
            max(round(side * scale), 1) for side in results['gt_mask'].shape
        )
        masks: dict[str, Any] = {
            key: shrunk(results[key], (height, width))
            for key in ('gt_mask', 'coarse_mask')
            if key in results
        }
        # Thin lines vanish sooner than their area suggests.
        if cv2.countNonZero(masks['gt_mask']) < 0.5 * self.min_area:
            return results
        results.update(masks)
        results['img'] = cv2.resize(
            results['img'], (width, height), interpolation=cv2.INTER_AREA
        )
        return results
