"""Masks predicted by a model, as coarse masks for training."""

from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.logging import print_log
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import id_of, records_of
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.rle import run_lengths

Mask = npt.NDArray[Any]
MIN_IOU = 0.3


class ModelMasks:
    """COCO results, searched for the prediction that matches a true mask.

    Masks that are not valid are skipped; their number is logged.

    Args:
        results_file (str): COCO results: a list of dicts with ``image_id``
            and ``segmentation``, run-length encoded.

    Raises:
        InputError: If the file cannot be read, is not a list of results, or
            has no masks.
    """

    def __init__(self, results_file: str) -> None:
        self.by_image = _read(results_file)

    def find(self, img_id: Any, mask: Mask) -> Mask | None:
        """Find the prediction with the highest IoU with a true mask.

        Args:
            img_id (int | str): Id of the image of the mask.
            mask (np.ndarray): True mask, (H, W) uint8, values 0 and 1.

        Returns:
            np.ndarray | None: The prediction, (H, W) uint8, values 0 and 1;
            None if no prediction of this size has an IoU of at least 0.3.
        """
        encoded = [
            rle
            for rle in self.by_image.get(img_id, [])
            if tuple(rle['size']) == mask.shape
        ]
        if not encoded:
            return None
        true = coco_mask.encode(np.asfortranarray(mask))
        ious = coco_mask.iou(encoded, [true], [0])[:, 0]
        best = int(ious.argmax())
        if ious[best] < MIN_IOU:
            return None
        return np.ascontiguousarray(coco_mask.decode(encoded[best]))


@lru_cache(maxsize=4)
def _read(results_file: str) -> dict[Any, list[dict[str, Any]]]:
    """Read the encodings of each image, once per process and file."""
    results = records_of(read_json(Path(results_file)), '', results_file)
    by_image, bad = defaultdict(list), 0
    for index, result in enumerate(results):
        image_id = id_of(result, 'image_id', f'{results_file}, {index}')
        try:
            rle = run_lengths(result.get('segmentation'))
            by_image[image_id].append(rle)
        except InputError:
            bad += 1
    if results and not any('segmentation' in r for r in results):
        raise InputError(f'{results_file} has no masks')
    if bad:
        print_log(
            f'{results_file}: {bad} of {len(results)} masks are not valid '
            'run-length encodings and are not used',
            'current',
        )
    return dict(by_image)
