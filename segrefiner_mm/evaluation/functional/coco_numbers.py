"""Conversion of ids to the small numbers that the evaluator requires."""

from typing import Any

Content = dict[str, Any]
Results = list[dict[str, Any]]
_LISTS = ('neg_category_ids', 'not_exhaustive_category_ids')


def with_numbers(
    content: Content, results: Results
) -> tuple[Content, Results, dict[int, Any]]:
    """Number images, categories and annotations.

    Args:
        content (dict): ``content`` of a :class:`CocoTruth`.
        results (list[dict]): From :meth:`CocoTruth.check_results`.

    Returns:
        tuple[dict, list[dict], dict]: Copies of both, and the old category id
        by new category id. Annotations are numbered from 1, as the evaluator
        would ignore an annotation with the id 0. Ids of images and of
        categories are kept if all are integers of at most 31 bits.
    """
    images = _numbers([image['id'] for image in content['images']])
    kinds = _numbers([kind['id'] for kind in content['categories']])

    def changed(record: dict[str, Any], **more: Any) -> dict[str, Any]:
        image, kind = record['image_id'], record['category_id']
        return {
            **record,
            'image_id': images[image],
            'category_id': kinds[kind],
            **more,
        }

    numbered = {
        **content,
        'images': [
            {**image, 'id': images[image['id']], **_lists(image, kinds)}
            for image in content['images']
        ],
        'categories': [
            {**kind, 'id': kinds[kind['id']]} for kind in content['categories']
        ],
        'annotations': [
            changed(annotation, id=number)
            for number, annotation in enumerate(content['annotations'], 1)
        ],
    }
    names = {number: kind for kind, number in kinds.items()}
    return numbered, [changed(result) for result in results], names


def _numbers(ids: list[Any]) -> dict[Any, int]:
    """Number ids; keep them if all are integers of at most 31 bits."""
    if all(isinstance(own, int) and abs(own) < 2**31 for own in ids):
        return {own: own for own in ids}
    ordered = sorted(ids, key=lambda own: (isinstance(own, str), own))
    return {own: number for number, own in enumerate(ordered, 1)}


def _lists(image: dict[str, Any], kinds: dict[Any, int]) -> dict[str, Any]:
    """Convert LVIS's lists of categories; unknown ones are skipped."""
    return {
        name: [
            kinds[kind]
            for kind in image[name]
            if isinstance(kind, (int, str)) and kind in kinds
        ]
        for name in _LISTS
        if isinstance(image.get(name), list)
    }
