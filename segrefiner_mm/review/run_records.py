"""The records of results in the journal of a run."""

from pathlib import Path
from typing import Any

from segrefiner_mm.io.json_files.json_lines import read_json_lines
from segrefiner_mm.runs.predictions.prediction_journal import VERDICTS
from segrefiner_mm.runs.run_journal import NAME


def journal_lines(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the journal of a run.

    Args:
        folder (Path): Output folder of the run.

    Returns:
        dict[str, dict]: The last line about every result, by the name of the
        result; empty without a journal.

    Raises:
        InputError: If the journal cannot be read.
    """
    return {
        line['out']: line
        for line in read_json_lines(folder / NAME)
        if isinstance(line.get('out'), str) and 'verdict' in line
    }


def settings_of(line: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the run that wrote a line of a journal.

    Args:
        line (dict): The line.

    Returns:
        dict: The settings; empty if the line is damaged.
    """
    settings = line.get('settings')
    return settings if isinstance(settings, dict) else {}


def recorded_verdict(line: dict[str, Any], refined_digest: str) -> str | None:
    """Return the verdict that a run recorded, unless the result was edited.

    Args:
        line (dict): Line of the journal.
        refined_digest (str): SHA-256 of the refined file as it is now.

    Returns:
        str | None: The verdict; None if the line has no valid one, or the
        file was changed after the run.
    """
    state = recorded_state(line, 'outputs', 0)
    if state is None:
        return None
    verdict = line.get('verdict')
    known = isinstance(verdict, str) and verdict in VERDICTS
    return verdict if known and state[4] == refined_digest else None


def recorded_state(
    line: dict[str, Any], field: str, place: int
) -> list[Any] | None:
    """Return the state of an input or output file that a run recorded.

    Args:
        line (dict): Line of the journal.
        field (str): ``'inputs'`` or ``'outputs'``.
        place (int): Index of the file in the field, from 0.

    Returns:
        list | None: Five values as :func:`file_state` returns them, of which
        the last is the SHA-256; None if the line has no valid state.
    """
    states = line.get(field)
    if not isinstance(states, list) or len(states) <= place:
        return None
    state = states[place]
    return state if isinstance(state, list) and len(state) == 5 else None
