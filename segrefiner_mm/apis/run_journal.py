"""What a folder run has done, so that the next one can go on."""

import json
from os.path import relpath
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.files import write_whole

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
        self._settings = settings
        self._lines = self._read()
        # Only whole lines stay, and the folder is known to be writable.
        self._write()

    def is_done(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Whether these outputs were made of these inputs, as they are."""
        line = self._lines.get(self._key(outputs), {})
        made_of = self._line(inputs, outputs)
        return {name: line.get(name) for name in made_of} == made_of

    def is_ours(self, outputs: list[Path]) -> bool:
        """Whether an earlier run, of any settings, wrote these outputs."""
        return self._key(outputs) in self._lines

    def begin(self, outputs: list[Path]) -> None:
        """Note that outputs are about to be written, so that they are ours."""
        self._append(dict(out=self._key(outputs)))

    def add(
        self, inputs: list[Path], outputs: list[Path], **notes: Any
    ) -> None:
        """Note that a result is complete, and what to know of it."""
        self._append({**self._line(inputs, outputs), **notes})

    def _append(self, line: dict[str, Any]) -> None:
        self._lines[line['out']] = line
        try:
            with self._path.open('a') as file:
                file.write(json.dumps(line) + '\n')
        except OSError as error:
            raise InputError(f'cannot write {self._path}: {error}') from error

    def _key(self, outputs: list[Path]) -> str:
        return relpath(outputs[0], self._folder)

    def _line(self, inputs: list[Path], outputs: list[Path]) -> dict[str, Any]:
        return dict(
            out=self._key(outputs),
            settings=self._settings,
            inputs=[file_state(path) for path in inputs],
            outputs=[file_state(path) for path in outputs],
        )

    def _read(self) -> dict[str, dict]:
        if not self._path.is_file():
            return {}
        lines = {}
        for text in self._path.read_text(errors='replace').splitlines():
            try:
                line = json.loads(text)
                lines[line['out']] = line
            except (json.JSONDecodeError, KeyError, TypeError):
                continue  # the run was killed while it wrote this line
        return lines

    def _write(self) -> None:
        text = ''.join(
            json.dumps(line) + '\n' for line in self._lines.values()
        )
        write_whole(self._path, text.encode())


def file_state(path: Path) -> list | None:
    """Full name, size and time of change of a file, if there is one."""
    if not path.is_file():
        return None
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]
