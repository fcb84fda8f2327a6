"""``segrefiner coco``: the masks of a results file or of annotations."""

import argparse
import csv
import io
import math
from pathlib import Path
from typing import Any

from segrefiner_mm.cli.exit_status import DONE, SOME_FAILED
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_file import CocoFile
from segrefiner_mm.io.det_pickle import DetPickle
from segrefiner_mm.io.files import read_json, write_whole
from segrefiner_mm.io.image_finder import ImageFinder
from segrefiner_mm.io.inferencer_folder import InferencerFolder
from segrefiner_mm.io.mask_forms import MaskStyle
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.prediction_file import (
    ImageEntry,
    PredictionFile,
)
from segrefiner_mm.runs.panoptic_run import is_panoptic, run_panoptic
from segrefiner_mm.runs.prediction_journal import Outcome
from segrefiner_mm.runs.prediction_run import PredictionRun

PICKLES = ('.pkl', '.pickle')


def run_coco(args: argparse.Namespace) -> int:
    """Refine a file of predictions; returns the exit status."""
    source, out = Path(args.predictions), Path(args.out)
    content = _json_of(source)
    if is_panoptic(content):
        return run_panoptic(args, content)
    predictions = _open(args, source, content)
    _protect(args, source, out)
    finder = ImageFinder(Path(args.img_dir) if args.img_dir else None)
    entries = list(predictions.images())
    if args.img_dir is None and isinstance(predictions, CocoFile) and entries:
        raise InputError('a .json needs --img-dir: where its images are')
    with OutputLock(out, is_folder=False):
        run = PredictionRun(args, predictions, entries, finder, out)
        outcomes = run.outcomes()
        _take(predictions, entries, outcomes)
        if run.failed and not any(any(found) for found in outcomes.values()):
            run.forget()
            raise InputError(f'no mask of {source} could be refined')
        predictions.write(out)
        run.forget()
    rows = _rows(predictions, entries, outcomes)
    if args.report:
        _write_report(Path(args.report), rows)
    _print_summary(out, rows, run.failed, args.worst)
    return SOME_FAILED if run.failed else DONE


def _take(
    predictions: PredictionFile,
    entries: list[ImageEntry],
    outcomes: dict[str, list[Outcome | None]],
) -> None:
    """Put what became of the masks in their places."""
    for entry in entries:
        found = outcomes.get(entry.key, [])
        for key, outcome in zip(entry.masks, found, strict=False):
            if outcome and 'encoded' in outcome:
                predictions.replace(key, outcome['encoded'])
            elif outcome:
                predictions.rewrite(key, outcome['size'])


def _json_of(path: Path) -> Any:
    """What a json holds, read once for all; None for what is none."""
    if not path.exists():
        raise InputError(f'no such file or folder: {path}')
    if path.is_dir() or path.suffix in PICKLES:
        return None
    return read_json(path)


def _open(
    args: argparse.Namespace, path: Path, content: Any
) -> PredictionFile:
    """Understand a file or folder of predictions, whatever its format."""
    if path.is_dir():
        return InferencerFolder(path, args.update_boxes)
    if path.suffix in PICKLES:
        return DetPickle(path, args.update_boxes)
    if not 0 <= args.tolerance < math.inf:
        raise InputError(f'--tolerance must be 0 or more: {args.tolerance}')
    ann_file = Path(args.ann) if args.ann else None
    style = MaskStyle(args.segmentation, args.tolerance)
    return CocoFile(content, path, ann_file, style, args.update_boxes)


def _protect(args: argparse.Namespace, source: Path, out: Path) -> None:
    inputs = {Path(path).resolve() for path in (source, args.ann) if path}
    outputs = [Path(path) for path in (out, args.report) if path]
    for path in outputs:
        if path.resolve() in inputs:
            raise InputError(f'{path} is an input: choose another output')
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise InputError(f'--report must not be the output {out}')
    if out.is_dir() != source.is_dir() and out.exists():
        raise InputError(
            f'{out} must be a {"folder" if source.is_dir() else "file"}'
        )
    filled = out.is_file() or (out.is_dir() and any(out.glob('*.json')))
    if filled and not args.overwrite:
        raise InputError(f'{out} is there already: --overwrite, or another')


def _rows(
    predictions: PredictionFile,
    entries: list[ImageEntry],
    outcomes: dict[str, list[Outcome | None]],
) -> list[dict[str, Any]]:
    """What to tell of every mask, the most changed first."""
    rows = []
    for entry in entries:
        found = outcomes.get(entry.key, [None] * len(entry.masks))
        for key, outcome in zip(entry.masks, found, strict=True):
            outcome = outcome or dict(verdict='failed', iou=1.0)
            rows.append(
                dict(
                    mask=predictions.label(key),
                    verdict=outcome['verdict'],
                    iou=round(outcome['iou'], 4),
                )
            )
    rows += [
        dict(mask=name, verdict=f'left: {why}', iou=1.0)
        for name, why in predictions.untouched().items()
    ]
    return sorted(rows, key=lambda row: row['iou'])


def _write_report(path: Path, rows: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ['mask', 'verdict', 'iou'])
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def _print_summary(
    out: Path, rows: list[dict[str, Any]], failed: int, worst: int
) -> None:
    verdicts = [row['verdict'] for row in rows]
    counts = [
        f'{verdicts.count(v)} {v}' for v in dict.fromkeys(sorted(verdicts))
    ]
    if all(verdict.startswith('left') for verdict in verdicts):
        counts.insert(0, 'no masks')
    print(f'{out}: {", ".join(counts)}')
    changed = [row for row in rows if row['iou'] < 1][: max(worst, 0)]
    if changed:
        print('changed most (IoU of coarse and refined mask):')
    for row in changed:
        print(f'  {row["iou"]:.3f}  {row["mask"]}')
