"""Required fields of the records in COCO's and LVIS's files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.run_table import decode_runs
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.rle import run_lengths

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
    """Compute the areas of compressed masks.

    Args:
        encoded (Sequence[object]): N segmentations.
        sizes (Sequence[tuple[int, int]]): Height and width of their images.

    Returns:
        np.ndarray | None: Areas in pixels, (N,) int64; None unless all
        segmentations are valid compressed run lengths of the right size.
    """
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


def run_lengths_of(
    mask: dict[str, Any], size: Size, name: str
) -> dict[str, Any]:
    """Convert the segmentation of a record to run lengths.

    Args:
        mask (dict): Annotation or result.
        size (tuple[int, int]): Height and width of the image.
        name (str): Name of the record, for errors.

    Returns:
        dict: ``size`` and compressed ``counts``.

    Raises:
        InputError: If the segmentation is invalid or has another size.
    """
    try:
        return run_lengths(mask['segmentation'], size)
    except InputError as error:
        raise InputError(
            f'{name} (image {shown(mask["image_id"])}): {error}'
        ) from None


def check_records(
    records: Sequence[dict[str, Any]], fields: dict[str, Any], name: str
) -> None:
    """Check that every record has the fields that evaluation needs.

    Args:
        records (Sequence[dict]): The records.
        fields (dict): Names of the fields, with the type or types of each.
        name (str): Name of the list of records, for errors.

    Raises:
        InputError: If a field is missing or has another type.
    """
    for index, record in enumerate(records):
        if not fields.keys() <= record.keys():
            raise InputError(
                f'{name}: number {index} lacks one of {", ".join(fields)}'
            )
        for field, kind in fields.items():
            value = record[field]
            if not isinstance(value, kind) or isinstance(value, bool):
                raise InputError(
                    f'{name}: number {index} has an invalid {field}: '
                    f'{value!r:.40}'
                )


def check_area(annotation: dict[str, Any], name: str) -> None:
    """Check that the area of an annotation, if given, is a number.

    Args:
        annotation (dict): The annotation.
        name (str): Name of the annotation, for errors.

    Raises:
        InputError: If the area is not a number.
    """
    area = annotation.get('area', 0)
    if not is_real(area):
        raise InputError(f'{name} has an invalid area: {shown(area)}')


def check_frequencies(categories: list[dict[str, Any]], name: str) -> None:
    """Check that LVIS's categories are rare, common or frequent.

    Args:
        categories (list[dict]): The categories.
        name (str): Name of the annotations, for errors.

    Raises:
        InputError: If the frequency of a category is not 'r', 'c' or 'f'.
    """
    for category in categories:
        if category['frequency'] not in ('r', 'c', 'f'):
            raise InputError(
                f'{name}, category {category["id"]}: its frequency is '
                f"{shown(category['frequency'])}, not 'r', 'c' or 'f'"
            )


def content_of(source: Any) -> Any:
    """Read a file; return any other source unchanged.

    Args:
        source (object): Path or content.

    Returns:
        object: The content.

    Raises:
        InputError: If the file cannot be read or is not JSON.
    """
    return read_json(Path(source)) if is_path(source) else source


def name_of_source(source: Any) -> str:
    """Name a source, for errors.

    Args:
        source (object): Path or content.

    Returns:
        str: The path, 'the annotations' or 'the results'.
    """
    if is_path(source):
        return str(source)
    kind = 'annotations' if isinstance(source, dict) else 'results'
    return f'the {kind}'


def is_path(source: Any) -> bool:
    """Return whether a source is a path.

    Args:
        source (object): Path or content.

    Returns:
        bool: Whether it is a str or Path.
    """
    return isinstance(source, (str, Path))
