"""Refinement of tables and tar files, one shard per file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.limits import max_pixels
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.predictions.prediction_options import PredictionSummary
from segrefiner_mm.runs.predictions.refine_predictions import counted
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.scale.engines import joined, refine_shards
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.places import Place, is_address, local_path
from segrefiner_mm.scale.refine_rows import FAILED
from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_files import need_pyarrow
from segrefiner_mm.scale.shard_worker import chosen_refiner
from segrefiner_mm.scale.table_files import SHARDS, TABLES
from segrefiner_mm.scale.table_worker import TableJob, output_of


@dataclass(frozen=True)
class FileShards:
    """Makes one shard per file; picklable.

    Attributes:
        files (tuple[str, ...]): Names of the files.
    """

    files: tuple[str, ...]

    def __call__(self) -> Iterator[Shard]:
        """Yield the shards.

        Yields:
            Shard: A shard with the name of a file as its key, and without
            content.
        """
        for file in self.files:
            yield Shard(file, b'')


def holds_shards(source: str) -> bool:
    """Return whether a source is a table or a tar file, or a folder of them.

    Args:
        source (str): Path or URL.

    Returns:
        bool: True for a file with one of the suffixes ``SHARDS``, and for a
        folder that contains such a file; also for any URL that does not end
        in ``.json``.

    Raises:
        InputError: If the folder cannot be listed.
    """
    if source.lower().endswith(SHARDS):
        return True
    if is_address(source):
        return not source.lower().endswith('.json')
    folder = local_path(source)
    return folder.is_dir() and bool(Place(source).files(SHARDS))


def refine_tables(
    source: str,
    out: str,
    options: DatasetOptions,
    refiner: RefinerOptions,
    reporter: Reporter,
) -> PredictionSummary:
    """Refine tables and tar files; each becomes a Parquet file.

    Args:
        source (str): File, folder or URL; see :func:`read_masks`.
        out (str): Folder or URL of the Parquet files.
        options (DatasetOptions): Options for refining and writing.
        refiner (RefinerOptions): The model and its settings.
        reporter (Reporter): Receives progress and failures.

    Returns:
        PredictionSummary: Counts over the masks, without rows; a shard that
        cannot be read or written counts as one failure. In the processes of
        a launcher other than the first, the counts are 0.

    Raises:
        InputError: If pyarrow is not installed, no shard is found, nothing
            can be refined, files would be lost, an option is not for tables,
            or the engine does not answer.
        CheckpointError: If the weights cannot be used.
    """
    need_pyarrow()
    _refuse(options)
    folder, files = _files(source)
    place, target = Place(folder), Place(out)
    _check(place, target, files, options)
    # A launcher assigns a GPU to each process, so build the model after it.
    with joined(options) as rank:
        job = TableJob(
            *chosen_refiner(refiner, options.gpus_per_worker > 0),
            options.place,
            _absolute(place),
            _absolute(target),
            max_pixels(),
            options.overwrite,
        )
        done = refine_shards(job, FileShards(tuple(files)), options, reporter)
    if rank != 0:
        return PredictionSummary(f'process {rank} is done', done=0)
    verdicts: Counter[str] = Counter()
    for summary in done:
        verdicts.update(summary.verdicts)
    failed = verdicts[FAILED]
    if failed and failed == verdicts.total():
        raise InputError(f'no mask of {source} could be refined')
    return PredictionSummary(
        f'{out}: {counted(verdicts)}',
        done=verdicts.total() - failed,
        failed=failed,
        problems=tuple(reporter.problems),
    )


def _refuse(options: DatasetOptions) -> None:
    given = (
        options.ann
        or options.report
        or options.shards
        or options.update_boxes
        or options.segmentation != 'same'
    )
    if given:
        raise InputError(
            '--ann, --report, --shards, --update-boxes and --segmentation are '
            'not for tables and tar files, whose results are tables'
        )


def _files(source: str) -> tuple[str, list[str]]:
    """Return a folder and the names of its shards."""
    if source.lower().endswith(SHARDS):
        folder, _, file = source.rpartition('/')
        return folder or '.', [file]
    files = Place(source).files(SHARDS)
    if not files:
        raise InputError(f'{source} has no {", ".join(SHARDS)}')
    return source, files


def _check(
    source: Place, out: Place, files: list[str], options: DatasetOptions
) -> None:
    if _absolute(source) == _absolute(out):
        raise InputError(f'{out.address} holds the inputs: choose another')
    if out.folder is not None and out.folder.is_file():
        raise InputError(f'{out.folder} must be a folder')
    shared = Counter(map(output_of, files)).most_common(1)
    if shared and shared[0][1] > 1:
        raise InputError(
            f'several shards of {source.address} would be written as '
            f'{shared[0][0]}: give their folders one by one'
        )
    tables = [file for file in files if file.lower().endswith(TABLES)]
    if tables and options.place is None:
        raise InputError(
            f'{tables[0]} needs --img-dir, the folder or URL of its images'
        )


def _absolute(place: Place) -> str:
    folder = place.folder
    return place.address if folder is None else str(folder.absolute())
