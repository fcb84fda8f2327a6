"""Loading the true mask of an object."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.orientation import lay_as_masks
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadTrueMask(BaseTransform):
    """Loads a true mask from a file, or from COCO polygons or run lengths.

    Loaders rotate an image by its EXIF orientation tag. If the mask was drawn
    on the stored pixels, the rotation is undone, as on the command line.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - img_path (str)
    - mask_path (str): Mask file; or
    - segmentation (list | dict): COCO encoding, with ann_id (int | str) and
      ann_size (tuple, optional), height and width of the annotated image

    Added Keys:

    - gt_mask (np.ndarray): (H, W) uint8, values 0 and 1

    Modified Keys, if the rotation is undone:

    - img, img_shape, ori_shape

    Args:
        min_area (int): Masks with fewer pixels are an error. Defaults to 512.
    """

    def __init__(self, min_area: int = 512) -> None:
        self.min_area = min_area

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``gt_mask``.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.

        Raises:
            InputError: If the mask cannot be read or decoded, does not have
                the size of the image, or has fewer than ``min_area`` pixels.
        """
        if 'mask_path' in results:
            name = results['mask_path']
            mask = read_mask(name)
            lay_as_masks(results, mask.shape, name)
        else:
            name = f'annotation {results["ann_id"]} of {results["img_path"]}'
            mask = _decode(results, name)
        area = cv2.countNonZero(mask)
        if area < self.min_area:
            raise InputError(
                f'{name} has {area} pixels, fewer than {self.min_area}'
            )
        results['gt_mask'] = mask
        return results


def read_mask(
    path: str, size: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """Read a mask file and threshold it at half of its maximum.

    Args:
        path (str): Image file, 8 or 16 bit, with any two values or soft
            edges; colours are converted to grey.
        size (tuple[int, int], optional): Expected height and width. Defaults
            to None: any size.

    Returns:
        np.ndarray: (H, W) uint8, values 0 and 1.

    Raises:
        InputError: If the file cannot be read, has another size, or has more
            than two values that are all below 128, like a label map.
    """
    picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        raise InputError(f'cannot read the mask {path}')
    if size is not None and picture.shape != tuple(size):
        raise InputError(
            f'{path} is {picture.shape[1]} x {picture.shape[0]}, its image '
            f'is {size[1]} x {size[0]}'
        )
    highest = picture.max()
    if highest < 128 and _has_more_than_two_values(picture):
        raise InputError(
            f'{path} looks like a label map, with values up to {highest}: '
            'write a mask of two values per object'
        )
    return (picture > highest / 2).astype(np.uint8)


def _has_more_than_two_values(picture: npt.NDArray[Any]) -> bool:
    # This runs for every sample: avoid the sorting of np.unique.
    between = (picture != picture.max()) & (picture != picture.min())
    return bool(between.any())


def _decode(results: dict[str, Any], name: str) -> npt.NDArray[np.uint8]:
    lay_as_masks(results, results.get('ann_size', results['img'].shape), name)
    size = results['img'].shape[:2]
    try:
        return decode_mask(results['segmentation'], size)
    except InputError as error:
        raise InputError(f'{name}: {error}') from None
