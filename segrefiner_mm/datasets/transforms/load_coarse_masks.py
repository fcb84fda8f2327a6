"""Loading stored coarse masks."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.datasets.transforms.orientation import lay_as_masks
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCoarseMasks(BaseTransform):
    """Loads stored coarse masks.

    If a sample has encoded predictions of a model, all are loaded. If it has
    mask files, which show the same object, one is loaded at random.

    Required Keys:

    - img (np.ndarray): (H, W, 3) uint8
    - img_path (str, optional)
    - coarse_segmentations (list): COCO encodings, with ann_size (tuple,
      optional), height and width of the annotated image; or
    - coarse_paths (list[str]): Mask files
    - seed (int, optional): Seed of the choice among mask files; 0 if missing

    Added Keys:

    - coarse_mask (np.ndarray): (N, H, W), or (H, W) from a mask file, uint8,
      values 0 and 1

    Modified Keys, as by :class:`LoadTrueMask`:

    - img, img_shape, ori_shape

    Args:
        prob (float): Probability of loading a mask file, 0 to 1. If none is
            loaded, or ``coarse_paths`` is empty, :class:`SynthesizeCoarseMask`
            can make a coarse mask. With 1, every sample needs a mask file.
            Defaults to 1.0.
    """

    def __init__(self, prob: float = 1.0) -> None:
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add ``coarse_mask``.

        Args:
            results (dict): See the class.

        Returns:
            dict: ``results``, changed in place.

        Raises:
            InputError: If a coarse mask cannot be read or decoded, does not
                have the size of the image, or is missing.
        """
        if (encoded := results.get('coarse_segmentations')) is not None:
            name = results.get('img_path', 'the image')
            if 'ann_size' in results:
                lay_as_masks(
                    results, results['ann_size'], f'the annotation of {name}'
                )
            size = results['img'].shape[:2]
            try:
                masks = [decode_mask(mask, size) for mask in encoded]
            except InputError as error:
                raise InputError(f'a coarse mask of {name}: {error}') from None
            results['coarse_mask'] = np.array(masks, np.uint8).reshape(
                -1, *size
            )
            return results
        rng = np.random.default_rng([results.get('seed', 0), 5])
        if rng.random() >= self.prob:
            return results
        paths = results['coarse_paths']
        if not paths:
            if self.prob < 1.0:
                return results
            raise InputError(
                f'{results.get("img_path", "the image")} has no coarse mask: '
                'put its path into the list of pairs, after the true mask'
            )
        path = paths[rng.integers(len(paths))]
        # If there is a true mask, the image has its orientation.
        size = results['img'].shape[:2] if 'gt_mask' in results else None
        mask = read_mask(path, size)
        lay_as_masks(results, mask.shape, path)
        results['coarse_mask'] = mask
        return results
