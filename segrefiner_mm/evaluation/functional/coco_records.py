"""Records of COCO's and LVIS's files: what they must have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_file import shown
from segrefiner_mm.io.numbers import is_real
from segrefiner_mm.io.rle import run_lengths
from segrefiner_mm.io.run_table import decode_runs

INT, REAL = (int, np.integer), (int, float, np.number)
ID, MASK = (*INT, str), (dict, list)
PARTS: dict[str, dict[str, Any]] = dict(
    images=dict(id=ID, height=object, width=object),
    categories=dict(id=ID),
    annotations=dict(id=ID, image_id=ID, category_id=ID, segmentation=MASK),
)
LVIS_PARTS: dict[str, dict[str, Any]] = dict(
    images=dict(neg_category_ids=list, not_exhaustive_category_ids=list),
    categories=dict(frequency=str),
)
RESULT = dict(image_id=ID, category_id=ID, score=REAL, segmentation=MASK)

Size = tuple[int, int]


def areas_of(
    encoded: Sequence[Any], sizes: Sequence[Size]
) -> npt.NDArray[np.int64] | None:
    """Pixels of masks; None unless all are compressed and fit."""
    try:
        for mask, size in zip(encoded, sizes, strict=True):
            if tuple(mask['size']) != size:
                return None
        runs, first = decode_runs(encoded)
    except (AttributeError, InputError, KeyError, TypeError, ValueError):
        return None
    # Every second run is foreground.
    place = np.arange(len(runs)) - np.repeat(first[:-1], np.diff(first))
    total = np.concatenate([[0], (runs * (place % 2)).cumsum()])
    return np.diff(total[first])


def run_lengths_of(mask: dict, size: Size, name: str) -> dict[str, Any]:
    """Of one mask, or the reason why not."""
    try:
        return run_lengths(mask['segmentation'], size)
    except InputError as error:
        raise InputError(
            f'{name} (image {shown(mask["image_id"])}): {error}'
        ) from None


def check_records(
    records: Sequence[dict[str, Any]], fields: dict[str, Any], name: str
) -> None:
    """Whether every record has the fields that counting needs."""
    for index, record in enumerate(records):
        if not fields.keys() <= record.keys():
            raise InputError(
                f'{name}: number {index} lacks one of {", ".join(fields)}'
            )
        for field, kind in fields.items():
            value = record[field]
            if not isinstance(value, kind) or isinstance(value, bool):
                raise InputError(
                    f'{name}: number {index} has a faulty {field}: '
                    f'{value!r:.40}'
                )


def check_area(annotation: dict[str, Any], name: str) -> None:
    """Whether its area, where it is given, is a number to sort it by."""
    area = annotation.get('area', 0)
    if not is_real(area):
        raise InputError(f'{name} has a faulty area: {shown(area)}')


def check_frequencies(categories: list[dict[str, Any]], name: str) -> None:
    """Whether LVIS's categories are rare, common or frequent."""
    for category in categories:
        if category['frequency'] not in ('r', 'c', 'f'):
            raise InputError(
                f'{name}, category {category["id"]}: its frequency is '
                f"{shown(category['frequency'])}, not 'r', 'c' or 'f'"
            )


def content_of(source: Any) -> Any:
    return read_json(Path(source)) if is_path(source) else source


def name_of_source(source: Any) -> str:
    if is_path(source):
        return str(source)
    kind = 'annotations' if isinstance(source, dict) else 'results'
    return f'the {kind}'


def is_path(source: Any) -> bool:
    return isinstance(source, (str, Path))
