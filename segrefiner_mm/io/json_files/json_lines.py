"""Journals: files of JSON lines that grow while a run goes on."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of


def append_json_line(
    path: Path, line: dict[str, Any], sync: bool = False
) -> None:
    """Append a line to a journal, completely or not at all.

    Args:
        path (Path): The journal, which must exist.
        line (dict): Entry to write, of values that JSON can hold.
        sync (bool): Whether to wait until the line is on the disk. Defaults
            to False.

    Raises:
        InputError: If the line cannot be written.
    """
    try:
        size = path.stat().st_size
        try:
            with path.open('a') as file:
                file.write(json.dumps(line) + '\n')
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):  # leave no partial line behind
                os.truncate(path, size)
            raise
    except OSError as error:
        raise InputError(f'cannot write {path}: {reason_of(error)}') from error


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read a journal, which has a JSON object per line.

    Args:
        path (Path): File to read; it need not exist.

    Returns:
        list[dict]: The entries in file order; empty without a file. A line
        that is no object is skipped, as a run may have been killed while
        writing the line.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        text = path.read_text('utf-8', errors='replace')
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    lines = []
    for line in text.splitlines():
        with suppress(ValueError, RecursionError):
            value = json.loads(line)
            if isinstance(value, dict):
                lines.append(value)
    return lines
