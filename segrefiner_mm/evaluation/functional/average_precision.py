"""Mask AP and Boundary AP, by COCO's and by LVIS's rules.

The evaluator is faster-coco-eval. Boundary AP (Cheng et al., CVPR 2021, arXiv
2103.16562) uses the smaller of mask IoU and Boundary IoU, with boundaries as
wide as 2 % of the image's diagonal.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faster_coco_eval import COCO, COCOeval_faster

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.boundary_eval import BoundaryEval
from segrefiner_mm.evaluation.functional.coco_inputs import CocoTruth
from segrefiner_mm.evaluation.functional.coco_numbers import with_numbers

IOU_TYPES = ('segm', 'boundary')
Figures = dict[str, dict[str, float]]

COCO_NAMES = {
    'AP': 'AP_all',
    'AP50': 'AP_50',
    'AP75': 'AP_75',
    'APs': 'AP_small',
    'APm': 'AP_medium',
    'APl': 'AP_large',
    'AR1': 'AR_all',
    'AR10': 'AR_second',
    'AR100': 'AR_third',
    'ARs': 'AR_small',
    'ARm': 'AR_medium',
    'ARl': 'AR_large',
}
LVIS_NAMES = {
    **{name: COCO_NAMES[name] for name in list(COCO_NAMES)[:6]},
    'APr': 'APr',
    'APc': 'APc',
    'APf': 'APf',
    'AR@300': 'AR_all',
    'ARs@300': 'AR_small',
    'ARm@300': 'AR_medium',
    'ARl@300': 'AR_large',
}


def evaluate_coco(
    gt_json: str | Path | dict[str, Any] | CocoTruth,
    dt_json: str | Path | list[Any],
    iou_types: Sequence[str] = IOU_TYPES,
    classwise: bool = False,
    skip_unknown: bool = False,
) -> Figures:
    """Compute average precision and recall by COCO's rules.

    Args:
        gt_json (str | Path | dict | CocoTruth): COCO annotations, or the path
            of their file.
        dt_json (str | Path | list): COCO results with masks, or the path of
            their file. As in the reference evaluators, results count as small,
            medium or large by their ``bbox`` if all have one, else by their
            mask.
        iou_types (Sequence[str]): ``'segm'``, ``'boundary'`` or both.
            Defaults to both.
        classwise (bool): Whether to give the AP of every category too.
            Defaults to False.
        skip_unknown (bool): Whether to skip results whose image or category is
            not annotated. Their number is logged. Defaults to False: they are
            an error.

    Returns:
        dict[str, dict[str, float]]: For each type AP, AP50, AP75, APs, APm,
        APl, AR1, AR10, AR100, ARs, ARm and ARl, and with ``classwise`` the
        ``AP/NAME`` of categories, 0 to 1; -1 where there are no annotations.

    Raises:
        InputError: If a file cannot be read or is invalid, the results do not
            match the annotations, or one of ``iou_types`` is unknown.
    """
    return _evaluate(
        gt_json, dt_json, iou_types, COCO_NAMES, classwise, skip_unknown
    )


def evaluate_lvis(
    gt_json: str | Path | dict[str, Any] | CocoTruth,
    dt_json: str | Path | list[Any],
    iou_types: Sequence[str] = IOU_TYPES,
    classwise: bool = False,
    skip_unknown: bool = False,
) -> Figures:
    """Compute AP and AR by LVIS's rules, with 300 results per image.

    Args:
        gt_json (str | Path | dict | CocoTruth): LVIS annotations, or the path
            of their file.
        dt_json (str | Path | list): See :func:`evaluate_coco`.
        iou_types (Sequence[str]): See :func:`evaluate_coco`. Defaults to
            both.
        classwise (bool): See :func:`evaluate_coco`. Defaults to False.
        skip_unknown (bool): See :func:`evaluate_coco`. Defaults to False.

    Returns:
        dict[str, dict[str, float]]: For each type AP, AP50, AP75, APs, APm,
        APl, APr, APc, APf (rare, common and frequent categories), AR@300,
        ARs@300, ARm@300 and ARl@300, and ``AP/NAME``; see
        :func:`evaluate_coco`.

    Raises:
        InputError: See :func:`evaluate_coco`.
    """
    return _evaluate(
        gt_json, dt_json, iou_types, LVIS_NAMES, classwise, skip_unknown
    )


def _evaluate(
    gt: str | Path | dict[str, Any] | CocoTruth,
    dt: str | Path | list[Any],
    iou_types: Sequence[str],
    names: dict[str, str],
    classwise: bool,
    skip_unknown: bool,
) -> Figures:
    unknown = [kind for kind in iou_types if kind not in IOU_TYPES]
    if unknown:
        raise InputError(f'iou_types must be of {IOU_TYPES}, got {unknown}')
    lvis = names is LVIS_NAMES
    truth = gt if isinstance(gt, CocoTruth) else CocoTruth(gt, lvis=lvis)
    results = truth.check_results(dt, skip_unknown)
    # Copies, as the evaluator adds boundaries and more to each.
    content, results, ids = with_numbers(truth.content, results)
    if lvis:
        results = _known_to_lvis(content, results)
    coco_gt = COCO(content)
    coco_dt = COCO({**content, 'annotations': results})
    figures = {}
    for kind in iou_types:
        evaluator = (COCOeval_faster if kind == 'segm' else BoundaryEval)(
            coco_gt, coco_dt, 'segm', print_function=_silent, lvis_style=lvis
        )
        if lvis:
            evaluator.params.maxDets = [300]
        evaluator.run()
        stats = evaluator.stats_as_dict
        figures[kind] = {ours: stats[name] for ours, name in names.items()}
        if classwise:
            figures[kind] |= _by_class(evaluator, content['categories'], ids)
    return figures


def _known_to_lvis(
    content: dict[str, Any], results: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Select results of categories that were annotated in their image.

    By LVIS's rules, no other results count. faster-coco-eval drops these too,
    but fails if all results of an image are dropped.
    """
    absent = {i['id']: set(i['neg_category_ids']) for i in content['images']}
    present = {
        (a['image_id'], a['category_id']) for a in content['annotations']
    }
    return [
        result
        for result in results
        if (result['image_id'], result['category_id']) in present
        or result['category_id'] in absent[result['image_id']]
    ]


def _by_class(
    evaluator: Any, categories: list[dict[str, Any]], ids: dict[int, Any]
) -> dict[str, float]:
    """Return the AP of every category, over all sizes of objects."""
    precision = evaluator.eval['precision'][:, :, :, 0, -1]
    names = {c['id']: str(c.get('name', ids[c['id']])) for c in categories}
    counts = Counter(names.values())
    figures = {}
    for place, category in enumerate(evaluator.params.catIds):
        own = precision[:, :, place]
        known = own[own > -1]
        mean = float(known.mean()) if known.size else -1.0
        name = names[category]
        if counts[name] > 1:
            name = f'{name} ({ids[category]})'
        figures[f'AP/{name}'] = mean
    return figures


def _silent(*_: Any) -> None:
    """Do nothing, in place of printing."""
