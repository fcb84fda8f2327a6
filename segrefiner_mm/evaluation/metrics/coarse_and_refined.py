"""What the metrics of coarse and refined predictions have in common."""

from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError

# Names in a data sample, and before the names of figures.
SIDES = (('coarse', 'coarse_'), ('pred', ''))


def by_side(results: list[dict[str, Any]]) -> Iterator[tuple[str, list]]:
    """Prefix and entries of what was predicted, coarse first.

    Args:
        results (list[dict]): Entries ``pred`` and perhaps ``coarse``, one
            pair per image.

    Yields:
        tuple[str, list]: Prefix of the figures, and an entry per image.

    Raises:
        InputError: If only some images have coarse predictions.
    """
    for side, prefix in SIDES:
        found = [row[side] for row in results if side in row]
        if found and len(found) < len(results):
            raise InputError(
                f'{len(found)} of {len(results)} data samples have '
                f'{side} predictions: give all or none'
            )
        if found:
            yield prefix, found


def label_categories(
    by_name: dict[str, int],
    given: Sequence[str] | None,
    dataset_meta: dict | None,
) -> list[int | None]:
    """Category of every label.

    Args:
        by_name (dict[str, int]): Id of every annotated category.
        given (Sequence[str], optional): Names of the labels, of the user.
        dataset_meta (dict, optional): The ``classes`` of a data set.

    Returns:
        list[int | None]: Ids, and None for classes of the data set that are
        not annotated. Without names the ids in their order.

    Raises:
        InputError: If the user names one that is not annotated, or none of
            the data set is.
    """
    classes = given or (dataset_meta or {}).get('classes')
    if not classes:
        return [*sorted(by_name.values())]
    unknown = [name for name in classes if name not in by_name]
    if unknown and (given or len(unknown) == len(classes)):
        raise InputError(
            f'the annotations have no categories {", ".join(unknown[:5])}'
        )
    if unknown:
        print_log(
            f'predictions of {len(unknown)} classes that are not annotated '
            f'do not count: {", ".join(unknown[:5])}',
            'current',
        )
    return [by_name.get(name) for name in classes]


def name_of(sample: dict) -> str:
    """What to call a data sample in an error."""
    return str(sample.get('img_path') or f'image {sample.get("img_id")}')
