"""``refine_dataset()``: data sets that are too large for one process."""

from pathlib import Path

from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.predictions.prediction_options import PredictionSummary
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.refine_coco import refine_coco
from segrefiner_mm.scale.refine_tables import holds_shards, refine_tables


def refine_dataset(
    source: str | Path,
    out: str | Path,
    options: DatasetOptions | None = None,
    refiner: RefinerOptions | None = None,
    reporter: Reporter | None = None,
) -> PredictionSummary:
    """Refine a data set in shards; the function behind ``coco --engine``.

    A JSON output is byte-identical to that of :func:`refine_predictions`. A
    run that was stopped continues with the missing shards.

    Args:
        source (str | Path): COCO or LVIS results or annotations (.json), of
            any size; or a folder or URL of tables (.parquet, .arrow) or of
            WebDataset's tar files, see :func:`read_masks`.
        out (str | Path): File to write; for tables and tar files, the folder
            or URL of Parquet files.
        options (DatasetOptions, optional): Options for reading, refining and
            writing, and the engine. Defaults to None: the defaults of
            :class:`DatasetOptions`.
        refiner (RefinerOptions, optional): The model and its settings, from
            which every worker builds its own refiner. Defaults to None: the
            defaults of :class:`RefinerOptions`.
        reporter (Reporter, optional): See :func:`refine_folder`. Defaults to
            None.

    Returns:
        PredictionSummary: Counts over the masks, and rows of the masks that
        changed most, at most 1000 and none for tables. In the processes of a
        launcher other than the first, the counts are 0.

    Raises:
        InputError: If pyarrow is not installed, an input or option cannot be
            used, nothing can be refined, files would be lost or cannot be
            written, or the engine does not answer.
        CheckpointError: If the weights cannot be used.
    """
    given = (
        options or DatasetOptions(),
        refiner or RefinerOptions(),
        reporter or Reporter(),
    )
    if holds_shards(str(source)):
        return refine_tables(str(source), str(out), *given)
    return refine_coco(Path(source), Path(out), *given)
