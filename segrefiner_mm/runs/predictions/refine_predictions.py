"""Refinement of the masks of a file or folder of predictions."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.formats.coco_file import CocoFile
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.formats.video_json import VideoJson
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.predictions.mask_rows import (
    LEFT,
    mask_rows,
    write_rows,
)
from segrefiner_mm.runs.predictions.open_predictions import (
    ReadOptions,
    content_of,
    open_predictions,
)
from segrefiner_mm.runs.predictions.prediction_journal import Outcome
from segrefiner_mm.runs.predictions.prediction_options import (
    PredictionOptions,
    PredictionSummary,
)
from segrefiner_mm.runs.predictions.prediction_run import PredictionRun
from segrefiner_mm.runs.predictions.protect_files import protect_files
from segrefiner_mm.runs.predictions.refine_panoptic import refine_panoptic
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.windows import ERRORS, ROLLED_BACK


def refine_predictions(
    source: str | Path,
    out: str | Path,
    options: PredictionOptions | None = None,
    refiner: RefinerOptions | Refiner | None = None,
    reporter: Reporter | None = None,
) -> PredictionSummary:
    """Refine the masks of a file of predictions; the function behind ``coco``.

    A journal beside the output lets a run that was stopped resume; it is
    removed at the end.

    Args:
        source (str | Path): COCO, LVIS or YouTube-VIS results or
            annotations, panoptic JSON, a pickle of mmdet, the folder of a
            ``DetInferencer``, or files of labelme, YOLO or Segment Anything.
        out (str | Path): File or folder to write, in the format of
            ``source``.
        options (PredictionOptions, optional): Options for reading and
            writing. Defaults to None: ``PredictionOptions()``.
        refiner (RefinerOptions | Refiner, optional): The model and its
            settings. Defaults to None: ``RefinerOptions()``.
        reporter (Reporter, optional): Receives the failures. Defaults to
            None: nothing is printed; ``problems`` of the summary has the
            failures.

    Returns:
        PredictionSummary: Counts over the masks, and a row per mask; for
        panoptic JSON, counts over the PNG files.

    Raises:
        InputError: If the source cannot be read, no mask can be refined, an
            option does not fit, or files would be lost or cannot be written.
        CheckpointError: If the weights cannot be used.
    """
    options, reporter = options or PredictionOptions(), reporter or Reporter()
    source, out = Path(source), Path(out)
    chosen = Refiner.of(refiner)
    content = content_of(source)
    if is_panoptic(content):
        return _panoptic(content, source, out, options, chosen, reporter)
    extras = Extras(options.soft, OnlyParts(options.only))
    predictions = _open(source, content, options)
    protect_files(source, out, options, predictions.suffixes)
    finder = ImageFinder(options.img_dir or predictions.img_dir)
    entries = list(predictions.images())
    if isinstance(predictions, (CocoFile, VideoJson)) and entries:
        _img_dir_of(options)
    if extras.parts.wants_errors:
        check_only(chosen.model, [ERRORS])
    with OutputLock(out, is_folder=False):
        run = PredictionRun(
            chosen,
            predictions,
            entries,
            finder,
            source,
            options.ann,
            out,
            reporter,
            extras,
        )
        outcomes = run.outcomes()
        _take(predictions, entries, outcomes, reporter)
        if run.failed and not any(
            any(of_image) for of_image in outcomes.values()
        ):
            run.forget()
            raise InputError(f'no mask of {source} could be refined')
        predictions.write(out)
        for remark in predictions.remarks():
            reporter.say(f'segrefiner: note: {remark}')
        run.forget()
    rows = mask_rows(predictions, entries, outcomes)
    if options.report:
        write_rows(options.report, rows)
    counts = Counter(row.verdict for row in rows)
    return PredictionSummary(
        f'{out}: {counted(counts)}',
        done=len(rows) - run.failed,
        failed=run.failed,
        problems=tuple(reporter.problems),
        rows=rows,
    )


def _panoptic(
    content: dict[str, Any],
    source: Path,
    out: Path,
    options: PredictionOptions,
    refiner: Refiner,
    reporter: Reporter,
) -> PredictionSummary:
    if options.report or options.ann or options.segmentation != 'same':
        raise InputError(
            '--report, --ann and --segmentation are not for panoptic results'
        )
    summary = refine_panoptic(
        content,
        source,
        _img_dir_of(options),
        out,
        options.overwrite,
        refiner,
        reporter,
        Extras(options.soft, OnlyParts(options.only), suffix='.npz'),
    )
    return PredictionSummary(**vars(summary))


def _img_dir_of(options: PredictionOptions) -> Path:
    """Return the folder of the images, which no JSON states."""
    if options.img_dir is None:
        raise InputError('a .json needs --img-dir, the folder of its images')
    return options.img_dir


def _open(
    path: Path, content: Any, options: PredictionOptions
) -> PredictionFile:
    style = MaskStyle(options.segmentation, options.tolerance)
    given = ReadOptions(
        options.img_dir, options.ann, style, options.update_boxes
    )
    predictions = open_predictions(path, content, given)
    if options.segmentation not in predictions.forms:
        raise InputError(
            f'--segmentation {options.segmentation} is for COCO json'
            f'{" and labelme" if options.segmentation == "polygon" else ""}, '
            f'and {path} is not'
        )
    if options.soft is not None and not isinstance(predictions, CocoFile):
        raise InputError(
            f'--soft is for COCO json and panoptic json, and {path} is '
            'neither: its format names no files for soft maps'
        )
    return predictions


def _take(
    predictions: PredictionFile,
    entries: list[ImageEntry],
    outcomes: dict[str, list[Outcome | None]],
    reporter: Reporter,
) -> None:
    """Put the results into the predictions, in memory.

    Results that the format cannot hold are rolled back.
    """
    for entry in entries:
        of_image = outcomes.get(entry.key, [])
        for key, outcome in zip(entry.masks, of_image, strict=False):
            if outcome and 'encoded' in outcome:
                _replace(predictions, key, outcome, reporter)
            elif outcome:
                predictions.rewrite(key, outcome['size'])


def _replace(
    predictions: PredictionFile, key: Key, outcome: Outcome, reporter: Reporter
) -> None:
    """Replace a mask; roll back a result that the format cannot hold."""
    try:
        predictions.replace(key, outcome['encoded'])
    except InputError as error:
        name = predictions.label(key)
        reporter.say(f'segrefiner: note: {name} is rolled back: {error}')
        del outcome['encoded']
        outcome |= dict(verdict=ROLLED_BACK, iou=1.0)


def counted(verdicts: Mapping[str, int]) -> str:
    """Describe how many masks got each verdict.

    Args:
        verdicts (Mapping[str, int]): Number of masks by verdict.

    Returns:
        str: The counts by name, such as ``'2 kept, 30 refined'``; ``'no
        masks'`` if there are none. What was left comes last.
    """
    left = [name for name in sorted(verdicts) if name.startswith(LEFT)]
    names = [name for name in sorted(verdicts) if name not in left]
    text = ', '.join(f'{verdicts[name]} {name}' for name in names)
    text = text or 'no masks'
    if left:
        others = (f'{verdicts[n]} {n.removeprefix(LEFT)}' for n in left)
        text += f', left unchanged: {", ".join(others)}'
    return text
