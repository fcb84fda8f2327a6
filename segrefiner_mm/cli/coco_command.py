"""``segrefiner coco``: the masks of results or of annotations."""

import argparse
from pathlib import Path
from typing import Any

from segrefiner_mm.apis import (
    DatasetOptions,
    DecisionOptions,
    PredictionOptions,
    apply_decisions,
    refine_dataset,
    refine_predictions,
)
from segrefiner_mm.cli.engine_options import (
    engine_settings,
    refuse_engine_options,
)
from segrefiner_mm.cli.exit_status import status_of
from segrefiner_mm.cli.model_choice import refiner_options
from segrefiner_mm.cli.reporting import reporting, show_summary
from segrefiner_mm.cli.shared_options import soft_type
from segrefiner_mm.errors import InputError
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.predictions.mask_rows import MaskRow
from segrefiner_mm.runs.predictions.prediction_options import PredictionSummary


def run_coco(args: argparse.Namespace) -> int:
    """Refine a file of predictions, or apply decisions to it.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If options contradict each other; see also
            :func:`refine_predictions` and :func:`refine_dataset`.
        CheckpointError: If the weights cannot be used.
    """
    if args.decisions:
        return _apply_decisions(args)
    if args.coarse:
        raise InputError('--coarse needs --decisions')
    with reporting(args) as reporter:
        summary = _refine(args, reporter)
        show_summary(args, reporter, summary)
    if not args.quiet:
        _print_worst(summary.rows, args.worst)
    return status_of(summary)


def _refine(args: argparse.Namespace, reporter: Reporter) -> PredictionSummary:
    given: dict[str, Any] = dict(
        ann=_path(args.ann),
        segmentation=args.segmentation,
        tolerance=args.tolerance,
        update_boxes=args.update_boxes,
        report=_path(args.report),
        overwrite=args.overwrite,
        soft=soft_type(args),
        only=args.only,
    )
    files = args.predictions, args.out
    refiner = refiner_options(args)
    if args.engine:
        engine = engine_settings(args)
        sharded = DatasetOptions(images=args.img_dir, **given, **engine)
        return refine_dataset(*files, sharded, refiner, reporter)
    refuse_engine_options(args)
    options = PredictionOptions(img_dir=_path(args.img_dir), **given)
    return refine_predictions(*files, options, refiner, reporter)


def _apply_decisions(args: argparse.Namespace) -> int:
    given = args.report or args.update_boxes or args.segmentation != 'same'
    if given or args.soft or args.only:
        raise InputError(
            '--decisions refines nothing: --report, --update-boxes, '
            '--segmentation, --soft and --only cannot be combined with it'
        )
    options = DecisionOptions(
        _path(args.coarse), args.overwrite, args.tolerance
    )
    files = args.predictions, args.decisions, args.out
    with reporting(args) as reporter:
        summary = apply_decisions(*files, options, reporter)
        show_summary(args, reporter, summary)
    return status_of(summary)


def _path(given: str | None) -> Path | None:
    return Path(given) if given else None


def _print_worst(rows: list[MaskRow], number: int) -> None:
    changed = [row for row in rows if row.iou < 1][: max(number, 0)]
    if changed:
        print('changed most (IoU of coarse and refined mask):')
    for row in changed:
        print(f'  {row.iou:.3f}  {row.mask}')
