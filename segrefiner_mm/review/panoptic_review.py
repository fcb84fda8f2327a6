"""The label maps of COCO panoptic JSON and its PNG files, to be reviewed."""

from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.panoptic_json import (
    VOID,
    PanopticRecord,
    image_names,
)
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.json_files.json_file import shown_name
from segrefiner_mm.io.json_files.numbers import whole_number
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.both_files import Contents
from segrefiner_mm.review.coco_review import class_names, class_of
from segrefiner_mm.review.label_changes import Labels, label_changes
from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.review.panoptic_files import PanopticFiles, PanopticResult
from segrefiner_mm.review.report_options import ReportOptions
from segrefiner_mm.review.review import Review
from segrefiner_mm.review.run_records import recorded_verdict


def read_panoptic_review(
    contents: Contents,
    refined: Path,
    options: ReportOptions,
    reporter: Reporter,
) -> Review:
    """Read the label maps of panoptic JSON.

    Args:
        contents (Contents): From :func:`read_both`, both panoptic.
        refined (Path): The refined JSON file.
        options (ReportOptions): Options with ``coarse`` and ``img_dir``.
        reporter (Reporter): Receives the images that cannot be shown.

    Returns:
        Review: The label maps, in the order of the file.

    Raises:
        InputError: See :class:`PanopticFiles`; also if the annotations cannot
            be read or are invalid, or there is no folder ``img_dir``.
    """
    assert options.coarse is not None  # required of a JSON file
    assert options.img_dir is not None
    before = len(reporter.problems)
    files = PanopticFiles(contents, (refined, options.coarse), reporter)
    source = options.ann or refined
    listed = read_json(source) if options.ann else contents[0]
    classes = class_names(listed)
    results, finder = files.results, ImageFinder(options.img_dir)
    names = image_names([r.record for r in results], listed, source)
    review = Review(*files.marks)
    for result, name in zip(results, names, strict=True):
        line = files.lines.get(result.record.file_name, {})
        try:
            with about(result.record.where):
                image = finder.find(name)
            pair = _pair(result, image, name, classes, line)
        except InputError as error:
            reporter.error(error)
            continue
        review.pairs.append(pair)
    review.failed = len(reporter.problems) - before
    bare = sum(pair.recorded is None for pair in review.pairs)
    if bare:
        review.remarks.append(
            f'The run has no record of {bare} label maps as they are now: '
            'their verdicts are inferred from the pixels.'
        )
    return review


def _pair(
    result: PanopticResult,
    image: Path,
    name: str,
    classes: dict[Any, str],
    line: dict[str, Any],
) -> LabelPair:
    read = partial(_segment_ids, result.coarse, result.refined)
    before, after = read()
    with about(result.refined):
        changes = label_changes(before, after, [VOID])
    strange = np.setdiff1d(after, before)
    if strange.size:
        raise InputError(
            f'{result.refined} was not refined from {result.coarse}: only '
            f'the first has segment {strange[0]}'
        )
    return LabelPair(
        result.key,
        shown_name(result.record.file_name),
        image,
        shown_name(name),
        '/'.join(PurePosixPath(result.record.file_name).parts[:-1]),
        read,
        changes,
        [VOID],
        _segment_names(result.record, classes),
        recorded=recorded_verdict(line, digest(result.refined)),
    )


def _segment_ids(coarse: Path, refined: Path) -> tuple[Labels, Labels]:
    return read_segment_ids(coarse), read_segment_ids(refined)


def _segment_names(
    record: PanopticRecord, classes: dict[Any, str]
) -> dict[int, str]:
    """Name segments by class, with the id where several share a class."""
    of_class: dict[str, list[int]] = {}
    for segment in record.segments:
        number = whole_number(segment['id'])
        assert number is not None  # checked by read_panoptic
        of_class.setdefault(class_of(segment, classes), []).append(number)
    return {
        number: name
        if name and len(numbers) == 1
        else f'{name or "segment"} ({number})'
        for name, numbers in of_class.items()
        for number in numbers
    }
