"""Mask AP and Boundary AP, by COCO's and by LVIS's rules.

Counting is done by faster-coco-eval. Boundary AP (Cheng et al., CVPR 2021,
arXiv 2103.16562) takes the smaller of mask IoU and Boundary IoU, the boundary
being within 2 % of the image's diagonal.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faster_coco_eval import COCO, COCOeval_faster

from segrefiner_mm.encodings import run_lengths
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.boundary_eval import BoundaryEval
from segrefiner_mm.files import read_json
from segrefiner_mm.run_table import decode_runs

IOU_TYPES = ('segm', 'boundary')
CHUNK = 1000  # masks that are checked together
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
    gt_json: str | Path | dict,
    dt_json: str | Path | list,
    iou_types: Sequence[str] = IOU_TYPES,
    classwise: bool = False,
) -> Figures:
    """Average precision and recall by COCO's rules.

    Args:
        gt_json (str | Path | dict): COCO annotations, or their file.
        dt_json (str | Path | list): COCO results with masks, or their file.
            As in the reference evaluators, results with a ``bbox`` count as
            small, medium or large by their box, others by their mask.
        iou_types (Sequence[str]): Of ``'segm'`` and ``'boundary'``. Defaults
            to both.
        classwise (bool): Whether to give the AP of every category too.
            Defaults to False.

    Returns:
        dict[str, dict[str, float]]: Per type AP, AP50, AP75, APs, APm, APl,
        AR1, AR10, AR100, ARs, ARm and ARl, and ``AP/NAME`` of categories, 0
        to 1; -1 where there is nothing to find.

    Raises:
        InputError: If a file cannot be read or does not fit the other.
    """
    return _evaluate(gt_json, dt_json, iou_types, COCO_NAMES, False, classwise)


def evaluate_lvis(
    gt_json: str | Path | dict,
    dt_json: str | Path | list,
    iou_types: Sequence[str] = IOU_TYPES,
    classwise: bool = False,
) -> Figures:
    """Average precision and recall by LVIS's rules: 300 results per image.

    Args:
        gt_json (str | Path | dict): LVIS annotations, or their file.
        dt_json (str | Path | list): See :func:`evaluate_coco`.
        iou_types (Sequence[str]): See :func:`evaluate_coco`.
        classwise (bool): See :func:`evaluate_coco`.

    Returns:
        dict[str, dict[str, float]]: Per type AP, AP50, AP75, APs, APm, APl,
        APr, APc, APf (rare, common and frequent categories), AR@300, ARs@300,
        ARm@300 and ARl@300.

    Raises:
        InputError: See :func:`evaluate_coco`.
    """
    return _evaluate(gt_json, dt_json, iou_types, LVIS_NAMES, True, classwise)


def _evaluate(
    gt_json: str | Path | dict,
    dt_json: str | Path | list,
    iou_types: Sequence[str],
    names: dict[str, str],
    lvis: bool,
    classwise: bool,
) -> Figures:
    unknown = [kind for kind in iou_types if kind not in IOU_TYPES]
    if unknown:
        raise InputError(f'iou_types are {IOU_TYPES}, got {unknown}')
    annotations = _content(gt_json)
    results = _content(dt_json)
    _check(annotations, results, gt_json, dt_json)
    # Copies, as boundaries and more are added to each.
    copies = [dict(annotation) for annotation in annotations['annotations']]
    gt = COCO({**annotations, 'annotations': copies})
    dt = COCO({**annotations, 'annotations': []})
    if results:
        dt = gt.loadRes(_with_run_lengths(results, dt_json))
    figures = {}
    for kind in iou_types:
        evaluator = (COCOeval_faster if kind == 'segm' else BoundaryEval)(
            gt, dt, 'segm', print_function=_silent, lvis_style=lvis
        )
        if lvis:
            evaluator.params.maxDets = [300]
        evaluator.run()
        found = evaluator.stats_as_dict
        figures[kind] = {ours: found[name] for ours, name in names.items()}
        if classwise:
            figures[kind] |= _by_class(evaluator, annotations['categories'])
    return figures


def _by_class(evaluator: Any, categories: list[dict]) -> dict[str, float]:
    """AP of every category, over all sizes and most results per image."""
    precision = evaluator.eval['precision'][:, :, :, 0, -1]
    names = {c['id']: c.get('name', c['id']) for c in categories}
    figures = {}
    for place, category in enumerate(evaluator.params.catIds):
        own = precision[:, :, place]
        known = own[own > -1]
        mean = float(known.mean()) if known.size else -1.0
        figures[f'AP/{names[category]}'] = mean
    return figures


def _content(source: Any) -> Any:
    if isinstance(source, (str, Path)):
        return read_json(Path(source))
    return source


def _check(annotations: Any, results: Any, gt_json: Any, dt_json: Any) -> None:
    parts = ('images', 'annotations', 'categories')
    if not isinstance(annotations, dict) or not all(
        part in annotations for part in parts
    ):
        raise InputError(
            f'{_name(gt_json)} has no {", ".join(parts)}: it is not of COCO'
        )
    keys = {'image_id', 'category_id', 'score', 'segmentation'}
    if not isinstance(results, list) or not all(
        isinstance(result, dict) and keys <= result.keys()
        for result in results
    ):
        raise InputError(
            f'{_name(dt_json)} is not a list of results with '
            f'{", ".join(sorted(keys))}'
        )
    known = {image['id'] for image in annotations['images']}
    strange = {result['image_id'] for result in results} - known
    if strange:
        raise InputError(
            f'{_name(dt_json)} has results of {len(strange)} images that '
            f'{_name(gt_json)} does not know, such as {min(strange, key=str)}'
        )


def _with_run_lengths(results: list[dict], dt_json: Any) -> list[dict]:
    """Checked copies: a faulty encoding would crash the counting."""
    checked = []
    for first in range(0, len(results), CHUNK):
        part = results[first : first + CHUNK]
        masks = [result['segmentation'] for result in part]
        try:
            decode_runs(masks)
        except (AttributeError, InputError, KeyError, TypeError, ValueError):
            # Something else, or faulty: one by one, to say which.
            masks = [
                _run_lengths(mask, f'{_name(dt_json)}, result {index}')
                for index, mask in enumerate(masks, first)
            ]
        checked += [
            {**result, 'segmentation': _as_text(mask)}
            for result, mask in zip(part, masks, strict=True)
        ]
    return checked


def _run_lengths(segmentation: Any, name: str) -> dict[str, Any]:
    try:
        return run_lengths(segmentation)
    except InputError as error:
        raise InputError(f'{name}: {error}') from None


def _as_text(encoded: dict[str, Any]) -> dict[str, Any]:
    if isinstance(encoded['counts'], bytes):
        return dict(encoded, counts=encoded['counts'].decode())
    return encoded


def _name(source: Any) -> str:
    return str(source) if isinstance(source, (str, Path)) else 'the list'


def _silent(*_: Any) -> None:
    """Takes the place of printing."""
