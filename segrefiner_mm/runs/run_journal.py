"""What a folder run has done, so that the next one can go on."""

import json
from collections.abc import Sequence
from os.path import relpath
from pathlib import Path
from typing import Any

from segrefiner_mm.io.file_state import digest, file_state, is_same_file
from segrefiner_mm.io.files import (
    append_json_line,
    read_json_lines,
    write_whole,
)

NAME = '.segrefiner-run.jsonl'


class RunJournal:
    """A file in the output folder, one line per finished result.

    A result counts as done while the settings of the run, the input files
    and the outputs are what they were.

    Args:
        folder (Path): Output folder; it is made.
        settings (dict): What the results depend on, as plain values.

    Raises:
        InputError: If the folder cannot be written to.
    """

    def __init__(self, folder: Path, settings: dict) -> None:
        self._folder = folder
        self._path = folder / NAME
        # As they are when they come back from the file.
        self._settings = json.loads(json.dumps(settings))
        self._seen: dict[str, list] = {}
        self._lines = {
            line['out']: line
            for line in read_json_lines(self._path)
            if isinstance(line.get('out'), str)
        }
        # Only whole lines stay, and the folder is known to be writable.
        text = ''.join(
            json.dumps(line) + '\n' for line in self._lines.values()
        )
        write_whole(self._path, text.encode())

    def is_done(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Whether these outputs were made of these inputs, as they are."""
        line = self._lines.get(self._key(outputs), {})
        return not self.is_due(inputs, outputs) and _are_same(
            line.get('outputs'), outputs
        )

    def is_due(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Whether the result that was written is not that of these inputs."""
        line = self._lines.get(self._key(outputs), {})
        noted = line.get('outputs')
        return not (
            line.get('settings') == self._settings
            and _are_same(line.get('inputs'), inputs)
            and isinstance(noted, list)
            and len(noted) == len(outputs)
        )

    def is_ours(self, outputs: list[Path]) -> bool:
        """Whether an earlier run, of any settings, wrote these outputs."""
        return self._key(outputs) in self._lines

    def edited(self, outputs: list[Path]) -> list[Path]:
        """Those of our outputs that are no longer what a run has written."""
        ours = _digests(self._lines.get(self._key(outputs), {}))
        if not ours:  # a journal of before hashes were noted
            return []
        return [p for p in outputs if p.is_file() and digest(p) not in ours]

    def look(self, inputs: list[Path], outputs: list[Path]) -> None:
        """Note what the inputs are before they are read.

        What changes afterwards, while the run is at work, is done again then.
        """
        self._seen[self._key(outputs)] = [file_state(path) for path in inputs]

    def begin(self, outputs: list[Path], contents: Sequence[str] = ()) -> None:
        """Note that outputs are about to be written, so that they are ours.

        Args:
            outputs (list[Path]): The files.
            contents (Sequence[str]): Hashes of what is going to be in them.
        """
        # Until it is written, what is there may be of an earlier run.
        before = _digests(self._lines.get(self._key(outputs), {}))
        ours = list(dict.fromkeys([*before, *contents]))
        self._append(dict(out=self._key(outputs), ours=ours), sync=True)

    def add(
        self, inputs: list[Path], outputs: list[Path], **notes: Any
    ) -> None:
        """Note that a result is complete, and what to know of it."""
        key = self._key(outputs)
        seen = self._seen.pop(key, None)
        line = dict(
            out=key,
            settings=self._settings,
            inputs=seen or [file_state(path) for path in inputs],
            outputs=[file_state(path) for path in outputs],
        )
        self._append({**line, **notes})

    def _append(self, line: dict[str, Any], sync: bool = False) -> None:
        append_json_line(self._path, line, sync)
        self._lines[line['out']] = line

    def _key(self, outputs: list[Path]) -> str:
        return Path(relpath(outputs[0], self._folder)).as_posix()


def _are_same(noted: Any, paths: list[Path]) -> bool:
    """Whether files are what was noted of them."""
    return (
        isinstance(noted, list)
        and len(noted) == len(paths)
        and all(map(is_same_file, noted, paths))
    )


def _digests(line: dict[str, Any]) -> list[str]:
    """Hashes of all that runs may have left in the outputs of a line."""
    ours, outputs = line.get('ours'), line.get('outputs')
    found = list(ours) if isinstance(ours, list) else []
    for state in outputs if isinstance(outputs, list) else []:
        if isinstance(state, list) and state:
            found.append(state[-1])
    return [content for content in found if isinstance(content, str)]
