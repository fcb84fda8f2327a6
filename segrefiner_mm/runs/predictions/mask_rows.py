"""The result for every mask of a file, as rows and as CSV."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io.files import write_parts
from segrefiner_mm.io.formats.prediction_file import ImageEntry, PredictionFile
from segrefiner_mm.runs.predictions.prediction_journal import Outcome

LEFT = 'left: '  # begins the verdict on what is never refined
# The evidence of a guard, in the order of its columns.
EVIDENCE = (
    'belief',
    'edge_gain',
    'edge_contrast',
    'overlap',
    'islands',
    'agreement',
)
COLUMNS = ('mask', 'verdict', 'iou', 'confidence', *EVIDENCE)


class MaskRow(NamedTuple):
    """The result for one mask.

    Attributes:
        mask (str): Name of the mask for the user.
        verdict (str): ``'refined'``, ``'kept'``, ``'rolled back'``,
            ``'failed'``, or ``'left: '`` and the reason.
        iou (float): IoU of coarse and refined mask, 0 to 1, rounded to four
            digits; 1 if the mask failed or was left.
        confidence (float, optional): Confidence of the refined mask, 0 to 1,
            rounded to four digits. Defaults to None: the mask failed or was
            left.
        evidence (Mapping[str, float]): Numbers by which a guard decided; see
            :meth:`DoNoHarmGuard.refine`. Defaults to {}.
    """

    mask: str
    verdict: str
    iou: float
    confidence: float | None = None
    evidence: Mapping[str, float] = {}


def mask_rows(
    predictions: PredictionFile,
    entries: Sequence[ImageEntry],
    outcomes: Mapping[str, Sequence[Outcome | None]],
) -> list[MaskRow]:
    """Return a row for every mask of a file.

    Args:
        predictions (PredictionFile): The file, which names its masks.
        entries (Sequence[ImageEntry]): Its images with masks to refine.
        outcomes (Mapping): Results by the key of the image; see
            :meth:`PredictionRun.outcomes`. The masks of an image that is
            missing here have failed.

    Returns:
        list[MaskRow]: The rows by rising IoU, the most changed mask first.
    """
    rows = []
    for entry in entries:
        done = outcomes.get(entry.key, [None] * len(entry.masks))
        for key, outcome in zip(entry.masks, done, strict=True):
            rows.append(_row(predictions.label(key), outcome))
    rows += [
        MaskRow(name, f'{LEFT}{why}', 1.0)
        for name, why in predictions.untouched().items()
    ]
    return sorted(rows, key=lambda row: row.iou)


def _row(name: str, outcome: Outcome | None) -> MaskRow:
    if not outcome:
        return MaskRow(name, 'failed', 1.0)
    return mask_row(name, outcome)


def mask_row(name: str, outcome: Outcome) -> MaskRow:
    """Return the row of a mask that was refined, kept or rolled back.

    Args:
        name (str): Name of the mask for the user.
        outcome (dict): Its result, an ``Outcome``.

    Returns:
        MaskRow: The row, with rounded numbers.
    """
    return MaskRow(
        name,
        outcome['verdict'],
        round(outcome['iou'], 4),
        round(outcome['confidence'], 4),
        outcome['evidence'],
    )


def write_rows(path: Path, rows: Iterable[MaskRow]) -> None:
    """Write rows as CSV with the columns ``COLUMNS``.

    The field of a missing number is empty.

    Args:
        path (Path): File to write or replace; its folder is created.
        rows (Iterable[MaskRow]): The rows, pulled one by one.

    Raises:
        InputError: If the file cannot be written.
    """
    write_parts(path, _csv_lines(rows))


def _csv_lines(rows: Iterable[MaskRow]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        numbers = (row.evidence.get(name) for name in EVIDENCE)
        rounded = [None if n is None else round(n, 4) for n in numbers]
        writer.writerow([*row[:4], *rounded])
        if text.tell() > 2**20:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def is_table(path: Path) -> bool:
    """Return whether a file starts as one that :func:`write_rows` wrote.

    Args:
        path (Path): An existing file or folder.

    Returns:
        bool: Whether its header has the columns that every version wrote.
    """
    try:
        with path.open('rb') as file:
            header = file.readline(2**12).decode()
    except (OSError, UnicodeDecodeError):
        return False
    return header.startswith(','.join(COLUMNS[:3]))


def read_rows(path: Path) -> dict[str, MaskRow]:
    """Read the CSV of :func:`write_rows`.

    Args:
        path (Path): File to read.

    Returns:
        dict[str, MaskRow]: Rows by the name of the mask, in file order. A name
        that several masks share is left out, as its rows are ambiguous.

    Raises:
        InputError: If the file cannot be read, lacks a column, or has a field
            that is not a finite number where a number belongs.
    """
    try:
        with path.open(newline='', encoding='utf-8') as file:
            reader = csv.DictReader(file)
            missing = {'mask', 'verdict', 'iou'} - set(reader.fieldnames or ())
            if missing:
                raise InputError(
                    f'{path} has no column {min(missing)}: it must be what '
                    'segrefiner coco --report wrote'
                )
            parsed = [_parsed(path, number, r) for number, r in _lines(reader)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'cannot read {path}: {reason_of(error)}') from error
    rows: dict[str, MaskRow] = {}
    shared = set()
    for row in parsed:
        if row.mask in rows:
            shared.add(row.mask)
        rows[row.mask] = row
    return {name: row for name, row in rows.items() if name not in shared}


def _lines(reader: csv.DictReader) -> list[tuple[int, dict[str, str]]]:
    return [(reader.line_num, line) for line in reader]


def _parsed(path: Path, number: int, line: dict[str, str]) -> MaskRow:
    numbers = {}
    for name in ('iou', 'confidence', *EVIDENCE):
        text = line.get(name)
        if not text:
            continue
        try:
            numbers[name] = float(text)
        except ValueError:
            numbers[name] = math.nan
        if not math.isfinite(numbers[name]):
            raise InputError(
                f'{path}, line {number}: {name} is {text!r}, not a number'
            )
    return MaskRow(
        line['mask'] or '',
        line['verdict'] or '',
        numbers.pop('iou', 1.0),
        numbers.pop('confidence', None),
        numbers,
    )
