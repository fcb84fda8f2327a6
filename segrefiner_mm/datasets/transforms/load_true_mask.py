"""Loads the true mask of one object."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadTrueMask(BaseTransform):
    """Loads a mask from a picture or from COCO's polygons and encodings.

    Required Keys:

    - img (np.ndarray)
    - mask_path (str), or segmentation (list | dict)

    Added Keys:

    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1

    Args:
        min_area (int): Masks with fewer pixels cannot be used. Defaults to
            512.
    """

    def __init__(self, min_area: int = 512) -> None:
        self.min_area = min_area

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``gt_mask``; an InputError says why it cannot be used."""
        name = results.get('mask_path') or (
            f'annotation {results.get("ann_id")} of {results["img_path"]}'
        )
        height, width = results['img'].shape[:2]
        if 'mask_path' in results:
            mask = cv2.imread(name, cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise InputError(f'cannot read the mask {name}')
            mask = (mask > 127).astype(np.uint8)
        else:
            mask = _decode(results['segmentation'], height, width, name)
        if mask.shape != (height, width):
            raise InputError(
                f'{name} is {mask.shape[1]} x {mask.shape[0]}, its image is '
                f'{width} x {height}'
            )
        area = cv2.countNonZero(mask)
        if area < self.min_area:
            raise InputError(
                f'{name} has {area} pixels, fewer than {self.min_area}'
            )
        results['gt_mask'] = mask
        return results


def _decode(
    segmentation: Any, height: int, width: int, name: str
) -> np.ndarray:
    try:
        encoded = coco_mask.frPyObjects(segmentation, height, width)
        if isinstance(encoded, list):
            encoded = coco_mask.merge(encoded)
        return np.ascontiguousarray(coco_mask.decode(encoded))
    except Exception as error:  # pycocotools raises bare exceptions
        raise InputError(
            f'{name}: not a valid segmentation ({error})'
        ) from None
