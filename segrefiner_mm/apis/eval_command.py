"""``segrefiner eval``: coarse against refined masks, side by side."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from segrefiner_mm.apis.cli import DONE, SOME_FAILED
from segrefiner_mm.apis.eval_folders import (
    Rows,
    compare_labels,
    compare_masks,
    draw_worst,
    label_rows,
    mask_rows,
)
from segrefiner_mm.apis.panoptic_command import is_panoptic
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import (
    evaluate_coco,
    evaluate_lvis,
    evaluate_panoptic,
)
from segrefiner_mm.evaluation.comparison import comparison_table
from segrefiner_mm.evaluation.functional.average_precision import IOU_TYPES
from segrefiner_mm.files import read_json, write_whole


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
        return _run_folders(args, gt, given)
    evaluate = _evaluator(args, gt)
    found = [evaluate(path) for path in given]
    _tell({kind: [f[kind] for f in found] for kind in found[0]}, args)
    return DONE


def _check(args: argparse.Namespace, folders: bool) -> None:
    masks = folders and not args.labels
    if args.worst and not (masks and args.refined and args.img_dir):
        raise InputError(
            '--worst compares COARSE and REFINED folders of masks and needs '
            '--img-dir'
        )
    if args.labels and not folders:
        raise InputError('--labels is for folders of label maps')
    if args.lvis and folders:
        raise InputError('--lvis is for json files')
    if args.classwise and masks:
        raise InputError('--classwise is for json files and for --labels')


def _evaluator(args: argparse.Namespace, gt: Path) -> Callable:
    """What counts the results in a file."""
    content = read_json(gt)
    if not is_panoptic(content):
        evaluate = evaluate_lvis if args.lvis else evaluate_coco
        return lambda path: evaluate(content, path, IOU_TYPES, args.classwise)
    if args.lvis or args.classwise:
        raise InputError('panoptic results have no --lvis and no --classwise')
    return lambda path: evaluate_panoptic(gt, path)


def _run_folders(args: argparse.Namespace, gt: Path, given: list[Path]) -> int:
    if args.labels:
        found = list(compare_labels(gt, given, args.ignore))
    else:
        found = list(compare_masks(gt, given))
    compared = [part for part in found if part is not None]
    if not compared:
        raise InputError(f'no masks to compare in {gt}')
    if args.labels:
        _tell(label_rows(compared, args.classwise), args)
    else:
        _tell(mask_rows(compared), args)
    if args.worst:
        draw_worst(
            compared, args.worst, Path(args.img_dir), Path(args.pictures)
        )
    return SOME_FAILED if len(compared) < len(found) else DONE


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
