"""Boundary AP that computes only the boundaries that can change the result."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from faster_coco_eval import COCOeval_faster

from segrefiner_mm.evaluation.functional.mask_quality import (
    boundary_width,
    inner_edge,
)
from segrefiner_mm.io.encodings.run_table import RunTable
from segrefiner_mm.windows.compact_mask import Box

GROUPS = 500  # pairs of image and category decoded together

Edge = tuple[Box, npt.NDArray[np.bool_], int]
Group = tuple[Any, Any]  # ids of an image and of a category


class BoundaryEval(COCOeval_faster):
    """Evaluates by the smaller of mask IoU and Boundary IoU.

    A pair whose mask IoU is under the lowest threshold cannot match, whatever
    its Boundary IoU, so the boundaries of most masks are not needed. A
    boundary that is needed is computed inside the box of its mask.

    Args:
        *args: See ``COCOeval_faster``; ``iouType`` must be 'segm'.
        **kwargs: See ``COCOeval_faster``.
    """

    def computeIoU(self, imgId: Any, catId: Any) -> Any:  # noqa: N802, N803
        """Return the smaller of both IoUs for the pairs of an image.

        Args:
            imgId (int): Id of the image.
            catId (int): Id of the category.

        Returns:
            np.ndarray: (results, annotations) float64, 0 to 1, best scores
            first; an empty list if there are no results or no annotations.
        """
        return self._smaller_ious.get((imgId, catId), [])

    def _prepare(self) -> None:
        """Load the data, then compute all IoUs, ``GROUPS`` at a time."""
        super()._prepare()
        self._smaller_ious: dict[Group, npt.NDArray[np.float64]] = {}
        groups = iter(self._groups())
        while chunk := list(islice(groups, GROUPS)):
            self._add_boundaries(chunk)

    def _groups(self) -> list[Group]:
        """List images and categories with both annotations and results."""
        category_ids = [
            {(a['image_id'], a['category_id']) for a in part.anns.values()}
            for part in (self.cocoGt, self.cocoDt)
        ]
        return sorted(category_ids[0] & category_ids[1])

    def _add_boundaries(self, groups: list[Group]) -> None:
        """Compute the smaller of both IoUs for some groups."""
        masks: dict[tuple[bool, Any], dict[str, Any]] = {}
        pairs = []
        for group in groups:
            ious = super().computeIoU(*group)
            if len(ious) == 0:
                continue
            self._smaller_ious[group] = ious
            for row, column, true, predicted in self._candidates(group, ious):
                keys = (True, true['id']), (False, predicted['id'])
                masks.update(
                    zip(keys, (true['rle'], predicted['rle']), strict=True)
                )
                pairs.append((ious, (row, column), keys))
        edges = _Edges(masks)
        for ious, place, keys in pairs:
            ious[place] = min(ious[place], edges.iou(*keys, ious[place]))

    def _candidates(
        self, group: Group, ious: npt.NDArray[np.float64]
    ) -> Iterator[tuple[int, int, dict[str, Any], dict[str, Any]]]:
        """Yield pairs that can match: position, annotation and result."""
        gt, dt = (
            part.get_instances([group[0]], [group[1]], True)[0][0]
            for part in (self.gt_dataset, self.dt_dataset)
        )
        order = np.argsort([-d['score'] for d in dt], kind='mergesort')
        can_match = ious >= self.params.iouThrs.min() - 1e-9
        for row, column in np.argwhere(can_match).tolist():
            if not gt[column].get('iscrowd'):
                yield row, column, gt[column], dt[order[row]]


class _Edges:
    """Inner edges of masks, computed on demand.

    Args:
        masks (dict): Masks by key, as compressed run lengths.
    """

    def __init__(self, masks: dict[Any, dict[str, Any]]) -> None:
        self._table = RunTable(list(masks.values()))
        self._index = {key: index for index, key in enumerate(masks)}
        sizes = [tuple(mask['size']) for mask in masks.values()]
        width_of = {size: boundary_width(size) for size in set(sizes)}
        self._width = np.array([width_of[size] for size in sizes], int)
        sides = self._table.boxes[:, 2:] - self._table.boxes[:, :2]
        # No square around a pixel fits in, so all of the mask is edge.
        self._thin = sides.min(axis=1) <= 2 * self._width
        self._found: dict[int, Edge] = {}

    def iou(self, first: Any, second: Any, mask_iou: float) -> float:
        """Return the Boundary IoU of two masks, given their mask IoU."""
        places = self._index[first], self._index[second]
        if self._thin[list(places)].all():
            return mask_iou
        one, other = map(self._edge, places)
        shared = one[0].intersect(other[0])
        both = 0
        if shared is not None:
            parts = (
                e[1][shared.relative_to(e[0]).slices()] for e in (one, other)
            )
            both = int(np.count_nonzero(np.logical_and(*parts)))
        return both / (one[2] + other[2] - both)

    def _edge(self, index: int) -> Edge:
        if index not in self._found:
            x1, y1, x2, y2 = self._table.boxes[index].tolist()
            mask = self._table.columns(index)
            edge = inner_edge(mask.view(bool), int(self._width[index]))
            # Columns are rows here, to avoid a copy.
            area = int(np.count_nonzero(edge))
            self._found[index] = Box(y1, x1, y2, x2), edge, area
        return self._found[index]
