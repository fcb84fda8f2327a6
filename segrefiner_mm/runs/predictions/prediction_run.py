"""Refinement of the masks of a file of predictions, image by image."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segrefiner_mm.io.file_state import file_state
from segrefiner_mm.io.files import partial_prefix, result_files, write_whole
from segrefiner_mm.io.formats.prediction_file import (
    ImageEntry,
    Key,
    PredictionFile,
)
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.soft_files import SUFFIXES, encode_soft
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.predictions.entry_stream import (
    EntryStream,
    Outcomes,
    of_all,
)
from segrefiner_mm.runs.predictions.prediction_journal import PredictionNotes
from segrefiner_mm.runs.predictions.prediction_masks import with_images
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.windows import SoftMap


class PredictionRun:
    """Refines masks image by image, with a journal beside the output.

    Args:
        refiner (Refiner): The model and its settings.
        predictions (PredictionFile): Names masks in messages.
        entries (list[ImageEntry]): Images with masks to refine.
        finder (ImageFinder): Finds the images.
        source (Path): File or folder of the predictions.
        ann (Path, optional): Annotations that name the images; None if there
            are none.
        out (Path): Path of the output, which the caller writes at the end.
        reporter (Reporter): Receives the masks that fail.
        extras (Extras): Soft maps to write, and the parts that may change.

    Attributes:
        failed (int): Number of masks that :meth:`outcomes` could not refine.
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
        extras: Extras,
    ) -> None:
        self._refiner = refiner
        self._extras = extras
        self._soft_folder = soft_folder(out)
        self._predictions = predictions
        self._entries = entries
        self._finder = finder
        self._source = source
        self._ann = ann
        self._reporter = reporter
        self.failed = 0
        self._notes_file = out.with_name(f'{partial_prefix(out)}notes.jsonl')

    def outcomes(self) -> dict[str, Outcomes]:
        """Refine all masks that are not done; write journal and soft maps.

        Returns:
            dict[str, list[dict | None]]: By the key of the image, an
            ``Outcome`` per mask, in order; None for a mask that failed.

        Raises:
            InputError: If an input cannot be read, the journal or a soft map
                cannot be written, or the model cannot be used.
            CheckpointError: If the weights cannot be used.
        """
        done: dict[str, Outcomes] = {}
        if not self._entries:
            return done
        entries = with_images(self._entries, self._finder)
        notes = PredictionNotes(self._notes_file, self._settings())
        for entry in entries:
            noted = notes.outcomes(entry)
            if noted is not None and self._has_soft(entry):
                done[entry.key] = list(noted)
        todo = [entry for entry in entries if entry.key not in done]
        if done:
            self._reporter.say(f'{len(done)} images were done before')
        if todo:
            self._refine(todo, done, notes)
        return done

    def forget(self) -> None:
        """Remove the journal, once no run will resume from it.

        Raises:
            OSError: If it cannot be removed.
        """
        self._notes_file.unlink(missing_ok=True)

    def _settings(self) -> dict[str, Any]:
        """Return everything that results depend on, as plain values."""
        folder = self._finder.folder
        return {
            **self._refiner.fingerprint(),
            'source': self._states(),
            'images': str(folder and folder.resolve()),
            'ann': file_state(self._ann) if self._ann else None,
            **self._extras.described(),
            **self._extras.parts.described(),
        }

    def _states(self) -> list[Any] | None:
        """Return the state of the source, or of the files in its folder."""
        if not self._source.is_dir():
            return file_state(self._source)
        files = result_files(self._source, self._predictions.suffixes)
        return [file_state(path) for path in files]

    def _refine(
        self,
        todo: list[ImageEntry],
        done: dict[str, Outcomes],
        notes: PredictionNotes,
    ) -> None:
        stream = EntryStream(
            self._refiner,
            self._fail,
            self._fail_all,
            self._note,
            self._extras.parts,
            None if self._extras.soft is None else self._write_soft,
        )
        notes.begin()
        with self._reporter.progress(len(todo)) as advance:
            for entry, outcomes in stream.refine(_seen(todo, notes)):
                done[entry.key] = outcomes
                advance([o['verdict'] for o in outcomes if o])
                if all(outcomes):  # a failed mask is tried again
                    notes.add(entry, outcomes)

    def _soft_file(self, key: Key, kind: str) -> Path:
        return self._soft_folder / f'{key:06d}{SUFFIXES[kind]}'

    def _has_soft(self, entry: ImageEntry) -> bool:
        """Return whether no soft map of an image is wanted but missing."""
        kind = self._extras.soft
        return kind is None or all(
            self._soft_file(key, kind).is_file() for key in entry.masks
        )

    def _write_soft(
        self, key: Key, soft: SoftMap, size: tuple[int, int]
    ) -> None:
        kind = self._extras.soft
        assert kind is not None
        path = self._soft_file(key, kind)
        values = soft.dense(size).cpu().numpy()
        write_whole(path, encode_soft(path, values, kind))

    def _fail_all(self, entry: ImageEntry, problem: str) -> None:
        """Report an image of which no mask can be refined."""
        first = self._predictions.label(next(iter(entry.masks)))
        self.failed += len(entry.masks)
        name = of_all(entry, first)
        self._reporter.error(f'{self._source}: {name}: {problem}')

    def _fail(self, key: Key, problem: str) -> None:
        self.failed += 1
        name = self._predictions.label(key)
        self._reporter.error(f'{self._source}: {name}: {problem}')

    def _note(self, key: Key, text: str) -> None:
        name = self._predictions.label(key)
        self._reporter.say(f'segrefiner: note: {self._source}: {name}: {text}')


def soft_folder(out: Path) -> Path:
    """Return the folder of the soft maps of an output file.

    Args:
        out (Path): The file.

    Returns:
        Path: The folder ``NAME_soft`` beside the file.
    """
    return out.with_name(f'{out.stem}_soft')


def _seen(
    entries: list[ImageEntry], notes: PredictionNotes
) -> Iterator[ImageEntry]:
    for entry in entries:
        notes.look(entry)
        yield entry
