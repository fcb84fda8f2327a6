"""Comparing folders of label maps with the ground truth."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional import (
    label_figures,
    label_ious,
    label_overlaps,
)
from segrefiner_mm.evaluation.paired_folders import (
    ALL,
    Compared,
    Picture,
    compare,
)
from segrefiner_mm.io.label_maps import read_label_map
from segrefiner_mm.reporting.reporter import Reporter

Rows = dict[str, list[dict[str, float]]]

IGNORED = -1
MOST_LABELS = 65534


def compare_labels(
    gt: Path,
    given: list[Path],
    ignore: Sequence[int],
    reporter: Reporter,
) -> Iterator[Compared | None]:
    """Compare folders of label maps with the ground truth.

    Args:
        gt (Path): See :func:`compare`.
        given (list[Path]): See :func:`compare`.
        ignore (Sequence[int]): True labels whose pixels do not count.
        reporter (Reporter): See :func:`compare`.

    Returns:
        Iterator[Compared | None]: See :func:`compare`; ``rows`` are results of
        :func:`label_overlaps`.
    """

    def count(true: Picture, predicted: Picture) -> npt.NDArray[np.int64]:
        true = np.where(np.isin(true, ignore), IGNORED, true)
        if predicted.min() < 0:
            raise InputError('predicted labels must not be below 0')
        return label_overlaps(true, predicted, MOST_LABELS, IGNORED)

    read = partial(_read_labels, ignore=ignore)
    return compare(gt, given, read, count, reporter)


def label_rows(
    compared: Iterable[Compared | None], classwise: bool
) -> tuple[Rows, int, int]:
    """Compute the figures of all label maps, and of every class.

    Args:
        compared (Iterable[Compared | None]): From :func:`compare_labels`.
        classwise (bool): Whether to give the figures of every class too.

    Returns:
        tuple[dict, int, int]: The figures, 0 to 1 or NaN, of each prediction
        for ``'all'`` and, with ``classwise``, for ``'class N'``; the number of
        compared maps; and the number of failures.
    """
    sums: list[Any] = []
    done = failed = 0
    for part in compared:  # the rows are large, so do not store them
        if part is None:
            failed += 1
            continue
        done += 1
        before = sums or [0] * len(part.rows)
        sums = [s + row for s, row in zip(before, part.rows, strict=True)]
    rows = {ALL: [label_figures(counts) for counts in sums]}
    if classwise and sums:
        seen = np.flatnonzero(np.any([counts[1] for counts in sums], axis=0))
        for label in seen.tolist():
            rows[f'class {label}'] = [
                {
                    name.replace('mIoU', 'IoU'): float(ious[label])
                    for name, ious in label_ious(counts).items()
                }
                for counts in sums
            ]
    return rows, done, failed


def _read_labels(path: Path, ignore: Sequence[int]) -> npt.NDArray[np.int32]:
    labels = read_label_map(path).labels
    counted = labels[~np.isin(labels, ignore)]
    if counted.min(initial=0) < 0 or counted.max(initial=0) >= MOST_LABELS:
        raise InputError(
            f'{path} has labels that are not 0 to {MOST_LABELS - 1}'
        )
    return labels
