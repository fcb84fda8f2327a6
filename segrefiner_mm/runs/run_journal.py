"""The journal of a folder run, by which the next run resumes."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from os.path import relpath
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import digest, file_state, is_same_file
from segrefiner_mm.io.files import (
    write_whole,
)
from segrefiner_mm.io.json_files.json_lines import (
    append_json_line,
    read_json_lines,
)

NAME = '.segrefiner-run.jsonl'


class RunJournal:
    """A file in the output folder, one line per result begun or finished.

    A result counts as done while the settings of the run, the input files and
    the output files are unchanged. A result is identified by its first output
    file.

    Args:
        folder (Path): Output folder, which is created.
        settings (dict): Settings that the results depend on, of values that
            JSON can hold.

    Raises:
        InputError: If the journal cannot be read or written.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        self._path = folder / NAME
        # Convert them to the types that the file returns.
        self._settings = json.loads(json.dumps(settings))
        self._seen: dict[str, list[Any]] = {}
        self._lines = {
            line['out']: line
            for line in read_json_lines(self._path)
            if isinstance(line.get('out'), str)
        }
        # Keep only whole lines, and check that the folder is writable.
        text = ''.join(
            json.dumps(line) + '\n' for line in self._lines.values()
        )
        write_whole(self._path, text.encode())

    def is_done(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Return whether a result is up to date.

        Args:
            inputs (list[Path]): Input files.
            outputs (list[Path]): Output files, at least one.

        Returns:
            bool: Whether the result is recorded as finished, and inputs,
            settings and outputs are unchanged.

        Raises:
            InputError: If a file cannot be read.
        """
        line = self._lines.get(self._key(outputs), {})
        return not self.is_due(inputs, outputs) and _are_same(
            line.get('outputs'), outputs
        )

    def is_due(self, inputs: list[Path], outputs: list[Path]) -> bool:
        """Return whether a result must be computed, whatever its files.

        Args:
            inputs (list[Path]): Input files.
            outputs (list[Path]): Output files, at least one.

        Returns:
            bool: Whether inputs or settings differ from the recorded ones, or
            the result is not recorded as finished.

        Raises:
            InputError: If an input cannot be read.
        """
        line = self._lines.get(self._key(outputs), {})
        noted = line.get('outputs')
        return not (
            line.get('settings') == self._settings
            and _are_same(line.get('inputs'), inputs)
            and isinstance(noted, list)
            and len(noted) == len(outputs)
        )

    def is_ours(self, outputs: list[Path]) -> bool:
        """Return whether a run, of any settings, wrote or began these outputs.

        Args:
            outputs (list[Path]): Output files, at least one.

        Returns:
            bool: Whether the journal has a line for the result.
        """
        return self._key(outputs) in self._lines

    def protect(self, outputs: list[Path]) -> None:
        """Refuse to overwrite files that no earlier run has written.

        Args:
            outputs (list[Path]): Output files of a result.

        Raises:
            InputError: If one of them exists and :meth:`is_ours` is false.
        """
        for path in outputs:
            if path.exists() and not self.is_ours(outputs):
                raise InputError(
                    f'{path} already exists and no earlier run wrote it: '
                    'choose another folder, or --overwrite'
                )

    def write(self, outputs: list[Path], files: Mapping[Path, bytes]) -> None:
        """Write outputs, after they are recorded with :meth:`begin`.

        Args:
            outputs (list[Path]): Output files, at least one.
            files (Mapping[Path, bytes]): Content of every file to write.

        Raises:
            InputError: If the journal or a file cannot be written.
        """
        contents = [sha256(content).hexdigest() for content in files.values()]
        self.begin(outputs, contents)
        for path, content in files.items():
            write_whole(path, content)

    def edited(self, outputs: list[Path]) -> list[Path]:
        """Return the outputs that were changed after a run wrote them.

        Args:
            outputs (list[Path]): Output files, at least one.

        Returns:
            list[Path]: The changed files, in the order of ``outputs``; none
            if no run has recorded the hashes of the result.

        Raises:
            InputError: If an output cannot be read.
        """
        ours = _digests(self._lines.get(self._key(outputs), {}))
        if not ours:  # a journal without hashes
            return []
        return [p for p in outputs if p.is_file() and digest(p) not in ours]

    def look(self, inputs: list[Path], outputs: list[Path]) -> None:
        """Keep the state of the inputs for :meth:`add`.

        Call this before the inputs are read: if an input then changes during
        the run, the next run repeats the result.

        Args:
            inputs (list[Path]): Input files.
            outputs (list[Path]): Output files, at least one.

        Raises:
            InputError: If an input cannot be read.
        """
        self._seen[self._key(outputs)] = [file_state(path) for path in inputs]

    def begin(self, outputs: list[Path], contents: Sequence[str] = ()) -> None:
        """Record that outputs are about to be written, so that they are ours.

        Args:
            outputs (list[Path]): Output files, at least one.
            contents (Sequence[str]): SHA-256 of each content to write, in
                hexadecimal digits. Defaults to ().

        Raises:
            InputError: If the journal cannot be written.
        """
        # Until they are written, the files may be those of an earlier run.
        before = _digests(self._lines.get(self._key(outputs), {}))
        ours = list(dict.fromkeys([*before, *contents]))
        self._append(dict(out=self._key(outputs), ours=ours), sync=True)

    def add(
        self, inputs: list[Path], outputs: list[Path], **notes: Any
    ) -> None:
        """Record a finished result.

        Args:
            inputs (list[Path]): Input files.
            outputs (list[Path]): Output files, at least one.
            **notes (Any): Further fields of the line, of values that JSON can
                hold.

        Raises:
            InputError: If a file cannot be read, or the journal cannot be
                written.
        """
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
    """Return whether files are unchanged since their states were recorded."""
    return (
        isinstance(noted, list)
        and len(noted) == len(paths)
        and all(map(is_same_file, noted, paths))
    )


def _digests(line: dict[str, Any]) -> list[str]:
    """Return the hashes of all contents that runs may have written."""
    ours, outputs = line.get('ours'), line.get('outputs')
    contents = list(ours) if isinstance(ours, list) else []
    for state in outputs if isinstance(outputs, list) else []:
        if isinstance(state, list) and state:
            contents.append(state[-1])
    return [content for content in contents if isinstance(content, str)]
