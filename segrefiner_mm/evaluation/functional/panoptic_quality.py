"""Panoptic quality (arXiv 1801.00868) and Boundary PQ (arXiv 2103.16562)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.label_quality import near_boundary

VOID = 0  # id of pixels without a segment
KINDS = ('segm', 'boundary')
# Rows of a table of counts; the columns are categories.
TP, FP, FN, IOU = range(4)


class PanopticMap(NamedTuple):
    """Segments of an image.

    Attributes:
        ids (np.ndarray): (H, W) int, id of the segment of every pixel, 0 for
            none.
        categories (Mapping[int, int]): Id of the category by id of a segment.
        crowds (frozenset[int]): Ids of segments that are crowds. Defaults to
            an empty set.
    """

    ids: npt.NDArray[Any]
    categories: Mapping[int, int]
    crowds: frozenset[int] = frozenset()


class _Areas(NamedTuple):
    """Areas of segments and of their intersections, in pixels."""

    gt: dict[int, int]
    pred: dict[int, int]
    both: dict[tuple[int, int], int]

    def iou(self, true: int, pred_id: int) -> float:
        """Return the IoU; pixels void in the ground truth do not count."""
        shared = self.both.get((true, pred_id), 0)
        union = self.gt[true] + self.pred[pred_id] - shared
        union -= self.both.get((VOID, pred_id), 0)
        return shared / union if union else 0.0


def panoptic_counts(
    gt: PanopticMap, pred: PanopticMap, categories: list[int]
) -> npt.NDArray[np.float64]:
    """Match the segments of an image.

    A pair matches if both segments have the same category and their IoU is
    above 0.5. For Boundary PQ, the smaller of IoU and Boundary IoU is used.

    Args:
        gt (PanopticMap): True segments.
        pred (PanopticMap): Predicted segments.
        categories (list[int]): Ids of all C categories.

    Returns:
        np.ndarray: (2, 4, C) float64: for areas, then for boundaries, the
        numbers of true positives, false positives and false negatives, and the
        sum of the IoUs of matches, by category in the order of ``categories``.

    Raises:
        InputError: If the sizes differ, a segment has no category, a category
            is not among ``categories``, or a map has more than 65,535 ids.
    """
    if gt.ids.shape != pred.ids.shape:
        raise InputError(
            f'a panoptic map has {pred.ids.shape} pixels, the true one '
            f'{gt.ids.shape}'
        )
    columns = {category: place for place, category in enumerate(categories)}
    for part in (gt, pred):
        _check(part, columns)
    areas = _areas(gt.ids, pred.ids)
    edges = _areas(_edge_ids(gt.ids), _edge_ids(pred.ids))
    pairs = [
        (true, pred_id, areas.iou(true, pred_id), edges.iou(true, pred_id))
        for true, pred_id in areas.both
        if true != VOID
        and pred_id != VOID
        and true not in gt.crowds
        and gt.categories[true] == pred.categories[pred_id]
    ]
    counts = np.zeros((len(KINDS), 4, len(categories)))
    for kind, table in enumerate(counts):
        matched_true, matched_pred = set(), set()
        for true, pred_id, iou, edge_iou in pairs:
            iou = min(iou, edge_iou) if kind else iou
            if iou > 0.5:
                column = columns[gt.categories[true]]
                table[[TP, IOU], column] += 1, iou
                matched_true.add(true)
                matched_pred.add(pred_id)
        for true in areas.gt.keys() - matched_true - gt.crowds - {VOID}:
            table[FN, columns[gt.categories[true]]] += 1
        for pred_id in areas.pred.keys() - matched_pred - {VOID}:
            if not _excused(pred_id, gt, pred, areas):
                table[FP, columns[pred.categories[pred_id]]] += 1
    return counts


def panoptic_figures(
    counts: npt.NDArray[np.float64], things: npt.NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Average over the categories of a data set.

    Args:
        counts (np.ndarray): (2, 4, C), the sum of :func:`panoptic_counts`.
        things (np.ndarray): (C,) bool, True for things.

    Returns:
        dict[str, dict[str, float]]: For ``segm`` and ``boundary``, PQ, SQ and
        RQ over all categories, and with the suffixes ``_th`` and ``_st`` over
        things and over stuff; 0 to 1, NaN if no category has a segment.
    """
    figures: dict[str, dict[str, float]] = {}
    for kind, table in zip(KINDS, counts, strict=True):
        present = table[[TP, FP, FN]].any(axis=0)
        figures[kind] = {}
        for suffix, chosen in (
            ('', present),
            ('_th', things),
            ('_st', ~things),
        ):
            tp, fp, fn, iou = table[:, chosen & present]
            sq = np.divide(iou, tp, out=np.zeros_like(tp), where=tp > 0)
            rq = tp / (tp + fp / 2 + fn / 2)
            for name, values in (('PQ', sq * rq), ('SQ', sq), ('RQ', rq)):
                mean = float(values.mean()) if len(values) else np.nan
                figures[kind][name + suffix] = mean
    return figures


def _check(part: PanopticMap, columns: dict[int, int]) -> None:
    listed = set(part.categories)
    drawn = set(np.unique(part.ids).tolist()) - {VOID}
    if drawn - listed:
        raise InputError(
            f'segment {min(drawn - listed)} of a panoptic map is not in its '
            'segments_info'
        )
    strange = set(part.categories.values()) - set(columns)
    if strange:
        raise InputError(f'there is no category {min(strange)}')


def _areas(gt: npt.NDArray[Any], pred: npt.NDArray[Any]) -> _Areas:
    true, predicted = gt.astype(np.int64), pred.astype(np.int64)
    base = int(predicted.max(initial=0)) + 1
    pairs, sizes = np.unique(true * base + predicted, return_counts=True)
    both = {
        divmod(pair, base): size
        for pair, size in zip(pairs.tolist(), sizes.tolist(), strict=True)
    }
    sums: tuple[dict[int, int], ...] = defaultdict(int), defaultdict(int)
    for pair, size in both.items():
        for part, segment in zip(sums, pair, strict=True):
            part[segment] += size
    return _Areas(sums[0], sums[1], both)


def _edge_ids(ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Keep ids near the boundary of their segment, and void."""
    known, compact = np.unique(ids, return_inverse=True)
    if len(known) > np.iinfo(np.uint16).max:
        raise InputError(f'a panoptic map has {len(known)} segments')
    edge = near_boundary(compact.reshape(ids.shape).astype(np.uint16))
    # A number above all others marks the inside.
    return np.where(edge | (ids == VOID), ids, ids.max(initial=0) + 1)


def _excused(
    pred_id: int, gt: PanopticMap, pred: PanopticMap, areas: _Areas
) -> bool:
    """Return whether most of a segment is void or a crowd of its category."""
    category = pred.categories[pred_id]
    crowds = [c for c in gt.crowds if gt.categories[c] == category]
    outside = sum(areas.both.get((i, pred_id), 0) for i in (VOID, *crowds))
    return outside / areas.pred[pred_id] > 0.5
