"""A function for every command that reads and writes files."""

from pathlib import Path

from segrefiner_mm.evaluation.evaluate_files import (
    EvaluateOptions,
    Evaluation,
    evaluate_files,
)
from segrefiner_mm.runs.refine_pairs import (
    LabelOptions,
    MaskOptions,
    refine_label_pairs,
    refine_mask_pairs,
)
from segrefiner_mm.runs.refine_predictions import (
    PredictionOptions,
    PredictionSummary,
    refine_prediction_file,
)
from segrefiner_mm.runs.refine_video import VideoOptions, refine_video_files
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.runs.reporter import Reporter
from segrefiner_mm.runs.run_summary import RunSummary


def refine_folder(
    images: str | Path,
    masks: str | Path,
    out: str | Path,
    options: MaskOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine the masks of a folder; the function behind ``refine``.

    A run that was stopped continues where it was.

    Args:
        images (str | Path): Folder of images, or one image.
        masks (str | Path): Folder of masks with the same names, or one mask.
        out (str | Path): Folder or file to write.
        options (MaskOptions, optional): How files are read and written.
        refiner (RefinerOptions, optional): The model and its settings.
        reporter (Reporter, optional): Is told how the run goes. Defaults to
            None: nothing is printed, see ``problems`` of the summary.

    Returns:
        RunSummary: Counts, and what could not be refined.

    Raises:
        InputError: If nothing can be done, or something would be lost.
        CheckpointError: If the weights cannot be used.
    """
    return refine_mask_pairs(
        Path(images),
        Path(masks),
        Path(out),
        options or MaskOptions(),
        Refiner(refiner or RefinerOptions()),
        reporter or Reporter(),
    )


def refine_labels(
    images: str | Path,
    labels: str | Path,
    out: str | Path,
    options: LabelOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine label maps; the function behind ``refine --labels``.

    Args:
        images (str | Path): Folder of images, or one image.
        labels (str | Path): Folder of label maps, or one map.
        out (str | Path): Folder or file to write.
        options (LabelOptions, optional): How files are read and written.
        refiner (RefinerOptions, optional): The model and its settings.
        reporter (Reporter, optional): See :func:`refine_folder`.

    Returns:
        RunSummary: Counts, and what could not be refined.

    Raises:
        InputError: If nothing can be done, or something would be lost.
        CheckpointError: If the weights cannot be used.
    """
    return refine_label_pairs(
        Path(images),
        Path(labels),
        Path(out),
        options or LabelOptions(),
        Refiner(refiner or RefinerOptions()),
        reporter or Reporter(),
    )


def refine_predictions(
    source: str | Path,
    out: str | Path,
    options: PredictionOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> PredictionSummary:
    """Refine the masks of a file of predictions; the function behind ``coco``.

    Args:
        source (str | Path): COCO, LVIS or YouTube-VIS results or
            annotations, panoptic json, mmdet's pickle, the folder of a
            ``DetInferencer``, or files of labelme, YOLO or Segment Anything.
        out (str | Path): File or folder to write, in the same format.
        options (PredictionOptions, optional): How it is read and written.
        refiner (RefinerOptions, optional): The model and its settings.
        reporter (Reporter, optional): See :func:`refine_folder`.

    Returns:
        PredictionSummary: Counts, and a row for every mask.

    Raises:
        InputError: If nothing can be done, or something would be lost.
        CheckpointError: If the weights cannot be used.
    """
    return refine_prediction_file(
        Path(source),
        Path(out),
        options or PredictionOptions(),
        Refiner(refiner or RefinerOptions()),
        reporter or Reporter(),
    )


def refine_video(
    frames: str | Path,
    masks: str | Path,
    out: str | Path,
    options: VideoOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine the masks of a video; the function behind ``video``.

    Args:
        frames (str | Path): Folder of frames, or video file.
        masks (str | Path): Folder of masks, named as the frames; see
            :class:`VideoMasks`.
        out (str | Path): Folder to write.
        options (VideoOptions, optional): How files are read and written, and
            how much is carried from frame to frame.
        refiner (RefinerOptions, optional): The model and its settings.
        reporter (Reporter, optional): See :func:`refine_folder`.

    Returns:
        RunSummary: Counts of frames, and what could not be refined.

    Raises:
        InputError: If nothing can be done, or something would be lost.
        CheckpointError: If the weights cannot be used.
    """
    return refine_video_files(
        Path(frames),
        Path(masks),
        Path(out),
        options or VideoOptions(),
        Refiner(refiner or RefinerOptions()),
        reporter or Reporter(),
    )


def evaluate(
    gt: str | Path,
    coarse: str | Path,
    refined: str | Path | None = None,
    options: EvaluateOptions | None = None,
    reporter: Reporter | None = None,
) -> Evaluation:
    """Compare masks with the ground truth; the function behind ``eval``.

    Args:
        gt (str | Path): Annotations (.json), or folder of masks.
        coarse (str | Path): Results (.json), or folder of masks.
        refined (str | Path, optional): The same, refined.
        options (EvaluateOptions, optional): How they are compared.
        reporter (Reporter, optional): See :func:`refine_folder`.

    Returns:
        Evaluation: The figures, 0 to 1.

    Raises:
        InputError: If nothing can be compared, or an option does not fit.
    """
    given = [Path(path) for path in (coarse, refined) if path is not None]
    reporter = reporter or Reporter()
    return evaluate_files(
        Path(gt), given, options or EvaluateOptions(), reporter.error
    )
