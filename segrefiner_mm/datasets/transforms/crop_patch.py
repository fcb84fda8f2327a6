"""Crop of a full-resolution patch at the edge of an object."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.reference_corruption import stretched
from segrefiner_mm.registry import TRANSFORMS

MASKS = ('gt_mask', 'coarse_mask')


@TRANSFORMS.register_module()
class CropPatch(BaseTransform):
    """Crops a full-resolution square that contains a pixel of the true edge.

    So the square contains both object and background, unless the object fills
    the image. If the image is smaller than the square, the crop is resized, as
    tiles are in refinement.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1, not empty
    - coarse_mask (np.ndarray, optional): (H, W) uint8, values 0 and 1
    - seed (int)

    Modified Keys:

    - img: (size, size, 3) uint8
    - gt_mask, coarse_mask: (size, size) uint8, values 0 and 1

    Args:
        size (int): Side of the square in pixels. Defaults to 256.
    """

    def __init__(self, size: int = 256) -> None:
        self.size = size

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop; resize the crop if the image is too small.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.
        """
        rng = np.random.default_rng([results['seed'], 4])
        mask = results['gt_mask']
        height, width = (min(self.size, side) for side in mask.shape)
        x, y = _edge_pixel(mask, rng)
        # One pixel of margin, so that both sides of the edge are inside.
        top = _start(y, height, mask.shape[0], rng)
        left = _start(x, width, mask.shape[1], rng)
        window = slice(top, top + height), slice(left, left + width)
        size = self.size, self.size
        for key in ('img', *MASKS):
            if key not in results:
                continue
            crop = np.ascontiguousarray(results[key][window])
            if crop.shape[:2] != size:
                resize = stretched if key in MASKS else cv2.resize
                crop = resize(crop, size)
            results[key] = crop
        return results


def _edge_pixel(
    mask: npt.NDArray[Any], rng: np.random.Generator
) -> tuple[int, int]:
    """Choose an object pixel beside the background, else any object pixel."""
    # The object goes on beyond the border of the image.
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inner = cv2.erode(framed, np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    rows, columns = np.nonzero(mask > inner)
    if not len(rows):
        rows, columns = np.nonzero(mask)
    chosen = rng.integers(len(rows))
    return int(columns[chosen]), int(rows[chosen])


def _start(
    centre: int, side: int, length: int, rng: np.random.Generator
) -> int:
    first, last = centre - side + 2, centre - 1
    start = rng.integers(first, max(last, first) + 1)
    return int(np.clip(start, 0, length - side))
