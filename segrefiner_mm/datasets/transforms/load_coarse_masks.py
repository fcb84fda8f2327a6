"""Loads coarse masks that were made before."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.encodings import decode_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCoarseMasks(BaseTransform):
    """Loads stored coarse masks.

    Those that a model predicted are loaded all together; of pictures, which
    are of one object, a random one.

    Required Keys:

    - img (np.ndarray)
    - coarse_segmentations (list): COCO encodings; or
    - coarse_paths (list[str]): Mask pictures
    - seed (int, optional): For a choice among pictures

    Added Keys:

    - coarse_mask (np.ndarray): (N, H, W), or (H, W) of a picture, uint8,
      values 0 and 1

    Args:
        prob (float): How often; else, and where an image has no picture of
            one, a coarse mask is left to be made by
            :class:`SynthesizeCoarseMask`. Defaults to 1.0.
    """

    def __init__(self, prob: float = 1.0) -> None:
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``coarse_mask``; an InputError says why it cannot be used."""
        size = results['img'].shape[:2]
        if (encoded := results.get('coarse_segmentations')) is not None:
            try:
                masks = [decode_mask(mask, size) for mask in encoded]
            except InputError as error:
                name = results.get('img_path', 'the image')
                raise InputError(f'a coarse mask of {name}: {error}') from None
            results['coarse_mask'] = np.array(masks, np.uint8).reshape(
                -1, *size
            )
            return results
        rng = np.random.default_rng([results.get('seed', 0), 5])
        if rng.random() >= self.prob:
            return results
        paths = results['coarse_paths']
        if not paths and self.prob < 1.0:
            return results
        path = paths[rng.integers(len(paths))]
        results['coarse_mask'] = read_mask(path, size)
        return results
