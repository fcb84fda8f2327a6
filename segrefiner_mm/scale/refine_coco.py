"""Refinement of a COCO JSON file of any size, in shards that are merged."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from pathlib import Path
from shutil import rmtree

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.limits import max_pixels
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.predictions.mask_rows import write_rows
from segrefiner_mm.runs.predictions.prediction_options import PredictionSummary
from segrefiner_mm.runs.predictions.protect_files import protect_files
from segrefiner_mm.runs.predictions.refine_predictions import counted
from segrefiner_mm.runs.refiner import RefinerOptions
from segrefiner_mm.scale.coco_source import CocoSource
from segrefiner_mm.scale.engines import joined, refine_shards
from segrefiner_mm.scale.merge import MergedFile, collect
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.places import Place
from segrefiner_mm.scale.refine_rows import FAILED
from segrefiner_mm.scale.result_store import ResultStore
from segrefiner_mm.scale.rows import Shard, shards_of
from segrefiner_mm.scale.shard_files import need_pyarrow
from segrefiner_mm.scale.shard_worker import ShardJob, chosen_refiner

# Rows that a summary holds.
MOST_ROWS = 1000


@dataclass(frozen=True)
class ShardSource:
    """Makes the shards of a source; picklable.

    Attributes:
        source (CocoSource): Results or annotations.
        masks (int): Minimum number of masks per shard.
        settings (str): Digest of everything that results depend on.
    """

    source: CocoSource
    masks: int
    settings: str

    def __call__(self) -> Iterator[Shard]:
        """Yield the shards; equal inputs give equal shards.

        Yields:
            Shard: The shards.

        Raises:
            InputError: See :meth:`CocoSource.rows`.
        """
        return shards_of(self.source.rows(), self.masks, self.settings)


def refine_coco(
    source: Path,
    out: Path,
    options: DatasetOptions,
    refiner: RefinerOptions,
    reporter: Reporter,
) -> PredictionSummary:
    """Refine a COCO or LVIS JSON file of any size.

    The output is byte-identical to that of :func:`refine_predictions`.

    Args:
        source (Path): Results or annotations.
        out (Path): File to write.
        options (DatasetOptions): Options for reading, refining and writing.
        refiner (RefinerOptions): The model and its settings.
        reporter (Reporter): Receives progress and failures.

    Returns:
        PredictionSummary: Counts over the masks, and the rows of the masks
        that changed most, at most 1000. In the processes of a launcher other
        than the first, the counts are 0.

    Raises:
        InputError: If pyarrow is not installed, an input or option cannot be
            used, nothing can be refined, ``source`` changes during the run,
            files would be lost or cannot be written, another run is writing
            ``out``, or the engine does not answer.
        CheckpointError: If the weights cannot be used.
    """
    need_pyarrow()
    with joined(options) as rank:
        _check(source, out, options)
        return _refined(source, out, options, refiner, reporter, rank)


def _refined(
    source: Path,
    out: Path,
    options: DatasetOptions,
    refiner: RefinerOptions,
    reporter: Reporter,
    rank: int,
) -> PredictionSummary:
    """Refine the shards, and merge them in the first process."""
    coco = CocoSource(
        source.absolute(),
        options.ann and options.ann.absolute(),
        options.place,
    )
    shards = Place(options.shards or f'{out.absolute()}.shards')
    job = _job(options, refiner, source, shards)
    make = ShardSource(coco, options.shard_masks, _digest(job))
    # The other processes of a launcher only write shards.
    lock = OutputLock(out, is_folder=False) if rank == 0 else nullcontext()
    before = _states(coco)
    with lock:
        done = refine_shards(job, make, options, reporter)
        keys = [summary.key for summary in done]
        if rank != 0:
            return PredictionSummary(f'process {rank} is done', done=0)
        if before != _states(coco):
            raise InputError(f'{source} changed during the run')
        summary = _merge(coco, out, shards, keys, options, reporter)
    if not options.shards and not summary.failed and shards.folder:
        rmtree(shards.folder, ignore_errors=True)
    return summary


def _check(source: Path, out: Path, options: DatasetOptions) -> None:
    if not source.exists():
        raise InputError(f'no such file or folder: {source}')
    if options.place is None:
        raise InputError(
            'a .json needs --img-dir, the folder or URL of its images'
        )
    MaskStyle(options.segmentation, options.tolerance).check()
    protect_files(source, out, options)


def _job(
    options: DatasetOptions,
    refiner: RefinerOptions,
    source: Path,
    shards: Place,
) -> ShardJob:
    address = shards.address
    if shards.folder is not None:
        address = str(shards.folder.absolute())
    return ShardJob(
        *chosen_refiner(refiner, options.gpus_per_worker > 0),
        options.place,
        address,
        str(source),
        max_pixels(),
    )


def _digest(job: ShardJob) -> str:
    text = dumps([job.fingerprint, job.img_dir], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _states(coco: CocoSource) -> list[tuple[int, int]]:
    """Return size and modification time of the JSON files, without a hash."""
    try:
        stats = [path.stat() for path in (coco.path, coco.ann) if path]
    except OSError as error:
        raise InputError(
            f'cannot read {error.filename}: {reason_of(error)}'
        ) from error
    return [(stat.st_size, stat.st_mtime_ns) for stat in stats]


def _merge(
    coco: CocoSource,
    out: Path,
    shards: Place,
    keys: list[str],
    options: DatasetOptions,
    reporter: Reporter,
) -> PredictionSummary:
    style = MaskStyle(options.segmentation, options.tolerance)
    with ResultStore(out.parent) as store:
        collect(shards, keys, store, reporter)
        merged = MergedFile(coco, store, style, options.update_boxes)
        if keys and not store.has_results():
            raise InputError(f'no mask of {coco.path} could be refined')
        merged.write(out)
        store.flush()
        order = store.most_changed()
        if options.report:
            write_rows(options.report, map(store.table_row, order))
        rows = [store.table_row(index) for index in order[:MOST_ROWS]]
    failed = merged.verdicts[FAILED]
    return PredictionSummary(
        f'{out}: {counted(merged.verdicts)}',
        done=merged.verdicts.total() - failed,
        failed=failed,
        problems=tuple(reporter.problems),
        rows=rows,
    )
