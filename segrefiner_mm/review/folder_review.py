"""The masks or label maps of a folder run, to be reviewed."""

from functools import partial
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.json_files.json_file import shown_name
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.label_maps import read_label_map
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.folder_results import (
    FolderResult,
    folder_marks,
    folder_results,
)
from segrefiner_mm.review.label_changes import Labels, label_changes
from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.review.mask_pair import MaskPair
from segrefiner_mm.review.review import Pair, Review


def read_folder(
    folder: Path,
    coarse: Path | None,
    img_dir: Path | None,
    reporter: Reporter,
) -> Review:
    """Read the masks or the label maps of a folder run.

    Args:
        folder (Path): Output folder of the run.
        coarse (Path, optional): Folder of the coarse masks or label maps.
            None: the paths in the journal.
        img_dir (Path, optional): Folder of the images. None: the paths in the
            journal.
        reporter (Reporter): Receives the results that cannot be shown.

    Returns:
        Review: The masks or label maps, in the order of their names.

    Raises:
        InputError: See :func:`folder_results` and :func:`folder_marks`.
    """
    before = len(reporter.problems)
    results, pairs = [], list[Pair]()
    edited = False
    for result in folder_results(folder, coarse, reporter):
        results.append(result)
        try:
            image = result.find_image(img_dir)
            is_label_map = result.settings.get('labels')
            make_pair = _label_pair if is_label_map else _mask_pair
            pairs.append(make_pair(result, image))
        except InputError as error:
            reporter.error(error)
            continue
        edited |= pairs[-1].recorded is None
    review = Review(*folder_marks(folder, results), pairs)
    review.failed = len(reporter.problems) - before
    if edited:
        review.remarks.append(
            f'Some refined {review.noun} were edited after the run: what it '
            'recorded does not hold for them.'
        )
    return review


def _mask_pair(result: FolderResult, image: Path) -> MaskPair:
    coarse, refined = map(encode_mask, result.masks())
    recorded = result.recorded
    confidence = result.line.get('confidence')
    evidence = result.line.get('evidence')
    return MaskPair(
        *_names(result, image),
        coarse,
        refined,
        recorded=recorded,
        confidence=confidence if recorded and is_real(confidence) else None,
        evidence=_numbers(evidence) if recorded else {},
    )


def _label_pair(result: FolderResult, image: Path) -> LabelPair:
    ignore = result.settings.get('ignore')
    listed = ignore if isinstance(ignore, list) else []
    ignore = [label for label in listed if type(label) is int]
    before, after = map(read_label_map, (result.coarse, result.refined))
    with about(result.refined):
        changes = label_changes(before.labels, after.labels, ignore)
    return LabelPair(
        *_names(result, image),
        partial(_label_maps, result.coarse, result.refined),
        changes,
        ignore,
        palette=bytes(before.palette) if before.palette else None,
        recorded=result.recorded,
    )


def _label_maps(coarse: Path, refined: Path) -> tuple[Labels, Labels]:
    return read_label_map(coarse).labels, read_label_map(refined).labels


def _names(
    result: FolderResult, image: Path
) -> tuple[str, str, Path, str, str]:
    """Return the key, the name, the image, its name and the subfolder."""
    return (
        result.key,
        shown_name(result.key),
        image,
        shown_name(image.name),
        '/'.join(Path(result.key).parts[:-1]),
    )


def _numbers(evidence: Any) -> dict[str, float]:
    if not isinstance(evidence, dict):
        return {}
    return {name: n for name, n in evidence.items() if is_real(n)}
