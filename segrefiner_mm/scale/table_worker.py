"""A worker that refines tables and tar files, each to a Parquet file."""

import io
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from segrefiner_mm.errors import InputError, SegRefinerError, reason_of
from segrefiner_mm.io.limits import set_max_pixels
from segrefiner_mm.io.rle import run_lengths
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.scale.image_places import ImagePlaces
from segrefiner_mm.scale.places import MissingFileError, Place
from segrefiner_mm.scale.refine_rows import FAILED, RefinedRows, refine_rows
from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_files import need_pyarrow, parsed_table
from segrefiner_mm.scale.shard_worker import ShardSummary, agreed_refiner
from segrefiner_mm.scale.table_files import MaskTable, read_masks

_NOTES = b'segrefiner_mm'
# The columns that refinement adds, in this order.
RESULTS = {
    'height': 'int32',
    'width': 'int32',
    'counts': 'string',
    'verdict': 'string',
    'iou': 'double',
    'confidence': 'double',
    'evidence': 'string',
}


@dataclass(frozen=True)
class TableJob:
    """Everything that a worker needs to know; picklable.

    Attributes:
        refiner (RefinerOptions): The model and its settings.
        fingerprint (dict): See :class:`ShardJob`.
        img_dir (str, optional): Folder or URL of the images of tables; None:
            the names of the images are paths.
        source (str): Folder or URL of the shards to read.
        out (str): Folder or URL of the shards to write.
        max_pixels (int): Maximum number of pixels of an image.
        overwrite (bool): Whether tables that no run has written may be
            overwritten. Defaults to False.
    """

    refiner: RefinerOptions
    fingerprint: dict[str, Any]
    img_dir: str | None
    source: str
    out: str
    max_pixels: int
    overwrite: bool = False

    def worker(self) -> 'TableWorker':
        """Return a worker for this job.

        Returns:
            TableWorker: The worker.

        Raises:
            InputError: See :class:`TableWorker`.
        """
        return TableWorker(self)


class TableWorker:
    """Refines tables and tar files; builds the model when first needed.

    It sets the limit of pixels for its process.

    Args:
        job (TableJob): The work to do.

    Raises:
        InputError: If there is no folder of images, or no installed package
            handles a URL.
    """

    def __init__(self, job: TableJob) -> None:
        set_max_pixels(job.max_pixels)
        self._job = job
        self._places = ImagePlaces(job.img_dir)
        self._source, self._out = Place(job.source), Place(job.out)
        text = json.dumps([job.fingerprint, job.img_dir], sort_keys=True)
        self._settings = sha256(text.encode()).hexdigest()

    @cached_property
    def _refiner(self) -> Refiner:
        return agreed_refiner(self._job.refiner, self._job.fingerprint)

    def process(self, shard: Shard) -> ShardSummary:
        """Refine a shard and write the result, unless it is done.

        A shard is refined again if it or an image has changed, or a mask
        failed.

        Args:
            shard (Shard): The shard, whose key is the name of the file.

        Returns:
            ShardSummary: Counts and messages; a failure is not raised.
        """
        file = shard.key
        name = self._source.name(file)
        try:
            content = self._source.read(file)
            masks = read_masks(content, name)
            state = self._state(content, masks)
            before = self._done_before(file, state)
            if before is not None:
                return ShardSummary(file, 0, before, True)
            done = refine_rows(masks.images, self._refiner, self._places, name)
            self._write(file, masks, done, state)
        except (SegRefinerError, OSError, MemoryError) as error:
            reason = reason_of(error)
            text = reason if name in reason else f'{name}: {reason}'
            return ShardSummary(file, 0, {FAILED: 1}, errors=[text])
        verdicts = Counter(row['verdict'] for row in done.rows)
        return ShardSummary(
            file,
            len(masks.images),
            dict(verdicts),
            errors=done.errors,
            notes=done.notes,
        )

    def _state(self, content: bytes, masks: MaskTable) -> str:
        """Return a hash of everything that the result depends on."""
        # The images of a tar file are part of its content.
        marks = {
            image.entry.name: self._places.content_mark(image.entry.name)
            for image in masks.images
            if image.entry.content is None
            and not image.entry.problem
            and image.entry.name is not None
        }
        text = json.dumps([self._settings, marks], sort_keys=True)
        return sha256(content + text.encode()).hexdigest()

    def _done_before(self, file: str, state: str) -> dict[str, int] | None:
        """Return the verdicts of a complete result for this input.

        Raises:
            InputError: If a table that no run wrote has the result's name.
        """
        out = output_of(file)
        try:
            table = parsed_table(self._out.read(out), out)
        except MissingFileError:
            return None
        except InputError:  # truncated: it is written again
            return None
        noted = (table.schema.metadata or {}).get(_NOTES)
        if noted is None and not self._job.overwrite:
            raise InputError(
                f'{self._out.name(out)} already exists and no earlier run '
                'wrote it: choose another folder, or --overwrite'
            )
        if noted != state.encode() or 'verdict' not in table.column_names:
            return None
        verdicts = Counter(table.column('verdict').to_pylist())
        return None if FAILED in verdicts else dict(verdicts)

    def _write(
        self, file: str, masks: MaskTable, done: RefinedRows, state: str
    ) -> None:
        pa = need_pyarrow()
        by_row = {row['mask']: row for row in done.rows}
        results = [
            _result(by_row[index], masks.segmentations[index])
            for index in range(len(masks.columns))
        ]
        table = masks.columns
        for name, kind in RESULTS.items():
            values = [result.get(name) for result in results]
            column = pa.array(values, pa.type_for_alias(kind))
            if name in table.column_names:
                place = table.column_names.index(name)
                table = table.set_column(place, name, column)
            else:
                table = table.append_column(name, column)
        metadata = dict(table.schema.metadata or {})
        metadata[_NOTES] = state.encode()
        table = table.replace_schema_metadata(metadata)
        sink = io.BytesIO()
        pa.parquet.write_table(table, sink, compression='zstd')
        self._out.write(output_of(file), sink.getvalue())


def output_of(file: str) -> str:
    """Return the name of the result of a shard.

    Args:
        file (str): Name of the shard, with a suffix.

    Returns:
        str: The name with the suffix ``.parquet``.
    """
    return f'{file.rpartition(".")[0]}.parquet'


def _result(row: dict[str, Any], coarse: Any) -> dict[str, Any]:
    """Complete a result: an unchanged mask gets its coarse run lengths."""
    if row['verdict'] == FAILED:
        return dict(verdict=FAILED)
    counts = row['counts']
    if counts is None:
        encoded = run_lengths(coarse, (row['height'], row['width']))
        counts = encoded['counts']
    if isinstance(counts, bytes):
        counts = counts.decode()
    return dict(row, counts=counts, evidence=json.dumps(row['evidence']))
