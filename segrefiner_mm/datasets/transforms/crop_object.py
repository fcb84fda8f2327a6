"""Crop of the window around one object, as in refinement."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.reference_corruption import stretched
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CropObject(BaseTransform):
    """Crops image and masks to a window around the object and resizes them.

    The window is the box of the coarse mask, as in refinement, padded by an
    independent random number of pixels on each side, inside the image. If the
    mask is empty, the box of the true mask is used.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - gt_mask, coarse_mask (np.ndarray): (H, W) uint8, values 0 and 1
    - seed (int)

    Modified Keys:

    - img: (size, size, 3) uint8
    - gt_mask, coarse_mask: (size, size) uint8, values 0 and 1

    Args:
        size (int): Side of the result in pixels. Defaults to 256.
        pad (tuple[int, int]): Minimum and maximum number of pixels added on a
            side. Defaults to (10, 40).
        around (str): Key of the mask whose box is used. Defaults to
            'coarse_mask'.
    """

    def __init__(
        self,
        size: int = 256,
        pad: tuple[int, int] = (10, 40),
        around: str = 'coarse_mask',
    ) -> None:
        self.size = size
        self.pad = pad
        self.around = around

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop and resize.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        rng = np.random.default_rng([results['seed'], 1])
        mask = results[self.around]
        if not mask.any():  # the coarse mask lost its object
            mask = results['gt_mask']
        x, y, w, h = cv2.boundingRect(mask)
        left, top, right, bottom = rng.integers(
            self.pad[0], self.pad[1] + 1, 4
        ).tolist()
        rows = slice(max(y - top, 0), y + h + bottom)
        columns = slice(max(x - left, 0), x + w + right)
        size = self.size, self.size
        results['img'] = cv2.resize(results['img'][rows, columns], size)
        for key in ('gt_mask', 'coarse_mask'):
            results[key] = stretched(results[key][rows, columns], size)
        return results
