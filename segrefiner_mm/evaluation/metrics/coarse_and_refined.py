"""Shared parts of the metrics of coarse and refined predictions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError

# Prefixes in a data sample, and of the names of figures.
SIDES = (('coarse', 'coarse_'), ('pred', ''))


def by_side(results: list[dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield coarse and refined predictions separately, coarse first.

    Args:
        results (list[dict]): One dict per image, with ``pred``, ``coarse`` or
            both.

    Yields:
        tuple[str, list]: Prefix of the names of figures, ``'coarse_'`` or
        ``''``, and the predictions, one entry per image.

    Raises:
        InputError: If only some images have coarse predictions, or only some
            have refined ones.
    """
    for side, prefix in SIDES:
        rows = [row[side] for row in results if side in row]
        if rows and len(rows) < len(results):
            raise InputError(
                f'{len(rows)} of {len(results)} data samples have '
                f'{side} predictions: give all or none'
            )
        if rows:
            yield prefix, rows


def label_categories(
    categories: Sequence[tuple[str, int]],
    given: Sequence[str] | None,
    dataset_meta: dict[str, Any] | None,
) -> list[int | None]:
    """Map the labels 0, 1, ... to ids of categories.

    Args:
        categories (Sequence[tuple[str, int]]): Name and id of every annotated
            category.
        given (Sequence[str], optional): Names of the labels, from the user.
            None: ``classes`` of ``dataset_meta``.
        dataset_meta (dict, optional): Metainfo of a data set. None, or without
            ``classes``: there are no names.

    Returns:
        list[int | None]: The id of the category of every label, or None for a
        class of the data set that is not annotated, which is logged. Without
        names, all ids, ascending.

    Raises:
        InputError: If a class in ``given`` is not annotated, no class of the
            data set is annotated, or several categories have its name.
    """
    classes = given or (dataset_meta or {}).get('classes')
    if not classes:
        return [*sorted(category for _, category in categories)]
    count = Counter(name for name, _ in categories)
    if shared := [name for name in classes if count[name] > 1]:
        raise InputError(
            f'several categories of the annotations are named {shared[0]}'
        )
    by_name = dict(categories)
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


def name_of(sample: dict[str, Any]) -> str:
    """Name a data sample, for errors.

    Args:
        sample (dict): The data sample, with ``img_path`` or ``img_id``.

    Returns:
        str: Path or id of its image.
    """
    return str(sample.get('img_path') or f'image {sample.get("img_id")}')
