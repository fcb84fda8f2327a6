"""The journal of a run over a file of predictions, beside its output."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import file_state, is_same_file
from segrefiner_mm.io.files import (
    write_whole,
)
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.json_files.json_lines import (
    append_json_line,
    read_json_lines,
)
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.rle import run_lengths
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK

# Entry of a mask: the verdict, the IoU with the coarse mask, the size of the
# image, the confidence, the evidence, and the encoding of a refined mask.
Outcome = dict[str, Any]
VERDICTS = (KEPT, REFINED, ROLLED_BACK)
# State of an image in the predictions, whose state is among the settings.
_EMBEDDED = 'embedded'


class PredictionNotes:
    """Journal with a line for every finished image, so that a run can resume.

    Args:
        path (Path): File of the journal; it need not exist.
        settings (dict): Settings that results depend on, of values that JSON
            can hold. A journal of other settings is discarded.

    Raises:
        InputError: If an existing journal cannot be read.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self._path = path
        self._settings = json.loads(json.dumps(settings))
        self._lines = self._read()
        self._seen: dict[str, Any] = {}

    def look(self, entry: ImageEntry) -> None:
        """Keep the state of an image file for :meth:`add`.

        Call this before the file is read: if it then changes during the run,
        the next run repeats the image.

        Args:
            entry (ImageEntry): The image. The state of a file that cannot be
                read is None, which counts as changed.
        """
        state: Any = None
        if _is_embedded(entry):
            state = _EMBEDDED
        elif entry.image is not None:
            with suppress(InputError):  # its reader reports it
                state = file_state(entry.image)
        self._seen[entry.key] = state

    def outcomes(self, entry: ImageEntry) -> list[Outcome] | None:
        """Return the recorded results of an image.

        Args:
            entry (ImageEntry): The image, with its file, or embedded.

        Returns:
            list[dict] | None: An ``Outcome`` per mask; None if the image is
            not done, or is read from another place or has changed since then.

        Raises:
            InputError: If the image file cannot be read.
        """
        line = self._lines.get(entry.key, {})
        outcomes = line.get('masks')
        if (
            not isinstance(outcomes, list)
            or len(outcomes) != len(entry.masks)
            or not all(map(_is_outcome, outcomes))
            or not _is_same_image(line.get('file'), entry)
        ):
            return None
        return outcomes

    def add(self, entry: ImageEntry, outcomes: list[Any]) -> None:
        """Record a finished image, after :meth:`begin` and :meth:`look`.

        Args:
            entry (ImageEntry): The image.
            outcomes (list[dict]): An ``Outcome`` per mask.

        Raises:
            InputError: If the journal cannot be written.
        """
        state = self._seen.pop(entry.key)
        line = dict(image=entry.key, file=state, masks=outcomes)
        append_json_line(self._path, line)

    def begin(self) -> None:
        """Write the journal anew, with the settings and all valid lines.

        Raises:
            InputError: If the journal cannot be written.
        """
        lines = [dict(settings=self._settings), *self._lines.values()]
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        write_whole(self._path, text.encode())

    def _read(self) -> dict[str, dict[str, Any]]:
        lines = read_json_lines(self._path)
        if not lines or lines[0].get('settings') != self._settings:
            return {}
        named = [line for line in lines if isinstance(line.get('image'), str)]
        return {line['image']: line for line in named}


def _is_embedded(entry: ImageEntry) -> bool:
    return entry.image is None and entry.embedded is not None


def _is_same_image(noted: Any, entry: ImageEntry) -> bool:
    if _is_embedded(entry):
        return bool(noted == _EMBEDDED)
    return entry.image is not None and is_same_file(noted, entry.image)


def _is_outcome(outcome: Any) -> bool:
    """Return whether an outcome is valid, as the file may be edited."""
    if not isinstance(outcome, dict) or outcome.get('verdict') not in VERDICTS:
        return False
    iou, size = outcome.get('iou'), outcome.get('size')
    if not isinstance(iou, (int, float)) or not isinstance(size, list):
        return False
    numbers = outcome.get('evidence')
    if not isinstance(numbers, dict) or not is_real(outcome.get('confidence')):
        return False
    if not all(map(is_real, numbers.values())):
        return False
    if outcome['verdict'] != REFINED:
        return len(size) == 2
    try:
        run_lengths(outcome.get('encoded'), (size[0], size[1]))
    except (InputError, IndexError, TypeError):
        return False
    return True
