"""Refines the masks of a file of predictions, image by image."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.progress import Progress

from segrefiner_mm.apis.image_io import load_image
from segrefiner_mm.apis.model_options import prepare, run_settings
from segrefiner_mm.apis.run_journal import file_state
from segrefiner_mm.encodings import decode_mask, encode_mask
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import write_whole
from segrefiner_mm.integrations.prediction_file import ImageEntry, ImageFinder
from segrefiner_mm.models import RefineJob
from segrefiner_mm.windows import (
    REFINED,
    CompactMask,
    RefinedMask,
    compact_masks,
)
from segrefiner_mm.windows.compact_mask import compact_iou

# What is noted of a mask: the verdict, the IoU with the coarse mask, and of a
# refined one its encoding.
Outcome = dict[str, Any]


class _Loaded(NamedTuple):
    """An image in work: its entry, and the places of the usable masks."""

    entry: ImageEntry
    places: list[int]


class PredictionRun:
    """Refines image by image and notes what is done beside the output.

    Args:
        args (argparse.Namespace): Of the command line.
        entries (list[ImageEntry]): What to refine.
        finder (ImageFinder): Where the images are.
        out (Path): The output, which is written at the end.
    """

    def __init__(
        self,
        args: argparse.Namespace,
        entries: list[ImageEntry],
        finder: ImageFinder,
        out: Path,
    ) -> None:
        self._entries = entries
        self._finder = finder
        self.failed = 0
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._partial = out.with_name(f'.{out.name}.partial.jsonl')
        self._args = args
        self._settings = {
            **run_settings(args),
            'source': file_state(Path(args.predictions)),
            'images': str(finder.folder and finder.folder.resolve()),
            'ann': file_state(Path(args.ann)) if args.ann else None,
        }

    def outcomes(self) -> dict[str, list[Outcome | None]]:
        """What became of every mask: per image, in the order of its masks."""
        done = self._read_partial()
        todo = [entry for entry in self._entries if entry.key not in done]
        if done:
            self._console.print(f'{len(done)} images were done before')
        if todo:
            self._refine(todo, done)
        return done

    def forget(self) -> None:
        """Remove the notes: the output is written, or there is nothing."""
        self._partial.unlink(missing_ok=True)

    def _refine(
        self, todo: list[ImageEntry], done: dict[str, list[Outcome | None]]
    ) -> None:
        inferencer, settings = prepare(self._args)
        model = inferencer.model
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        with (
            self._partial.open('a') as partial,
            Progress(
                console=self._console, disable=not self._console.is_terminal
            ) as bar,
        ):
            task = bar.add_task('Refining', total=len(todo))
            jobs = self._jobs(todo, model.device)
            for job, refined in model.refine(jobs, settings):
                entry, places = job.tag
                outcomes: list[Outcome | None] = [None] * len(entry.masks)
                for place, coarse, mask in zip(
                    places, job.masks, refined, strict=True
                ):
                    outcomes[place] = _outcome(coarse, mask)
                bar.advance(task)
                done[entry.key] = outcomes
                if places and all(outcomes):  # a mistake is tried again
                    line = dict(image=entry.key, masks=outcomes)
                    partial.write(json.dumps(line) + '\n')
                    partial.flush()

    def _jobs(
        self, todo: list[ImageEntry], device: torch.device
    ) -> Iterator[RefineJob]:
        for entry in todo:
            image = torch.zeros(3, 1, 1, dtype=torch.uint8)
            places: list[int] = []
            masks: list[CompactMask] = []
            try:
                places, masks = self._masks(entry)
                if masks:
                    pixels = load_image(self._find(entry), masks[0].size)
                    image = torch.from_numpy(pixels).permute(2, 0, 1)
            except InputError as error:
                self._fail(str(error), len(entry.masks))
                places, masks = [], []
            on_device = [mask.to(device) for mask in masks]
            yield RefineJob(
                image.to(device), on_device, _Loaded(entry, places)
            )

    def _find(self, entry: ImageEntry) -> Path:
        if entry.name is None:
            raise InputError(f'image {entry.key} is not among the images')
        return self._finder.find(entry.name)

    def _masks(self, entry: ImageEntry) -> tuple[list[int], list[CompactMask]]:
        """The masks that can be read, with their places."""
        size = entry.size
        polygons = any(isinstance(mask, list) for mask in entry.masks.values())
        if size is None and polygons:
            height, width, _ = load_image(self._find(entry)).shape
            size = height, width
        places: list[int] = []
        masks: list[CompactMask] = []
        for place, encoded in enumerate(entry.masks.values()):
            try:
                dense = decode_mask(encoded, size)
            except InputError as error:
                self._fail(f'image {entry.key}, mask {place}: {error}', 1)
                continue
            height, width = dense.shape
            size = height, width  # the others must have it too
            places.append(place)
            masks += compact_masks(torch.from_numpy(dense)[None])
        return places, masks

    def _fail(self, problem: str, masks: int) -> None:
        self.failed += masks
        self._console.print(f'segrefiner: error: {problem}', markup=False)

    def _read_partial(self) -> dict[str, list[Outcome | None]]:
        """What an earlier run of the same settings has done."""
        lines = []
        if self._partial.is_file():
            for text in self._partial.read_text(errors='replace').splitlines():
                try:
                    lines.append(json.loads(text))
                except json.JSONDecodeError:
                    continue  # the run was killed while it wrote this line
        if not lines or lines[0].get('settings') != self._settings:
            lines = [dict(settings=self._settings)]
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        write_whole(self._partial, text.encode())
        return {line['image']: line['masks'] for line in lines[1:]}


def _outcome(coarse: CompactMask, refined: RefinedMask) -> Outcome:
    outcome: Outcome = dict(verdict=refined.verdict, iou=1.0, size=coarse.size)
    if refined.verdict == REFINED:
        outcome['iou'] = compact_iou(coarse, refined)
        dense = refined.dense(coarse.size).cpu().numpy()
        outcome['encoded'] = encode_mask(dense)
    return outcome
