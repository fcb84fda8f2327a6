"""The masks of a large COCO JSON file, by image, in bounded memory."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import Id, check_record, id_of
from segrefiner_mm.io.formats.coco_file import (
    image_entry,
    record_label,
    why_left,
)
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.formats.record_json import record_name
from segrefiner_mm.io.json_files.foreign_json import strange_json
from segrefiner_mm.io.json_files.json_file import parse_json
from segrefiner_mm.io.json_files.json_stream import ITEM, Event, JsonStream
from segrefiner_mm.scale.coco_index import (
    ANNOTATIONS,
    ImageTable,
    open_source,
)
from segrefiner_mm.scale.image_places import ImagePlaces, shared_names
from segrefiner_mm.scale.mentions import Mentions
from segrefiner_mm.scale.rows import PackedImage, packed

# Bytes of JSON records that wait in memory until their image is complete.
# Any further records are read again at that point.
HELD = 2**23

_TELLING = {'image_id', 'segmentation'}
_OTHER_FORMATS = {'segments_info', 'video_id', 'segmentations'}

# Index, name for the user, JSON, and the offsets of its start and end.
Record = tuple[int, str, str, int, int]


@dataclass(frozen=True)
class CocoSource:
    """Results or annotations of COCO or LVIS.

    Attributes:
        path (Path): The file.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None.
        img_dir (str, optional): Folder or URL of the images. Defaults to
            None: the names of the images are paths.
    """

    path: Path
    ann: Path | None = None
    img_dir: str | None = None

    def records(self) -> Iterator[Event]:
        """Walk through the file, and check its records.

        Yields:
            Event: All parts of the file, in its order; :meth:`is_record`
            recognises the records.

        Raises:
            InputError: If the file cannot be read or is not JSON, or is
                neither results nor annotations of COCO or LVIS. Some checks
                need the whole file and fail only at its end.
        """
        seen: set[str] = set()
        members: dict[str | None, Any] = {}
        index = 0
        with open_source(self.path) as file:
            for event in JsonStream(file, self.path).events():
                if self.is_record(event):
                    self._check_record(event, index)
                    seen |= _TELLING & event.value.keys()
                    index += 1
                elif event.kind != ITEM:
                    members[event.member] = event.value
                yield event
        self._check(seen, members, index)

    @staticmethod
    def is_record(event: Event) -> bool:
        """Return whether a part of the file is a result or an annotation.

        Args:
            event (Event): A part of the file, from :meth:`records`.

        Returns:
            bool: True for a result or an annotation.
        """
        return event.kind == ITEM and event.member in (None, ANNOTATIONS)

    def rows(self) -> Iterator[PackedImage]:
        """Yield the images that have masks to refine.

        An image is yielded as soon as its last record is read.

        Yields:
            PackedImage: Images, in the order of their last records.

        Raises:
            InputError: If the file, the annotations or the folder of the
                images cannot be used, or if the key ``image_id`` of a record
                is written with escapes.
        """
        yield from _Reading(self).rows()

    def _check_record(self, event: Event, index: int) -> None:
        check_record(event.value, event.member or '', index, self.path)
        other = 'segmentation' not in event.value
        if other and _OTHER_FORMATS & event.value.keys():
            raise InputError(
                f'{self.path} is panoptic or video json: an engine takes COCO '
                'and LVIS json; refine it without --engine'
            )

    def _check(
        self, seen: set[str], members: dict[str | None, Any], count: int
    ) -> None:
        """Reject files without masks, as :class:`CocoFile` does."""
        if None not in members and ANNOTATIONS not in members:
            raise InputError(
                f'{self.path} has no {ANNOTATIONS}: it {strange_json(members)}'
            )
        if None in members and members[None] is not None:
            raise InputError(f'{self.path} {strange_json(members[None])}')
        if None in members and count and 'image_id' not in seen:
            raise InputError(f'{self.path} {strange_json([{}])}')
        if None in members and count and 'segmentation' not in seen:
            raise InputError(
                f'{self.path} has no masks; the results of mmdet that have '
                'masks are in *.segm.json'
            )


class _Reading:
    """One pass over a file, which keeps the records of incomplete images."""

    def __init__(self, source: CocoSource) -> None:
        self._source = source
        self._images: ImageTable | None = None
        named_by = source.ann
        if named_by is None and not _is_list(source.path):
            named_by = source.path
        self._named_by = named_by or source.path
        self._shared: dict[str, str] = {}
        if named_by is not None:
            self._images = ImageTable(named_by)
            places = ImagePlaces(source.img_dir)
            self._shared = shared_names(places, self._images.namesakes())
        self._mentions = Mentions(source.path, self._images)
        self._held: dict[Id, list[Record]] = {}
        self._bytes = 0
        self._spilled = _Spilled()

    def rows(self) -> Iterator[PackedImage]:
        index = -1
        for event in self._source.records():
            if not self._source.is_record(event):
                continue
            index += 1
            try:
                name = record_name(event.value, index)
                image_id = id_of(event.value, 'image_id', name)
            except InputError as error:
                if not why_left(event.value):
                    yield _faulty(event, index, str(error))
                continue
            if not why_left(event.value):
                self._hold(image_id, index, event)
            if self._mentions.last(image_id) < event.end:
                yield from self._complete(image_id)
        for image_id in [*self._spilled.newest, *self._held]:
            yield from self._complete(image_id)

    def _hold(self, image_id: Id, index: int, event: Event) -> None:
        if self._mentions.is_closed(image_id):
            raise InputError(
                f'{self._source.path}: {record_label(event.value, index)} '
                'has a field name with escapes, which an engine does not '
                'read; refine it without --engine'
            )
        label = record_label(event.value, index)
        record = index, label, event.text, event.start, event.end
        self._held.setdefault(image_id, []).append(record)
        self._bytes += event.end - event.start
        if self._bytes > HELD:
            for other, records in self._held.items():
                self._spilled.add(other, records)
            self._held, self._bytes = {}, 0

    def _complete(self, image_id: Id) -> Iterator[PackedImage]:
        self._mentions.close(image_id)
        held = self._held.pop(image_id, [])
        self._bytes -= sum(end - start for *_, start, end in held)
        records = self._spilled.pop(image_id, self._source.path)
        records += [(index, label, text) for index, label, text, *_ in held]
        if not records:
            return  # only crowds, or objects without a mask
        images = self._images, self._named_by, self._source.path
        entry = image_entry(image_id, {}, *images)
        problem = self._shared.get(entry.name or '', entry.problem)
        entry = entry._replace(problem=problem)
        labels = {index: label for index, label, _ in records}
        yield packed(entry, labels, {i: text for i, _, text in records})


class _Spilled:
    """Offsets of records that are read again when their image is complete.

    A record takes 24 bytes, in a list that is linked from the newest record
    of an image to the oldest.
    """

    def __init__(self) -> None:
        self.newest: dict[Id, int] = {}
        self._index, self._before = array('i'), array('i')
        self._start, self._size = array('q'), array('q')

    def add(self, image_id: Id, records: list[Record]) -> None:
        for index, _, _, start, end in records:
            self._before.append(self.newest.get(image_id, -1))
            self.newest[image_id] = len(self._index)
            self._index.append(index)
            self._start.append(start)
            self._size.append(end - start)

    def pop(self, image_id: Id, path: Path) -> list[tuple[int, str, str]]:
        place = self.newest.pop(image_id, -1)
        if place < 0:
            return []
        records = []
        with open_source(path) as file:
            while place >= 0:
                file.seek(self._start[place])
                text = file.read(self._size[place]).decode()
                index = self._index[place]
                label = record_label(parse_json(text, path), index)
                records.append((index, label, text))
                place = self._before[place]
        return records[::-1]


def _faulty(event: Event, index: int, problem: str) -> PackedImage:
    entry = ImageEntry(f'#{index}', None, None, {}, problem)
    labels = {index: record_label(event.value, index)}
    return packed(entry, labels, {index: event.text})


def _is_list(path: Path) -> bool:
    """Return whether a file begins with a list, as results do."""
    with open_source(path) as file:
        return file.read(2**16).lstrip(b'\xef\xbb\xbf \t\r\n')[:1] == b'['
