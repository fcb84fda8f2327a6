"""Reading and checking of the decisions that a review page exports."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_files.json_file import shown, shown_name
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.parts import Parts, read_parts
from segrefiner_mm.review.review import FileMark

VERSION = 1
ACCEPT, REJECT, PARTLY = 'accept', 'reject', 'partly'


class Decision(NamedTuple):
    """A decision on a mask or a label map.

    Attributes:
        verdict (str): ``'accept'``, ``'reject'`` or ``'partly'``.
        parts (Parts, optional): Where the coarse mask is kept; None unless
            the verdict is ``'partly'``. Defaults to None.
    """

    verdict: str
    parts: Parts | None = None


Decisions = dict[Any, Decision]


def read_decisions(
    path: Path, refined: FileMark, coarse: FileMark
) -> Decisions:
    """Read decisions, and check that they are about the given masks.

    Args:
        path (Path): JSON file that the review page exported.
        refined (FileMark): File or folder of the refined masks.
        coarse (FileMark): File or folder of the coarse masks.

    Returns:
        dict[int | str, Decision]: Decisions by the key of the mask or label
        map.

    Raises:
        InputError: If the file cannot be read, is no valid file of decisions,
            is about other masks, or has two decisions on one key or invalid
            parts.
    """
    content = read_json(path)
    if not isinstance(content, dict) or 'segrefiner_decisions' not in content:
        raise InputError(
            f'{path} holds no decisions: it must be what the page of '
            'segrefiner report exported'
        )
    version = content['segrefiner_decisions']
    if version != VERSION:
        raise InputError(f'{path} is of version {shown(version)}, not 1')
    for part, mark in (('refined', refined), ('coarse', coarse)):
        noted = content.get(part)
        if not isinstance(noted, dict) or noted.get('sha256') != mark.sha256:
            raise InputError(
                f'{path} is about other {part} masks or label maps than '
                f'{mark.name} has now: they were changed after the page was '
                'written, or are of another run'
            )
    return _listed(content.get('decisions'), path)


def _listed(listed: Any, path: Path) -> Decisions:
    if not isinstance(listed, list):
        raise InputError(f'{path}: decisions must be a list')
    decisions: Decisions = {}
    for place, entry in enumerate(listed):
        entry = entry if isinstance(entry, dict) else {}
        key, verdict = entry.get('key'), entry.get('decision')
        known = (ACCEPT, REJECT, PARTLY)
        if type(key) not in (int, str) or verdict not in known:
            raise InputError(
                f'{path}: decision {place} must have a key, and accept, '
                f'reject or partly, got {shown(key)} and {shown(verdict)}'
            )
        if key in decisions:
            raise InputError(f'{path}: two decisions on {shown(key)}')
        with about(f'{path}: {_name(entry)}'):
            decisions[key] = Decision(verdict, _parts(entry))
    return decisions


def _parts(entry: dict[str, Any]) -> Parts | None:
    if entry['decision'] == PARTLY:
        return read_parts(entry)
    if 'parts' in entry:
        raise InputError(
            f'it has parts, and the decision {entry["decision"]}: parts '
            f'belong to {PARTLY}'
        )
    return None


def _name(entry: dict[str, Any]) -> str:
    """Name a mask as the page names it; by its key if it does not."""
    name = entry.get('mask')
    if isinstance(name, str) and name:
        return shown_name(name)
    return f'mask {shown(entry["key"])}'


def decided(
    out: Path,
    chosen: Mapping[Any, Decision],
    total: int,
    problems: tuple[str, ...] = (),
) -> RunSummary:
    """Summarise decisions that were applied.

    Args:
        out (Path): File or folder that was written.
        chosen (Mapping[int | str, Decision]): From :func:`read_decisions`.
        total (int): Number of masks or label maps in ``out``.
        problems (tuple[str, ...]): Messages about masks or label maps that
            could not be used. Defaults to ().

    Returns:
        RunSummary: Counts of rejected, accepted and open masks or label maps
        in its text; ``problems`` count as failed.
    """
    verdicts = [decision.verdict for decision in chosen.values()]
    partly = verdicts.count(PARTLY)
    text = (
        f'{out}: {verdicts.count(REJECT)} rejected, '
        f'{verdicts.count(ACCEPT)} accepted, '
        + (f'{partly} partly, ' if partly else '')
        + f'{total - len(verdicts)} open or left out, which stay refined'
    )
    return RunSummary(text, total, len(problems), problems)
