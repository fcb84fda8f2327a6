"""The merged file: the source with the refined masks of all shards."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.files import write_parts
from segrefiner_mm.io.formats.coco_file import (
    record_label,
    replace_mask,
    rewrite_record,
    why_left,
)
from segrefiner_mm.io.json_files.json_stream import BEGIN, END, VALUE, Event
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.predictions.mask_rows import LEFT
from segrefiner_mm.scale.coco_source import CocoSource
from segrefiner_mm.scale.places import Place
from segrefiner_mm.scale.refine_rows import FAILED
from segrefiner_mm.scale.result_store import ResultStore
from segrefiner_mm.scale.shard_files import file_of, read_shard


class MergedFile:
    """Writes the source with refined masks, record by record.

    The output is byte-identical to that of a run in one process.

    Args:
        source (CocoSource): Results or annotations.
        store (ResultStore): Results of the masks, from :func:`collect`.
            Writing adds the masks that are left, or whose shard is missing.
        style (MaskStyle): Form in which masks are written.
        update_boxes (bool): Whether to update boxes and areas.

    Attributes:
        verdicts (Counter[str]): Number of masks by verdict; empty before
            :meth:`write`.
    """

    def __init__(
        self,
        source: CocoSource,
        store: ResultStore,
        style: MaskStyle,
        update_boxes: bool,
    ) -> None:
        self.verdicts: Counter[str] = Counter()
        self._source = source
        self._store = store
        self._style = style
        self._update_boxes = update_boxes
        self._index = -1

    def write(self, path: Path) -> None:
        """Write the file atomically; to be called once.

        Args:
            path (Path): File to write; an existing one is replaced.

        Raises:
            InputError: If a file cannot be written, or the source cannot be
                read.
        """
        write_parts(path, self._parts())

    def _parts(self) -> Iterator[bytes]:
        """Yield parts of the text that ``json.dumps`` gives for the whole."""
        in_object = False
        between = b''
        for event in self._source.records():
            if event.kind in (BEGIN, VALUE) and event.member is not None:
                yield b', ' if in_object else b'{'
                in_object = True
                yield json.dumps(event.member).encode() + b': '
            if event.kind == BEGIN:
                yield b'['
                between = b''
            elif event.kind == END:
                yield b']'
            elif event.kind == VALUE:
                yield json.dumps(event.value).encode()
            else:
                yield between + self._item(event)
                between = b', '
        if in_object:
            yield b'}'

    def _item(self, event: Event) -> bytes:
        if self._source.is_record(event):
            self._index += 1
            self._refine(event)
        return json.dumps(event.value).encode()

    def _refine(self, event: Event) -> None:
        """Put the refined mask into a record."""
        record, index = event.value, self._index
        if why := why_left(record):
            self.verdicts[f'{LEFT}{why}'] += 1
            label = record_label(record, index)
            self._store.add_left(index, label, why)
            return
        row = self._store.get(index)
        if row is None:  # its shard was lost
            label = record_label(record, index)
            row = dict(mask=index, image='', first=index, label=label)
            row.update(verdict=FAILED, iou=1.0)
            self._store.add(row)
        self.verdicts[row['verdict']] += 1
        if row['verdict'] == FAILED:
            return
        size = row['height'], row['width']
        if row['counts'] is None:
            rewrite_record(record, size, self._style)
            return
        encoded = dict(size=[*size], counts=row['counts'])
        replace_mask(record, encoded, self._style, self._update_boxes)


def collect(
    place: Place, keys: list[str], store: ResultStore, reporter: Reporter
) -> None:
    """Read the shards of a run into a store, and flush it.

    Args:
        place (Place): Folder of the shards.
        keys (list[str]): Keys of the shards.
        store (ResultStore): Receives the results.
        reporter (Reporter): Receives the shards that cannot be read, which
            are skipped.

    Raises:
        InputError: If the results cannot be stored.
    """
    for key in keys:
        try:
            read = read_shard(place, key)
        except InputError as error:
            reporter.error(f'{error}; run again to redo it')
            continue
        if read is None:
            name = place.name(file_of(key))
            reporter.error(f'{name} is gone; run again to redo it')
            continue
        for row in read[0].rows:
            store.add(row)
    store.flush()
