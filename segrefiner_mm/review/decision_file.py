"""Reading and checking of the decisions that a review page exports."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.review import FileMark

VERSION = 1
ACCEPT, REJECT = 'accept', 'reject'

Decisions = dict[Any, str]


def read_decisions(
    path: Path, refined: FileMark, coarse: FileMark
) -> Decisions:
    """Read decisions, and check that they are about the given masks.

    Args:
        path (Path): JSON file that the review page exported.
        refined (FileMark): File or folder of the refined masks.
        coarse (FileMark): File or folder of the coarse masks.

    Returns:
        dict[int | str, str]: ``'accept'`` or ``'reject'`` by the key of the
        mask or label map.

    Raises:
        InputError: If the file cannot be read, is no valid file of decisions,
            is about other masks, or has two decisions on one key.
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
        key, decision = entry.get('key'), entry.get('decision')
        if type(key) not in (int, str) or decision not in (ACCEPT, REJECT):
            raise InputError(
                f'{path}: decision {place} must have a key, and accept or '
                f'reject, got {shown(key)} and {shown(decision)}'
            )
        if key in decisions:
            raise InputError(f'{path}: two decisions on {shown(key)}')
        decisions[key] = decision
    return decisions


def decided(
    out: Path,
    chosen: Mapping[Any, str],
    total: int,
    problems: tuple[str, ...] = (),
) -> RunSummary:
    """Summarise decisions that were applied.

    Args:
        out (Path): File or folder that was written.
        chosen (Mapping[int | str, str]): From :func:`read_decisions`.
        total (int): Number of masks or label maps in ``out``.
        problems (tuple[str, ...]): Messages about masks or label maps that
            could not be used. Defaults to ().

    Returns:
        RunSummary: Counts of rejected, accepted and open masks or label maps
        in its text; ``problems`` count as failed.
    """
    counts = list(chosen.values())
    text = (
        f'{out}: {counts.count(REJECT)} rejected, '
        f'{counts.count(ACCEPT)} accepted, {total - len(counts)} open or left '
        'out, which stay refined'
    )
    return RunSummary(text, total, len(problems), problems)
