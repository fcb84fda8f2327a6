"""``segrefiner eval``: coarse against refined masks, side by side."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from segrefiner_mm.cli.exit_status import DONE, SOME_FAILED
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import (
    evaluate_coco,
    evaluate_lvis,
    evaluate_panoptic,
)
from segrefiner_mm.evaluation.comparison import comparison_table
from segrefiner_mm.evaluation.functional.coco_inputs import CocoTruth
from segrefiner_mm.evaluation.label_folders import compare_labels, label_rows
from segrefiner_mm.evaluation.mask_folders import (
    compare_masks,
    draw_worst,
    mask_rows,
)
from segrefiner_mm.io.files import read_json, write_whole
from segrefiner_mm.io.foreign_json import strange_json
from segrefiner_mm.runs.panoptic_run import is_panoptic

# Group of masks or kind of IoU -> coarse and, where given, refined figures.
Rows = dict[str, list[dict[str, float]]]


def run_eval(args: argparse.Namespace) -> int:
    """Evaluate files or folders; returns the exit status."""
    gt = Path(args.gt)
    given = [Path(path) for path in (args.coarse, args.refined) if path]
    for path in (gt, *given):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
        if path.is_dir() != gt.is_dir():
            raise InputError('give json files only, or folders only')
    _check(args, gt.is_dir())
    if gt.is_dir():
        run = _run_labels if args.labels else _run_masks
        return run(args, gt, given)
    evaluate = _evaluator(args, gt)
    found = [evaluate(path) for path in given]
    _tell({kind: [f[kind] for f in found] for kind in found[0]}, args)
    return DONE


def _check(args: argparse.Namespace, folders: bool) -> None:
    masks = folders and not args.labels
    if args.worst < 0:
        raise InputError(f'--worst must be 0 or more, got {args.worst}')
    if args.worst and not (masks and args.refined and args.img_dir):
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
        given = getattr(args, name)
        if given is not None and given is not False and not fits:
            raise InputError(f'--{name.replace("_", "-")} is for {of_what}')


def _evaluator(args: argparse.Namespace, gt: Path) -> Callable:
    """What counts the results in a file."""
    content = read_json(gt)
    if isinstance(content, str):  # which would be taken for a name
        raise InputError(f'{gt} {strange_json(content)}')
    if is_panoptic(content):
        if args.lvis or args.classwise or args.skip_unknown:
            raise InputError(
                'panoptic results have no --lvis, --classwise or '
                '--skip-unknown'
            )
        return partial(evaluate_panoptic, gt)
    return partial(
        evaluate_lvis if args.lvis else evaluate_coco,
        CocoTruth(content, str(gt), args.lvis),
        classwise=args.classwise,
        skip_unknown=args.skip_unknown,
    )


def _run_masks(args: argparse.Namespace, gt: Path, given: list[Path]) -> int:
    found = list(compare_masks(gt, given, args.threshold, args.dis))
    compared = [part for part in found if part is not None]
    if not compared:
        raise InputError(f'no masks to compare in {gt}')
    _tell(mask_rows(compared), args)
    if args.worst:
        folders = Path(args.img_dir), Path(args.pictures)
        draw_worst(compared, args.worst, *folders, args.threshold)
    return SOME_FAILED if len(compared) < len(found) else DONE


def _run_labels(args: argparse.Namespace, gt: Path, given: list[Path]) -> int:
    parts = compare_labels(gt, given, args.ignore)
    rows, done, failed = label_rows(parts, args.classwise)
    if not done:
        raise InputError(f'no label maps to compare in {gt}')
    _tell(rows, args)
    return SOME_FAILED if failed else DONE


def _tell(rows: Rows, args: argparse.Namespace) -> None:
    """Print a table, and write the json that was asked for."""
    names = ['coarse', 'refined'][: 2 if args.refined else 1]
    listed = (
        (group, name, [figure[name] for figure in figures])
        for group, figures in rows.items()
        for name in figures[0]
    )
    table = comparison_table(listed, names)
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    if args.json:
        content = {
            group: {
                name: {k: None if math.isnan(v) else v for k, v in own.items()}
                for name, own in zip(names, figures, strict=True)
            }
            for group, figures in rows.items()
        }
        write_whole(Path(args.json), json.dumps(content, indent=1).encode())
