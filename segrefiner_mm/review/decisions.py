"""Decisions of the review page: read, checked and applied."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.files import read_json, write_whole
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_free, check_not_inputs
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.coco_review import file_mark, open_both
from segrefiner_mm.review.folder_review import (
    FolderResult,
    folder_marks,
    folder_results,
)
from segrefiner_mm.review.mask_pair import FileMark
from segrefiner_mm.review.report_options import DecisionOptions

VERSION = 1
ACCEPT, REJECT = 'accept', 'reject'

Decisions = dict[Any, str]


def apply_decisions(
    refined: str | Path,
    decisions: str | Path,
    out: str | Path,
    options: DecisionOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Take back rejected masks; the function behind ``coco --decisions``.

    A rejected mask is exactly what it was before refinement, with its box and
    area; all others, and all else, are as in ``refined``.

    Args:
        refined (str | Path): See :func:`write_report`.
        decisions (str | Path): JSON file that the page exported.
        out (str | Path): File or folder to write.
        options (DecisionOptions, optional): Further inputs; ``coarse`` is
            needed for a JSON file. Defaults to None: their defaults.
        reporter (Reporter, optional): Receives the masks of a folder that
            cannot be used. Defaults to None: nothing is printed.

    Returns:
        RunSummary: Counts of the masks.

    Raises:
        InputError: If a file is missing or cannot be read or written, the
            decisions are about other masks, or files would be lost.
    """
    options, reporter = options or DecisionOptions(), reporter or Reporter()
    refined, decisions, out = Path(refined), Path(decisions), Path(out)
    if not refined.exists():
        raise InputError(f'no such file or folder: {refined}')
    if refined.is_dir():
        return _apply_to_folder(refined, decisions, out, options, reporter)
    if options.coarse is None:
        raise InputError('--decisions needs --coarse, the coarse masks')
    coarse = options.coarse
    check_not_inputs([out], [refined, coarse, decisions])
    if out.is_dir():
        raise InputError(f'{out} must be a file')
    check_free(out, out.exists(), options.overwrite)
    after, before = open_both(refined, coarse)
    marks = file_mark(refined), file_mark(coarse)
    chosen = read_decisions(decisions, *marks)
    for key, decision in chosen.items():
        if type(key) is not int or not 0 <= key < len(after.masks):
            raise InputError(
                f'{decisions}: {refined} has no mask {shown(key)}'
            )
        if decision == REJECT:
            after.masks[key] = before.masks[key]
    with OutputLock(out, is_folder=False):
        after.write(out)
    return _summary(out, chosen, len(after.masks))


def read_decisions(
    path: Path, refined: FileMark, coarse: FileMark
) -> Decisions:
    """Read decisions, and check that they are about these masks.

    Args:
        path (Path): JSON file that the review page exported.
        refined (FileMark): The refined masks.
        coarse (FileMark): The coarse masks.

    Returns:
        dict: ``'accept'`` or ``'reject'`` by the key of the mask.

    Raises:
        InputError: If it is another file, or is about other masks.
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
                f'{path} was not made for the {part} masks of {mark.name}: '
                'their content has changed'
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
            raise InputError(f'{path}: two decisions on mask {shown(key)}')
        decisions[key] = decision
    return decisions


def _apply_to_folder(
    refined: Path,
    decisions: Path,
    out: Path,
    options: DecisionOptions,
    reporter: Reporter,
) -> RunSummary:
    """Copy files as they are: a rejected mask is the coarse file itself."""
    results = {
        result.key: result
        for result in folder_results(refined, options.coarse, None, reporter)
    }
    marks = folder_marks(refined, list(results.values()))
    chosen = read_decisions(decisions, *marks)
    files: dict[Path, Path] = {}
    for key, result in results.items():
        source = _chosen_file(result, chosen)
        target = confined(out, key).with_suffix(source.suffix)
        if target in files:
            raise InputError(f'{source} and {files[target]} share {target}')
        files[target] = source
    unknown = [key for key in chosen if key not in results]
    if unknown:
        name = shown(unknown[0])
        raise InputError(f'{decisions}: {refined} has no mask {name}')
    filled = out.is_dir() and any(out.iterdir())
    check_free(out, filled, options.overwrite)
    sources = [r.refined for r in results.values()]
    sources += [r.coarse for r in results.values()]
    check_not_inputs(files, sources)
    for target, source in files.items():
        try:
            content = source.read_bytes()
        except OSError as error:
            raise InputError(f'{source}: {reason_of(error)}') from error
        write_whole(target, content)
    return _summary(out, chosen, len(files), tuple(reporter.problems))


def _chosen_file(result: FolderResult, chosen: Decisions) -> Path:
    rejected = chosen.get(result.key) == REJECT
    return result.coarse if rejected else result.refined


def _summary(
    out: Path,
    chosen: Mapping[Any, str],
    total: int,
    problems: tuple[str, ...] = (),
) -> RunSummary:
    counts = list(chosen.values())
    text = (
        f'{out}: {counts.count(REJECT)} rejected, '
        f'{counts.count(ACCEPT)} accepted, {total - len(counts)} open or left '
        'out, which are as in the refined file'
    )
    return RunSummary(text, total, len(problems), problems)
