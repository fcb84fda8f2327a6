"""``segrefiner eval``: coarse and refined masks against the ground truth."""

import argparse
import json
import math
import sys
from pathlib import Path

from rich.console import Console

from segrefiner_mm.apis import EvaluateOptions, evaluate
from segrefiner_mm.cli.exit_status import DONE, SOME_FAILED
from segrefiner_mm.cli.reporting import reporting
from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.comparison import comparison_table
from segrefiner_mm.evaluation.evaluate_files import Rows
from segrefiner_mm.evaluation.mask_folders import draw_worst
from segrefiner_mm.io.files import read_json, write_whole
from segrefiner_mm.io.outputs import check_not_inputs, is_empty_file


def run_eval(args: argparse.Namespace) -> int:
    """Evaluate files or folders; print and write the figures.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: If an input or an option cannot be used, or a file cannot
            be written.
    """
    options = EvaluateOptions(
        lvis=args.lvis,
        classwise=args.classwise,
        skip_unknown=args.skip_unknown,
        labels=args.labels,
        ignore=tuple(args.ignore),
        threshold=args.threshold,
        dis=args.dis,
    )
    _check_worst(args)
    _check_json(args)
    refined = args.refined or None
    with reporting(args) as reporter:
        evaluation = evaluate(args.gt, args.coarse, refined, options, reporter)
        names = ['coarse', 'refined'][: 2 if refined else 1]
        if not args.quiet:
            _print_table(evaluation.rows, names)
        if args.json:
            write_whole(Path(args.json), _json(evaluation.rows, names))
        if args.worst:  # at the end, as an image may be missing
            folders = Path(args.img_dir), Path(args.pictures)
            drawn = draw_worst(
                evaluation.compared, args.worst, *folders, args.threshold
            )
            if not args.quiet:
                print(drawn)
        reporter.note_end(f'{args.gt}: compared', failed=evaluation.failed)
    return SOME_FAILED if evaluation.failed else DONE


def _check_worst(args: argparse.Namespace) -> None:
    if args.worst < 0:
        raise InputError(f'--worst must be 0 or more, got {args.worst}')
    masks = not (args.labels or Path(args.gt).is_file())
    if args.worst and not (masks and args.refined and args.img_dir):
        raise InputError(
            '--worst compares COARSE and REFINED folders of masks and needs '
            '--img-dir'
        )


def _check_json(args: argparse.Namespace) -> None:
    """Refuse to replace an input, or a file not written by ``--json``."""
    if not args.json:
        return
    out = Path(args.json)
    given = (args.gt, args.coarse, args.refined)
    check_not_inputs([out], [Path(path) for path in given if path])
    if out.exists() and not (is_empty_file(out) or _is_comparison(out)):
        raise InputError(
            f'{out} exists and was not written by an earlier eval --json: '
            'choose another name'
        )


def _is_comparison(path: Path) -> bool:
    try:
        content = read_json(path)
    except InputError:
        return False
    groups = content.values() if isinstance(content, dict) else ()
    return bool(groups) and all(
        isinstance(group, dict) and 'coarse' in group for group in groups
    )


def _print_table(rows: Rows, names: list[str]) -> None:
    listed = (
        (group, name, [figure[name] for figure in figures])
        for group, figures in rows.items()
        for name in figures[0]
    )
    table = comparison_table(listed, names)
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def _json(rows: Rows, names: list[str]) -> bytes:
    """Return the figures as JSON, with NaN as null."""
    content = {
        group: {
            name: {k: None if math.isnan(v) else v for k, v in own.items()}
            for name, own in zip(names, figures, strict=True)
        }
        for group, figures in rows.items()
    }
    return json.dumps(content, indent=1).encode()
