"""Compares files or folders of masks with the ground truth."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import (
    evaluate_coco,
    evaluate_lvis,
    evaluate_panoptic,
)
from segrefiner_mm.evaluation.functional.coco_inputs import CocoTruth
from segrefiner_mm.evaluation.label_folders import compare_labels, label_rows
from segrefiner_mm.evaluation.mask_folders import (
    compare_masks,
    draw_worst,
    mask_rows,
)
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.foreign_json import strange_json
from segrefiner_mm.io.panoptic_json import is_panoptic

# Group of masks or kind of IoU -> coarse and, where given, refined figures.
Rows = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class EvaluateOptions:
    """How masks are compared.

    Attributes:
        lvis (bool): Whether json files are counted by LVIS's rules.
        classwise (bool): Whether there are figures of every class too; for
            json files and label maps.
        skip_unknown (bool): Whether results of images and categories that
            the ground truth lacks are left out, instead of refused.
        labels (bool): Whether the folders hold label maps.
        ignore (tuple[int, ...]): True labels that do not count.
        threshold (float, optional): Soft masks are foreground from this
            value on; None: masks have two values.
        dis (bool): Whether folders of masks get the measures of DIS5K too.
        worst (int): Number of masks to draw that lost most, and of those
            that gained most.
        img_dir (Path, optional): Folder of the images to draw on.
        pictures (Path): Folder of the drawings.
    """

    lvis: bool = False
    classwise: bool = False
    skip_unknown: bool = False
    labels: bool = False
    ignore: tuple[int, ...] = (255,)
    threshold: float | None = None
    dis: bool = False
    worst: int = 0
    img_dir: Path | None = None
    pictures: Path = Path('worst')


@dataclass(frozen=True)
class Evaluation:
    """The figures of coarse and refined masks.

    Attributes:
        rows (dict[str, list[dict[str, float]]]): For every group of masks,
            kind of IoU or class the figures of the coarse masks and, where
            they were given, of the refined ones: name to value, 0 to 1.
        failed (int): Files that could not be compared.
        text (str): What was drawn, or ''.
    """

    rows: Rows
    failed: int = 0
    text: str = ''


def evaluate_files(
    gt: Path,
    given: list[Path],
    options: EvaluateOptions,
    on_error: Callable[[object], None],
) -> Evaluation:
    """Compare files or folders with the ground truth.

    Args:
        gt (Path): Annotations (.json), or folder of masks or label maps.
        given (list[Path]): The same with coarse and, if there are some,
            refined masks.
        options (EvaluateOptions): How they are compared.
        on_error (Callable): Is called with what fails in a folder.

    Returns:
        Evaluation: The figures.

    Raises:
        InputError: If nothing can be compared, or an option does not fit.
    """
    for path in (gt, *given):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
        if path.is_dir() != gt.is_dir():
            raise InputError('give json files only, or folders only')
    _check(options, gt.is_dir(), len(given))
    if not gt.is_dir():
        evaluate = _evaluator(gt, options)
        found = [evaluate(path) for path in given]
        return Evaluation({k: [f[k] for f in found] for k in found[0]})
    if options.labels:
        return _evaluate_labels(gt, given, options, on_error)
    return _evaluate_masks(gt, given, options, on_error)


def _check(options: EvaluateOptions, folders: bool, given: int) -> None:
    masks = folders and not options.labels
    if options.worst < 0:
        raise InputError(f'--worst must be 0 or more, got {options.worst}')
    if options.worst and not (masks and given > 1 and options.img_dir):
        raise InputError(
            '--worst compares COARSE and REFINED folders of masks and needs '
            '--img-dir'
        )
    for name, fits, of_what in (
        ('labels', folders, 'folders of label maps'),
        ('threshold', masks, 'folders of masks'),
        ('dis', masks, 'folders of masks'),
        ('lvis', not folders, 'json files'),
        ('skip_unknown', not folders, 'json files'),
        ('classwise', not masks, 'json files and --labels'),
    ):
        value = getattr(options, name)
        if value is not None and value is not False and not fits:
            raise InputError(f'--{name.replace("_", "-")} is for {of_what}')


def _evaluator(gt: Path, options: EvaluateOptions) -> Callable[[Path], Any]:
    """The function that counts the results in a file."""
    content = read_json(gt)
    if isinstance(content, str):  # which would be taken for a name
        raise InputError(f'{gt} {strange_json(content)}')
    if is_panoptic(content):
        if options.lvis or options.classwise or options.skip_unknown:
            raise InputError(
                'panoptic results have no --lvis, --classwise or '
                '--skip-unknown'
            )
        return partial(evaluate_panoptic, gt)
    return partial(
        evaluate_lvis if options.lvis else evaluate_coco,
        CocoTruth(content, str(gt), options.lvis),
        classwise=options.classwise,
        skip_unknown=options.skip_unknown,
    )


def _evaluate_masks(
    gt: Path,
    given: list[Path],
    options: EvaluateOptions,
    on_error: Callable[[object], None],
) -> Evaluation:
    found = list(
        compare_masks(gt, given, options.threshold, options.dis, on_error)
    )
    compared = [part for part in found if part is not None]
    if not compared:
        raise InputError(f'no masks to compare in {gt}')
    text = ''
    if options.worst and options.img_dir:
        text = draw_worst(
            compared,
            options.worst,
            options.img_dir,
            options.pictures,
            options.threshold,
        )
    failed = len(found) - len(compared)
    return Evaluation(mask_rows(compared), failed, text)


def _evaluate_labels(
    gt: Path,
    given: list[Path],
    options: EvaluateOptions,
    on_error: Callable[[object], None],
) -> Evaluation:
    parts = compare_labels(gt, given, options.ignore, on_error)
    rows, done, failed = label_rows(parts, options.classwise)
    if not done:
        raise InputError(f'no label maps to compare in {gt}')
    return Evaluation(rows, failed)
