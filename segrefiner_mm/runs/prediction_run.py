"""Refinement of the masks of a file of predictions, image by image."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.compact_runs import MaskCrops, encode_crop
from segrefiner_mm.io.file_state import file_state
from segrefiner_mm.io.files import partial_prefix, result_files
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.image_finder import ImageFinder
from segrefiner_mm.io.images import load_image
from segrefiner_mm.runs.prediction_journal import Outcome, PredictionNotes
from segrefiner_mm.runs.prediction_masks import (
    decode_group,
    open_entry,
    with_images,
)
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.runs.reporter import Reporter
from segrefiner_mm.windows import (
    REFINED,
    CompactMask,
    RefinedMask,
    RefineJob,
)
from segrefiner_mm.windows.compact_mask import compact_iou

Outcomes = list[Outcome | None]
# Images that a thread reads meanwhile, unless they have more pixels.
READ_AHEAD = 2
MOST_READ_AHEAD = 2**24


class _Group(NamedTuple):
    """Masks of an image in progress: their indices, and if they are the last.

    The groups of an image are consecutive.
    """

    entry: ImageEntry
    places: list[int]
    last: bool


class _Opened(NamedTuple):
    """Groups of masks of an image, and what returns the image."""

    entry: ImageEntry
    groups: list[tuple[list[int], MaskCrops, list[int]]]
    load: Callable[[], Tensor] | None


class PredictionRun:
    """Refines image by image, with a journal beside the output.

    Args:
        refiner (Refiner): The model and its settings.
        predictions (PredictionFile): Names masks in messages.
        entries (list[ImageEntry]): Images with masks to refine.
        finder (ImageFinder): Finds the images.
        source (Path): File or folder of the predictions.
        ann (Path, optional): Annotations that name the images.
        out (Path): The output, which is written at the end.
        reporter (Reporter): Receives the masks that fail.

    Attributes:
        failed (int): Number of masks that could not be refined.
    """

    def __init__(
        self,
        refiner: Refiner,
        predictions: PredictionFile,
        entries: list[ImageEntry],
        finder: ImageFinder,
        source: Path,
        ann: Path | None,
        out: Path,
        reporter: Reporter,
    ) -> None:
        self._refiner = refiner
        self._predictions = predictions
        self._entries = entries
        self._finder = finder
        self._source = source
        self._ann = ann
        self._reporter = reporter
        self.failed = 0
        self._notes_file = out.with_name(f'{partial_prefix(out)}notes.jsonl')

    def outcomes(self) -> dict[str, Outcomes]:
        """Refine all masks that are not done yet.

        Returns:
            dict[str, list[dict | None]]: Results of every image, in the order
            of its masks; None for a mask that failed.

        Raises:
            InputError: If the journal cannot be written.
        """
        done: dict[str, Outcomes] = {}
        if not self._entries:
            return done
        entries = with_images(self._entries, self._finder)
        notes = PredictionNotes(self._notes_file, self._settings())
        for entry in entries:
            noted = notes.outcomes(entry)
            if noted is not None:
                done[entry.key] = list(noted)
        todo = [entry for entry in entries if entry.key not in done]
        if done:
            self._reporter.say(f'{len(done)} images were done before')
        if todo:
            self._refine(todo, done, notes)
        return done

    def forget(self) -> None:
        """Remove the journal: the output is written, or there is no result."""
        self._notes_file.unlink(missing_ok=True)

    def _settings(self) -> dict[str, Any]:
        """Return all that results depend on, as plain values."""
        folder = self._finder.folder
        return {
            **self._refiner.fingerprint(),
            'source': _states(self._source),
            'images': str(folder and folder.resolve()),
            'ann': file_state(self._ann) if self._ann else None,
        }

    def _refine(
        self,
        todo: list[ImageEntry],
        done: dict[str, Outcomes],
        notes: PredictionNotes,
    ) -> None:
        model = self._refiner.model
        notes.begin()
        with self._reporter.progress(len(todo)) as advance:
            jobs = self._jobs(todo)
            for job, refined in model.refine(jobs, self._refiner.settings):
                entry, places, last = job.tag
                empty: Outcomes = [None] * len(entry.masks)
                outcomes = done.setdefault(entry.key, empty)
                for place, coarse, mask in zip(
                    places, job.masks, refined, strict=True
                ):
                    outcomes[place] = _outcome(coarse, mask)
                if not last:
                    continue
                advance([o['verdict'] for o in outcomes if o])
                if all(outcomes):  # a failed mask is tried again
                    notes.add(entry, outcomes)

    def _jobs(self, todo: list[ImageEntry]) -> Iterator[RefineJob[_Group]]:
        with ThreadPoolExecutor(1) as reader:
            opened: deque[_Opened] = deque()
            for entry in todo:
                opened.append(self._open(entry, reader))
                if len(opened) > READ_AHEAD:
                    yield from self._jobs_of(opened.popleft())
            while opened:
                yield from self._jobs_of(opened.popleft())

    def _open(self, entry: ImageEntry, reader: Executor) -> _Opened:
        """Read the masks of an entry, and start to read its image."""
        try:
            masks = open_entry(entry, self._fail, self._note)
            groups = masks.groups()
        except InputError as error:
            self._fail_all(entry, str(error))
            return _Opened(entry, [], None)
        if not groups:
            return _Opened(entry, [], None)
        load: Callable[[], Tensor] = partial(_image, masks.image, masks.size)
        if masks.size[0] * masks.size[1] <= MOST_READ_AHEAD:
            load = reader.submit(load).result
        return _Opened(entry, groups, load)

    def _jobs_of(self, opened: _Opened) -> Iterator[RefineJob[_Group]]:
        entry, groups, load = opened
        image = torch.zeros(3, 1, 1, dtype=torch.uint8)
        try:
            if load is not None:
                image = load()
        except InputError as error:
            self._fail_all(entry, str(error))
            groups = []
        if not groups:
            yield RefineJob(image, [], _Group(entry, [], True))
        for number, (places, crops, own) in enumerate(groups, 1):
            tag = _Group(entry, places, number == len(groups))
            yield RefineJob(image, decode_group(crops, own), tag)

    def _fail_all(self, entry: ImageEntry, problem: str) -> None:
        """Report an image without any usable mask."""
        first, count = next(iter(entry.masks)), len(entry.masks)
        name = self._predictions.label(first)
        more = f' and {count - 1} more of it' if count > 1 else ''
        self.failed += count
        self._reporter.error(f'{self._source}: {name}{more}: {problem}')

    def _fail(self, key: Key, problem: str) -> None:
        self.failed += 1
        name = self._predictions.label(key)
        self._reporter.error(f'{self._source}: {name}: {problem}')

    def _note(self, key: Key, text: str) -> None:
        name = self._predictions.label(key)
        self._reporter.say(f'segrefiner: note: {self._source}: {name}: {text}')


def _states(source: Path) -> list[Any] | None:
    """Return the state of a file, or of the files of a folder."""
    if source.is_dir():
        return [file_state(path) for path in result_files(source)]
    return file_state(source)


def _image(path: Path, size: tuple[int, int]) -> Tensor:
    return torch.from_numpy(load_image(path, size)).permute(2, 0, 1)


def _outcome(coarse: CompactMask, refined: RefinedMask) -> dict[str, Any]:
    outcome: Outcome = dict(
        verdict=refined.verdict,
        iou=1.0,
        size=coarse.size,
        confidence=refined.confidence.item(),
        evidence=refined.evidence,
    )
    if refined.verdict == REFINED:
        outcome['iou'] = compact_iou(coarse, refined)
        outcome['encoded'] = encode_crop(
            refined.pixels, refined.box, coarse.size
        )
    return outcome
