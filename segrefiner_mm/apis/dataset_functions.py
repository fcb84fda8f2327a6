"""``refine_dataset()``: data sets that one process does not hold."""

from pathlib import Path

from segrefiner_mm.runs.refine_predictions import PredictionSummary
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.runs.reporter import Reporter
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.refine_dataset import refine_coco_dataset


def refine_dataset(
    source: str | Path,
    out: str | Path,
    options: DatasetOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> PredictionSummary:
    """Refine a data set in shards; the function behind ``coco --engine``.

    The file has the bytes that :func:`refine_predictions` writes. A run that
    was stopped continues with the shards that are missing.

    Args:
        source (str | Path): COCO or LVIS results or annotations (.json), of
            any size.
        out (str | Path): File to write.
        options (DatasetOptions, optional): How it is read, refined and
            written, and by which engine.
        refiner (RefinerOptions, optional): The model and its settings.
        reporter (Reporter, optional): See :func:`refine_folder`.

    Returns:
        PredictionSummary: Counts, and rows of the masks that changed most,
        1000 at most.

    Raises:
        InputError: If nothing can be done, something would be lost, or an
            engine does not answer.
        CheckpointError: If the weights cannot be used.
    """
    return refine_coco_dataset(
        Path(source),
        Path(out),
        options or DatasetOptions(),
        refiner or RefinerOptions(),
        reporter or Reporter(),
    )
