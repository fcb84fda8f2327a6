"""Decisions of the review page, applied."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.json_files.json_file import json_bytes, shown
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_free, check_not_inputs
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.coco_review import (
    Contents,
    file_mark,
    open_both,
    read_both,
)
from segrefiner_mm.review.decision_file import (
    REJECT,
    Decisions,
    decided,
    read_decisions,
)
from segrefiner_mm.review.folder_results import (
    FolderResult,
    folder_marks,
    folder_results,
)
from segrefiner_mm.review.panoptic_files import PanopticFiles
from segrefiner_mm.review.report_options import DecisionOptions


def apply_decisions(
    refined: str | Path,
    decisions: str | Path,
    out: str | Path,
    options: DecisionOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Take back rejected masks; the function behind ``coco --decisions``.

    A rejected mask is exactly what it was before refinement, with its box and
    area; a rejected label map is the coarse file, byte by byte. All others,
    and all else, are as in ``refined``.

    Args:
        refined (str | Path): See :func:`write_report`.
        decisions (str | Path): JSON file that the page exported.
        out (str | Path): File or folder to write.
        options (DecisionOptions, optional): Further inputs; ``coarse`` is
            needed for a JSON file. Defaults to None: their defaults.
        reporter (Reporter, optional): Receives the files of masks or label
            maps that cannot be used. Defaults to None: nothing is printed.

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
    files, contents = (refined, coarse), read_both(refined, coarse)
    if is_panoptic(contents[0]):
        return _apply_to_panoptic(
            contents, files, decisions, out, options.overwrite, reporter
        )
    after, before = open_both(contents, files)
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
    return decided(out, chosen, len(after.masks))


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
    _check_known(chosen, results, decisions, refined)
    filled = out.is_dir() and any(out.iterdir())
    check_free(out, filled, options.overwrite)
    sources = [r.refined for r in results.values()]
    sources += [r.coarse for r in results.values()]
    check_not_inputs(files, sources)
    _copy(files)
    return decided(out, chosen, len(files), tuple(reporter.problems))


def _apply_to_panoptic(
    contents: Contents,
    paths: tuple[Path, Path],
    decisions: Path,
    out: Path,
    overwrite: bool,
    reporter: Reporter,
) -> RunSummary:
    """Copy PNG files as they are; a rejected image has its own segments."""
    if out.suffix != '.json':
        raise InputError(f'panoptic results are written as .json, not {out}')
    after = PanopticFiles(contents, paths, reporter)
    results = {result.key: result for result in after.results}
    chosen = read_decisions(decisions, *after.marks)
    _check_known(chosen, results, decisions, paths[0])
    annotations, originals = (content['annotations'] for content in contents)
    files: dict[Path, Path] = {}
    for key, result in results.items():
        rejected = chosen.get(key) == REJECT
        if rejected:
            annotations[key] = originals[key]
        target = result.record.picture(out.with_suffix(''))
        files[target] = result.coarse if rejected else result.refined
    folder = out.with_suffix('')
    filled = folder.exists() and (folder.is_file() or any(folder.iterdir()))
    check_free(folder, filled, overwrite)
    sources = [r.refined for r in results.values()]
    sources += [r.coarse for r in results.values()]
    check_not_inputs(files, sources)
    with OutputLock(out, is_folder=False):
        _copy(files)
        write_whole(out, json_bytes(contents[0], out))
    return decided(out, chosen, len(files), tuple(reporter.problems))


def _check_known(
    chosen: Decisions,
    results: Mapping[Any, object],
    decisions: Path,
    refined: Path,
) -> None:
    """Refuse decisions on what is not there."""
    for key in chosen:
        if key not in results:
            name = shown(key)
            raise InputError(f'{decisions}: {refined} has no mask {name}')


def _copy(files: Mapping[Path, Path]) -> None:
    """Copy files, given as sources by their targets."""
    for target, source in files.items():
        try:
            content = source.read_bytes()
        except OSError as error:
            raise InputError(f'{source}: {reason_of(error)}') from error
        write_whole(target, content)


def _chosen_file(result: FolderResult, chosen: Decisions) -> Path:
    rejected = chosen.get(result.key) == REJECT
    return result.coarse if rejected else result.refined
