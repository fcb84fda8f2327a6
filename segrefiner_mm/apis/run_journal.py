"""What a folder run has done, so that the next one can go on."""

import json
from pathlib import Path
from typing import Any

NAME = '.segrefiner-run.jsonl'


class RunJournal:
    """A file in the output folder, one line per finished result.

    A line counts while the settings of the run, the input files and the
    outputs are unchanged; with other settings everything is done again.

    Args:
        folder (Path): Output folder; it is made.
        settings (dict): What the results depend on, as plain values.
        forget (bool): Whether to drop what was done before.
    """

    def __init__(self, folder: Path, settings: dict, forget: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._done: dict[str, Any] = {}
        lines = [] if forget else self._read()
        if not lines or lines[0] != settings:
            lines = [settings]
        self._done = {line['out']: line for line in lines[1:]}
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        self._path.write_text(text)

    def is_done(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Whether these outputs were made of these inputs, as they are."""
        line = self._done.get(str(outputs[0]))
        return line == _line(inputs, outputs) and all(
            path.is_file() for path in outputs
        )

    def add(self, inputs: list[Path], outputs: list[Path]) -> None:
        """Note that a result is complete."""
        with self._path.open('a') as file:
            file.write(json.dumps(_line(inputs, outputs)) + '\n')

    def _read(self) -> list[dict]:
        if not self._path.is_file():
            return []
        lines = []
        for text in self._path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                continue  # the run was killed while it wrote this line
        return lines


def file_state(path: Path) -> list:
    """Name, size and time of change of a file."""
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def _line(inputs: list[Path], outputs: list[Path]) -> dict:
    states = [file_state(path) for path in inputs if path.is_file()]
    return dict(out=str(outputs[0]), outputs=len(outputs), inputs=states)
