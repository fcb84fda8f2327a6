"""Boundary AP that looks only at the boundaries that can matter."""

from typing import Any

import numpy as np
import numpy.typing as npt
from faster_coco_eval import COCOeval_faster
from pycocotools import mask as coco_mask

from segrefiner_mm.encodings import decode_crop
from segrefiner_mm.evaluation.functional.mask_quality import inner_edge
from segrefiner_mm.windows.compact_mask import Box

DILATION_RATIO = 0.02
Edge = tuple[Box, npt.NDArray[np.bool_], int]


class BoundaryEval(COCOeval_faster):
    """Counts by the smaller of mask IoU and Boundary IoU.

    A pair whose mask IoU is under the lowest threshold cannot match, whatever
    its Boundary IoU; so the boundaries of most masks are never needed. Those
    that are, are found inside the box of their mask.

    Args:
        *args: See ``COCOeval_faster``; ``iouType`` must be 'segm'.
        **kwargs: See ``COCOeval_faster``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._edges: dict[tuple[bool, Any], Edge] = {}

    def computeIoU(self, imgId: Any, catId: Any) -> Any:  # noqa: N802, N803
        """IoUs of the results of an image and category, best scores first.

        Args:
            imgId (int): Image.
            catId (int): Category.

        Returns:
            np.ndarray: (results, annotations), or an empty list.
        """
        ious = super().computeIoU(imgId, catId)
        if len(ious) == 0:
            return ious
        gt, dt = (
            part.get_instances([imgId], [catId], True)[0][0]
            for part in (self.gt_dataset, self.dt_dataset)
        )
        order = np.argsort([-d['score'] for d in dt], kind='mergesort')
        can_match = np.asarray(ious) >= self.params.iouThrs.min() - 1e-9
        for row, column in zip(*can_match.nonzero(), strict=True):
            if gt[column].get('iscrowd'):
                continue
            pair = gt[column], dt[order[row]]
            edges = [self._edge(mask, mask is pair[0]) for mask in pair]
            ious[row, column] = min(ious[row, column], _iou(*edges))
        return ious

    def _edge(self, annotation: dict, is_true: bool) -> Edge:
        key = is_true, annotation['id']
        if key not in self._edges:
            encoded = annotation['rle']
            height, width = encoded['size']
            x, y, w, h = map(int, coco_mask.toBbox(encoded))
            box = Box(x, y, x + w, y + h)
            mask = decode_crop(encoded, x, y, w, h)
            reach = max(round(DILATION_RATIO * np.hypot(height, width)), 1)
            edge = inner_edge(np.ascontiguousarray(mask), reach)
            self._edges[key] = box, edge, int(np.count_nonzero(edge))
        return self._edges[key]


def _iou(first: Edge, second: Edge) -> float:
    shared = first[0].intersect(second[0])
    both = 0
    if shared is not None:
        parts = (
            e[1][shared.relative_to(e[0]).slices()] for e in (first, second)
        )
        both = int(np.count_nonzero(np.logical_and(*parts)))
    union = first[2] + second[2] - both
    return both / union if union else 0.0
