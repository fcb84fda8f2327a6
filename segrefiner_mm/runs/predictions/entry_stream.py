"""Refinement of a stream of images with masks, one outcome per mask."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.compact_runs import MaskCrops, encode_crop
from segrefiner_mm.io.encodings.segmentation import Size
from segrefiner_mm.io.formats.prediction_file import ImageEntry, Key
from segrefiner_mm.io.image_files.picture_source import Source
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.limits import MAX_DECODED
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.predictions.prediction_journal import Outcome
from segrefiner_mm.runs.predictions.prediction_masks import (
    Tell,
    decode_group,
    open_entry,
)
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.windows import (
    REFINED,
    CompactMask,
    Only,
    RefinedMask,
    RefineJob,
    SoftMap,
)
from segrefiner_mm.windows.compact_mask import compact_iou

Outcomes = list[Outcome | None]
TellAll = Callable[[ImageEntry, str], None]
# Images that a thread reads ahead, unless they have more pixels.
READ_AHEAD = 2
MOST_READ_AHEAD = 2**24
OnSoft = Callable[[Key, SoftMap, Size], None]


class _Group(NamedTuple):
    """Some masks of an image, by index; ``last`` marks its last group.

    The groups of an image are consecutive.
    """

    entry: ImageEntry
    places: list[int]
    last: bool


class _Opened(NamedTuple):
    """Masks of an image in groups, the part that may change, and the image.

    ``load`` waits for the image and returns it; None if there are no masks.
    """

    entry: ImageEntry
    groups: list[tuple[list[int], MaskCrops, list[int]]]
    only: Only | None
    load: Callable[[], Tensor] | None


class EntryStream:
    """Refines the masks of many images; no result depends on other images.

    Args:
        refiner (Refiner): The model and its settings.
        fail (Callable[[Key, str], None]): Called with the key of a mask that
            cannot be refined, and the reason.
        fail_all (Callable[[ImageEntry, str], None]): Called with an image of
            which no mask can be refined, and the reason.
        note (Callable[[Key, str], None]): Called with the key of a mask and a
            remark.
        parts (OnlyParts, optional): The parts that may change. Defaults to
            None: everything.
        on_soft (Callable[[Key, SoftMap, Size], None], optional): Called with
            the key, the soft map and the image size of every mask that does
            not fail. Defaults to None: no soft maps are made.
    """

    def __init__(
        self,
        refiner: Refiner,
        fail: Tell,
        fail_all: TellAll,
        note: Tell,
        parts: OnlyParts | None = None,
        on_soft: OnSoft | None = None,
    ) -> None:
        self._refiner = refiner
        self._fail = fail
        self._fail_all = fail_all
        self._note = note
        self._parts = parts
        self._on_soft = on_soft
        # A soft map takes four more bytes per pixel.
        bytes_each = 1 if on_soft is None else 5
        self._most_pixels = MAX_DECODED // bytes_each

    def refine(
        self, entries: Iterable[ImageEntry]
    ) -> Iterator[tuple[ImageEntry, Outcomes]]:
        """Refine the masks of a stream of images.

        Args:
            entries (Iterable[ImageEntry]): From :func:`with_images`, pulled
                as late as possible.

        Yields:
            tuple[ImageEntry, list[dict | None]]: An image, in order, with an
            ``Outcome`` per mask; None for a mask that failed.

        Raises:
            InputError: If the model cannot be used.
            CheckpointError: If the weights cannot be used.
        """
        model = self._refiner.model
        outcomes: Outcomes = []
        jobs = self._jobs(entries)
        wants_soft = self._on_soft is not None
        settings = replace(self._refiner.settings, soft=wants_soft)
        for job, refined in model.refine(jobs, settings):
            entry, places, last = job.tag
            outcomes = outcomes or [None] * len(entry.masks)
            for place, coarse, mask in zip(
                places, job.masks, refined, strict=True
            ):
                outcomes[place] = _outcome(coarse, mask)
                if self._on_soft is not None and mask.soft is not None:
                    key = list(entry.masks)[place]
                    self._on_soft(key, mask.soft, coarse.size)
            if last:
                yield entry, outcomes
                outcomes = []

    def _jobs(
        self, entries: Iterable[ImageEntry]
    ) -> Iterator[RefineJob[_Group]]:
        with ThreadPoolExecutor(1) as reader:
            opened: deque[_Opened] = deque()
            for entry in entries:
                opened.append(self._open(entry, reader))
                if len(opened) > READ_AHEAD:
                    yield from self._jobs_of(opened.popleft())
            while opened:
                yield from self._jobs_of(opened.popleft())

    def _open(self, entry: ImageEntry, reader: Executor) -> _Opened:
        """Read the masks of an entry, and start to read its image."""
        try:
            masks = open_entry(entry, self._fail, self._note)
            groups = masks.groups(self._most_pixels)
            only = self._only_in(entry, masks.size) if groups else None
        except InputError as error:
            self._fail_all(entry, str(error))
            return _Opened(entry, [], None, None)
        if not groups:
            return _Opened(entry, [], None, None)
        load: Callable[[], Tensor] = partial(_image, masks.image, masks.size)
        if masks.size[0] * masks.size[1] <= MOST_READ_AHEAD:
            load = reader.submit(load).result
        return _Opened(entry, groups, only, load)

    def _jobs_of(self, opened: _Opened) -> Iterator[RefineJob[_Group]]:
        entry, groups, only, load = opened
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
            yield RefineJob(image, decode_group(crops, own), tag, only)

    def _only_in(self, entry: ImageEntry, size: Size) -> Only | None:
        if self._parts is None:
            return None
        return self._parts.of(size, entry.image or Path(entry.name or ''))


def of_all(entry: ImageEntry, first: str) -> str:
    """Return a name for all masks of an image, for messages.

    Args:
        entry (ImageEntry): The image.
        first (str): Name of its first mask.

    Returns:
        str: The name, and the number of further masks.
    """
    count = len(entry.masks)
    return first + (f' and {count - 1} more of it' if count > 1 else '')


def _image(source: Source, size: tuple[int, int]) -> Tensor:
    return torch.from_numpy(load_image(source, size)).permute(2, 0, 1)


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
