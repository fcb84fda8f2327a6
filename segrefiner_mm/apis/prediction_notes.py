"""What a run over a file of predictions has done, beside its output."""

import json
from pathlib import Path
from typing import Any

from segrefiner_mm.encodings import run_lengths
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import write_whole
from segrefiner_mm.integrations.prediction_file import ImageEntry
from segrefiner_mm.io.json_file import parse_json
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK

# What is noted of a mask: the verdict, the IoU with the coarse mask, the size
# of the image, and of a refined one its encoding.
Outcome = dict[str, Any]
VERDICTS = (KEPT, REFINED, ROLLED_BACK)


class PredictionNotes:
    """A line for every image that is done, so that the next run goes on.

    Args:
        path (Path): File of the notes.
        settings (dict): What results depend on, as plain values; notes of
            others are forgotten.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._settings = json.loads(json.dumps(settings))
        self._lines = self._read()

    def outcomes(
        self, entry: ImageEntry, state: list | None
    ) -> list[Outcome] | None:
        """What became of the masks of an image.

        Args:
            entry (ImageEntry): The image.
            state (list, optional): Of its file; if it changed since, what
                was noted does not count.

        Returns:
            list[dict] | None: One per mask; None if it is to be done.
        """
        line = self._lines.get(entry.key)
        if line is None or line.get('file') != state:
            return None
        outcomes = line.get('masks')
        if not isinstance(outcomes, list):
            return None
        whole = len(outcomes) == len(entry.masks)
        return outcomes if whole and all(map(_is_outcome, outcomes)) else None

    def add(
        self, entry: ImageEntry, state: list | None, outcomes: list[Any]
    ) -> None:
        """Note that an image is done."""
        line = dict(image=entry.key, file=state, masks=outcomes)
        try:
            with self._path.open('a') as file:
                file.write(json.dumps(line) + '\n')
        except OSError as error:
            raise InputError(
                f'cannot write {self._path}: {error.strerror}'
            ) from error

    def begin(self) -> None:
        """Write what is known, so that only whole lines are there."""
        lines = [dict(settings=self._settings), *self._lines.values()]
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        write_whole(self._path, text.encode())

    def forget(self) -> None:
        """Remove the notes: the output is written, or there is nothing."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.is_file():
            return {}
        lines = []
        for text in self._path.read_text(errors='replace').splitlines():
            try:
                line = parse_json(text, self._path)
            except InputError:
                continue  # the run was killed while it wrote this line
            if isinstance(line, dict):
                lines.append(line)
        if not lines or lines[0].get('settings') != self._settings:
            return {}
        named = [line for line in lines if isinstance(line.get('image'), str)]
        return {line['image']: line for line in named}


def _is_outcome(outcome: Any) -> bool:
    """Whether a note can be used: somebody may have touched the file."""
    if not isinstance(outcome, dict) or outcome.get('verdict') not in VERDICTS:
        return False
    iou, size = outcome.get('iou'), outcome.get('size')
    if not isinstance(iou, (int, float)) or not isinstance(size, list):
        return False
    if outcome['verdict'] != REFINED:
        return len(size) == 2
    try:
        run_lengths(outcome.get('encoded'), (size[0], size[1]))
    except (InputError, IndexError, TypeError):
        return False
    return True
