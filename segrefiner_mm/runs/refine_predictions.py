"""Refinement of the masks of results or annotations."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import partial_prefix, result_files
from segrefiner_mm.io.formats.coco_file import CocoFile
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.formats.prediction_file import ImageEntry, PredictionFile
from segrefiner_mm.io.formats.video_json import VideoJson
from segrefiner_mm.io.image_finder import ImageFinder
from segrefiner_mm.io.mask_forms import MaskStyle
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_free, check_not_inputs
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.make_paths import make_paths
from segrefiner_mm.runs.mask_rows import MaskRow, mask_rows, write_rows
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.open_predictions import (
    ReadOptions,
    content_of,
    open_predictions,
)
from segrefiner_mm.runs.prediction_journal import Outcome
from segrefiner_mm.runs.prediction_run import PredictionRun, soft_folder
from segrefiner_mm.runs.refine_panoptic import refine_panoptic
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.runs.reporter import Reporter
from segrefiner_mm.runs.run_summary import RunSummary
from segrefiner_mm.windows import ERRORS


@dataclass(frozen=True)
class PredictionOptions:
    """Options for reading and writing a file of predictions.

    Paths may be given as strings.

    Attributes:
        img_dir (Path, optional): Folder of the images; a pickle may hold
            their paths. Defaults to None.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None.
        segmentation (str): Form of the masks in JSON of COCO: ``'same'``,
            ``'rle'`` or ``'polygon'``; polygons have no holes. Defaults to
            'same'.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels, 0 or more. Defaults to 0.5.
        update_boxes (bool): Whether to update boxes and areas to those of the
            refined masks. Defaults to False.
        report (Path, optional): CSV file with the verdict, the confidence and
            the evidence of every mask. Defaults to None.
        overwrite (bool): Whether the output may exist. Defaults to False.
        soft (str, optional): Type of the soft maps, see :class:`MaskOptions`,
            for JSON of COCO: a folder beside the output, with a file for
            every mask, named by its place in the JSON, from 0; for panoptic
            JSON as for label maps. Defaults to None: none are written.
        only (object, optional): What may change, see :class:`OnlyParts`;
            masks of a folder are named as the images. Defaults to None:
            everything.
    """

    img_dir: Path | None = None
    ann: Path | None = None
    segmentation: str = 'same'
    tolerance: float = 0.5
    update_boxes: bool = False
    report: Path | None = None
    overwrite: bool = False
    soft: str | None = None
    only: Any = None

    def __post_init__(self) -> None:
        make_paths(self, 'img_dir', 'ann', 'report')


@dataclass(frozen=True)
class PredictionSummary(RunSummary):
    """Counts of a run over a file of predictions.

    Attributes:
        rows (list[MaskRow]): All masks, the most changed first; empty for
            panoptic results. Defaults to [].
    """

    rows: list[MaskRow] = field(default_factory=list, repr=False)


def refine_prediction_file(
    source: Path,
    out: Path,
    options: PredictionOptions,
    refiner: Refiner,
    reporter: Reporter,
) -> PredictionSummary:
    """Refine a file or folder of predictions, and write the same format.

    Args:
        source (Path): COCO, LVIS or YouTube-VIS results or annotations,
            panoptic JSON, a pickle of mmdet, the folder of a
            ``DetInferencer``, or files of labelme, YOLO or Segment Anything.
        out (Path): File or folder to write.
        options (PredictionOptions): Options for reading and writing.
        refiner (Refiner): The model and its settings.
        reporter (Reporter): Receives the failures.

    Returns:
        PredictionSummary: Counts over the masks, and a row for each.

    Raises:
        InputError: If nothing can be refined, or files would be lost.
    """
    content = content_of(source)
    if is_panoptic(content):
        return _panoptic(content, source, out, options, refiner, reporter)
    extras = Extras(options.soft, OnlyParts(options.only))
    predictions = _open(source, content, options)
    protect_files(source, out, options)
    finder = ImageFinder(options.img_dir or predictions.img_dir)
    entries = list(predictions.images())
    if isinstance(predictions, (CocoFile, VideoJson)) and entries:
        _img_dir_of(options)
    if extras.parts.wants_errors:
        check_only(refiner.model, [ERRORS])
    with OutputLock(out, is_folder=False):
        run = PredictionRun(
            refiner,
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
        _take(predictions, entries, outcomes)
        if run.failed and not any(
            any(of_image) for of_image in outcomes.values()
        ):
            run.forget()
            raise InputError(f'no mask of {source} could be refined')
        predictions.write(out)
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
    """Return the folder of the images, which a JSON does not know."""
    if options.img_dir is None:
        raise InputError('a .json needs --img-dir: where its images are')
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
            f'--segmentation {options.segmentation} is for json of COCO, and '
            f'{path} is not'
        )
    if options.soft is not None and not isinstance(predictions, CocoFile):
        raise InputError(
            f'--soft is for json of COCO and panoptic json, and {path} is '
            'neither: its format names no files for soft maps'
        )
    return predictions


def protect_files(source: Path, out: Path, options: PredictionOptions) -> None:
    """Reject outputs that are inputs, or that exist already.

    Args:
        source (Path): File or folder of the predictions.
        out (Path): File or folder to write.
        options (PredictionOptions): Options with further files.

    Raises:
        InputError: If a file would be lost.
    """
    outputs = [path for path in (out, options.report) if path]
    check_not_inputs(outputs, [path for path in (source, options.ann) if path])
    if source.is_dir() and source.resolve() in out.resolve().parents:
        raise InputError(
            f'{out} is in {source}: the next run would take it for an input; '
            'choose another folder'
        )
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise InputError(f'--report must not be the output {out}')
    if out.is_dir() != source.is_dir() and out.exists():
        raise InputError(
            f'{out} must be a {"folder" if source.is_dir() else "file"}'
        )
    filled = out.is_file() or (out.is_dir() and any(result_files(out)))
    check_free(out, filled, options.overwrite)
    if options.soft is not None:
        _protect_soft(soft_folder(out), out, options.overwrite)


def _protect_soft(folder: Path, out: Path, overwrite: bool) -> None:
    """Reject a folder of soft maps that no stopped run has begun."""
    begun = any(out.parent.glob(f'{partial_prefix(out)}*'))
    filled = folder.exists() and not (folder.is_dir() and begun)
    check_free(folder, filled, overwrite)


def _take(
    predictions: PredictionFile,
    entries: list[ImageEntry],
    outcomes: dict[str, list[Outcome | None]],
) -> None:
    """Write the results into the predictions."""
    for entry in entries:
        of_image = outcomes.get(entry.key, [])
        for key, outcome in zip(entry.masks, of_image, strict=False):
            if outcome and 'encoded' in outcome:
                predictions.replace(key, outcome['encoded'])
            elif outcome:
                predictions.rewrite(key, outcome['size'])


def counted(verdicts: Mapping[str, int]) -> str:
    """Say how many masks got which verdict.

    Args:
        verdicts (Mapping[str, int]): Numbers of masks by verdict.

    Returns:
        str: Such as ``'2 kept, 30 refined'``.
    """
    counts = [f'{verdicts[name]} {name}' for name in sorted(verdicts)]
    if all(verdict.startswith('left') for verdict in verdicts):
        counts.insert(0, 'no masks')
    return ', '.join(counts)
