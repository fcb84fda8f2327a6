"""Applying the decisions of the review page."""

from collections.abc import Container
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.encodings.mask_forms import MaskStyle
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.formats.panoptic_picture import update_segments
from segrefiner_mm.io.json_files.json_file import json_bytes, shown
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_free, check_not_inputs
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.both_files import (
    Contents,
    file_mark,
    open_both,
    read_both,
)
from segrefiner_mm.review.copied_files import Choice, copy_choices
from segrefiner_mm.review.decision_file import (
    REJECT,
    Decisions,
    decided,
    read_decisions,
)
from segrefiner_mm.review.file_parts import Restored, restore_file
from segrefiner_mm.review.folder_results import (
    FolderResult,
    folder_marks,
    folder_results,
)
from segrefiner_mm.review.panoptic_files import (
    PanopticFiles,
    PanopticResult,
)
from segrefiner_mm.review.record_parts import restore_parts
from segrefiner_mm.review.report_options import DecisionOptions


def apply_decisions(
    refined: str | Path,
    decisions: str | Path,
    out: str | Path,
    options: DecisionOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Take back rejected masks; the function behind ``coco --decisions``.

    A rejected entry of a JSON file is restored as it was before refinement,
    with its mask, box and area; a rejected file of a mask or label map is
    replaced by the coarse file, byte for byte. In the parts of a mask or
    label map that are to stay coarse, the coarse pixels are restored.
    Everything else is written as it is in ``refined``.

    Args:
        refined (str | Path): See :func:`write_report`.
        decisions (str | Path): JSON file that the page exported.
        out (str | Path): File to write if ``refined`` is a file, else folder.
            For panoptic JSON, the folder beside it is written too.
        options (DecisionOptions, optional): Further options; ``coarse`` is
            required for a JSON file. Defaults to None: the defaults of
            :class:`DecisionOptions`.
        reporter (Reporter, optional): Receives messages about masks or label
            maps whose files cannot be used. Defaults to None: nothing is
            printed.

    Returns:
        RunSummary: Number of masks or label maps that were written, and
        messages about those that could not be.

    Raises:
        InputError: If a file or option is missing, a file is invalid or
            cannot be read or written, the decisions are about other masks or
            have invalid parts, files would be lost, or another run is writing
            ``out``.
    """
    options, reporter = options or DecisionOptions(), reporter or Reporter()
    style = MaskStyle(tolerance=options.tolerance)
    style.check()
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
    _check_known(chosen, range(len(after.masks)), decisions, refined)
    parts = {key: own.parts for key, own in chosen.items() if own.parts}
    restore_parts(after, before, parts, style)
    for key, decision in chosen.items():
        if decision.verdict == REJECT:
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
    """Write the refined file, the coarse one or a mix of every result."""
    results = list(folder_results(refined, options.coarse, reporter))
    chosen = read_decisions(decisions, *folder_marks(refined, results))
    _check_known(chosen, {r.key for r in results}, decisions, refined)
    files: dict[Path, Choice] = {}
    for result in results:
        choice = _chosen(result, chosen).choice
        suffix = choice.taken.suffix
        target = confined(out, result.key).with_suffix(suffix)
        if target in files:
            other = files[target].taken
            raise InputError(f'{choice.taken} and {other} share {target}')
        files[target] = choice
    images = [r.noted_image for r in results if r.noted_image]
    copy_choices(out, files, images, options.overwrite)
    return decided(out, chosen, len(files), tuple(reporter.problems))


def _apply_to_panoptic(
    contents: Contents,
    paths: tuple[Path, Path],
    decisions: Path,
    out: Path,
    overwrite: bool,
    reporter: Reporter,
) -> RunSummary:
    """Write PNG files; restore the coarse segments of rejected images."""
    if out.suffix != '.json':
        raise InputError(f'panoptic results are written as .json, not {out}')
    after = PanopticFiles(contents, paths, reporter)
    chosen = read_decisions(decisions, *after.marks)
    _check_known(chosen, {r.key for r in after.results}, decisions, paths[0])
    annotations, originals = (content['annotations'] for content in contents)
    folder = out.with_suffix('')
    files: dict[Path, Choice] = {}
    for result in after.results:
        choice, ids = _chosen(result, chosen)
        files[result.record.picture(folder)] = choice
        if choice.taken == result.coarse:
            annotations[result.key] = originals[result.key]
        elif choice.content is not None:
            assert ids is not None  # of the new content
            update_segments(result.record.segments, ids)
    with OutputLock(out, is_folder=False):
        copy_choices(folder, files, [], overwrite)
        write_whole(out, json_bytes(contents[0], out))
    return decided(out, chosen, len(files), tuple(reporter.problems))


def _check_known(
    chosen: Decisions, keys: Container[Any], decisions: Path, refined: Path
) -> None:
    """Refuse decisions on masks or label maps that do not exist."""
    for key in chosen:
        if key not in keys:
            raise InputError(
                f'{decisions}: {refined} has no mask or label map {shown(key)}'
            )


def _chosen(
    result: FolderResult | PanopticResult, chosen: Decisions
) -> Restored:
    decision = chosen.get(result.key)
    if decision is not None and decision.parts is not None:
        return restore_file(result, decision.parts)
    if decision is not None and decision.verdict == REJECT:
        return Restored(Choice(taken=result.coarse, left=result.refined))
    return Restored(Choice(taken=result.refined, left=result.coarse))
