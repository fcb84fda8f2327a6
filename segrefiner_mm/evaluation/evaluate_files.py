"""Comparing files or folders of masks with the ground truth."""

from collections.abc import Callable
from dataclasses import dataclass, field
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
from segrefiner_mm.evaluation.mask_folders import compare_masks, mask_rows
from segrefiner_mm.evaluation.paired_folders import Compared
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.json_files.foreign_json import strange_json
from segrefiner_mm.reporting.reporter import Reporter

# Group of masks or type of IoU -> coarse and, if given, refined figures.
Rows = dict[str, list[dict[str, float]]]


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of a comparison.

    Attributes:
        lvis (bool): Whether to evaluate JSON files by LVIS's rules. Defaults
            to False: by COCO's.
        classwise (bool): Whether to give the figures of every class too; for
            JSON files and label maps. Defaults to False.
        skip_unknown (bool): Whether to skip results in JSON files whose image
            or category the ground truth lacks. Defaults to False: they are an
            error.
        labels (bool): Whether the folders contain label maps. Defaults to
            False: masks.
        ignore (tuple[int, ...]): Labels of true label maps whose pixels do not
            count. Defaults to (255,).
        threshold (float, optional): Value from which a soft mask is
            foreground, for folders of masks. Defaults to None: a soft mask is
            an error.
        dis (bool): Whether to give the measures of DIS5K too, for folders of
            masks. Defaults to False.
    """

    lvis: bool = False
    classwise: bool = False
    skip_unknown: bool = False
    labels: bool = False
    ignore: tuple[int, ...] = (255,)
    threshold: float | None = None
    dis: bool = False


@dataclass(frozen=True)
class Evaluation:
    """The figures of coarse and refined masks.

    Attributes:
        rows (dict[str, list[dict[str, float]]]): For every group of masks,
            type of IoU or class, a list with the figures of the coarse masks
            and, if given, of the refined masks. Figures are values by name, 0
            to 1, or clicks for ``hce``; -1 or NaN if a figure is undefined.
        failed (int): Number of masks or label maps in folders that could not
            be compared. Defaults to 0.
        compared (list[Compared]): The compared masks of folders, for
            :func:`draw_worst`. Defaults to [].
    """

    rows: Rows
    failed: int = 0
    compared: list[Compared] = field(default_factory=list)


def evaluate(
    gt: str | Path,
    coarse: str | Path,
    refined: str | Path | None = None,
    options: EvaluateOptions | None = None,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Compare masks with the ground truth; the function behind ``eval``.

    Args:
        gt (str | Path): COCO, LVIS or COCO panoptic annotations (.json), or a
            folder of masks or label maps.
        coarse (str | Path): Results (.json), or a folder with the files and
            subfolders of ``gt``.
        refined (str | Path, optional): Refined results, in the form of
            ``coarse``. Defaults to None: only ``coarse`` is evaluated.
        options (EvaluateOptions, optional): Options. Defaults to None:
            ``EvaluateOptions()``.
        reporter (Reporter, optional): Receives the progress and the failures
            in a folder. Defaults to None: nothing is printed.

    Returns:
        Evaluation: The figures.

    Raises:
        InputError: If a path does not exist, a JSON file cannot be read or
            does not match ``gt``, no file of a folder can be compared, an
            option does not apply, or ``dis`` is set and pysodmetrics is not
            installed.
    """
    options, gt = options or EvaluateOptions(), Path(gt)
    given = [Path(path) for path in (coarse, refined) if path is not None]
    reporter = reporter or Reporter()
    for path in (gt, *given):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
        if path.is_dir() != gt.is_dir():
            raise InputError('give json files only, or folders only')
    _check(options, gt.is_dir())
    if not gt.is_dir():
        figures_of = _evaluator(gt, options)
        figures = [figures_of(path) for path in given]
        return Evaluation({k: [f[k] for f in figures] for k in figures[0]})
    if options.labels:
        return _evaluate_labels(gt, given, options, reporter)
    return _evaluate_masks(gt, given, options, reporter)


def _check(options: EvaluateOptions, folders: bool) -> None:
    masks = folders and not options.labels
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
    """Return the function that evaluates a file of results."""
    content = read_json(gt)
    if isinstance(content, str):  # it would be taken for a file name
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
    reporter: Reporter,
) -> Evaluation:
    results = list(
        compare_masks(gt, given, options.threshold, options.dis, reporter)
    )
    compared = [part for part in results if part is not None]
    if not compared:
        raise InputError(f'no masks to compare in {gt}')
    failed = len(results) - len(compared)
    return Evaluation(mask_rows(compared), failed, compared)


def _evaluate_labels(
    gt: Path,
    given: list[Path],
    options: EvaluateOptions,
    reporter: Reporter,
) -> Evaluation:
    parts = compare_labels(gt, given, options.ignore, reporter)
    rows, done, failed = label_rows(parts, options.classwise)
    if not done:
        raise InputError(f'no label maps to compare in {gt}')
    return Evaluation(rows, failed)
