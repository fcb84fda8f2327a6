"""COCO's and LVIS's annotations and results, checked before counting.

The packages that count crash on some faulty files and miscount others.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.logging import print_log

from segrefiner_mm.encodings import run_lengths
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import read_json
from segrefiner_mm.run_table import decode_runs

INT, REAL = (int, np.integer), (int, float, np.number)
ID, MASK = (*INT, str), (dict, list)
PARTS: dict[str, dict[str, Any]] = dict(
    images=dict(id=ID, height=INT, width=INT),
    categories=dict(id=ID),
    annotations=dict(id=ID, image_id=ID, category_id=ID, segmentation=MASK),
)
LVIS_PARTS: dict[str, dict[str, Any]] = dict(
    images=dict(neg_category_ids=list, not_exhaustive_category_ids=list),
    categories=dict(frequency=str),
)
RESULT = dict(image_id=ID, category_id=ID, score=REAL, segmentation=MASK)
TOGETHER = 1000  # masks whose encodings are checked at once

Size = tuple[int, int]


class CocoTruth:
    """Annotations that can be counted with.

    Args:
        source (str | Path | dict): COCO or LVIS annotations, or their file.
        name (str): What to call them in errors. Defaults to '': the file.
        lvis (bool): Whether what LVIS's rules need must be there. Defaults to
            False.

    Attributes:
        content (dict): The annotations, all masks as run lengths.
        name (str): What they are called.

    Raises:
        InputError: If they are faulty; it says where.
    """

    def __init__(
        self, source: str | Path | dict, name: str = '', lvis: bool = False
    ) -> None:
        self.name = name or _name(source)
        content = _content(source)
        for part, fields in PARTS.items():
            if not isinstance(content, dict) or part not in content:
                raise InputError(
                    f'{self.name} has no {", ".join(PARTS)}: it is not of COCO'
                )
            extra = LVIS_PARTS.get(part, {}) if lvis else {}
            _check(content[part], fields | extra, f'{self.name}, {part}')
        self._sizes: dict[Any, Size] = {
            image['id']: (int(image['height']), int(image['width']))
            for image in content['images']
        }
        self._categories = {c['id'] for c in content['categories']}
        self._check_ids(content['annotations'])
        self.content = content | dict(
            annotations=self._with_run_lengths(
                content['annotations'], f'{self.name}, annotation'
            )
        )

    def only(self, images: set) -> 'CocoTruth':
        """The same for some of the images."""
        part = object.__new__(CocoTruth)
        part.__dict__.update(self.__dict__)
        part.content = self.content | dict(
            images=[i for i in self.content['images'] if i['id'] in images],
            annotations=[
                annotation
                for annotation in self.content['annotations']
                if annotation['image_id'] in images
            ],
        )
        return part

    def check_results(
        self, source: str | Path | list, skip_unknown: bool = False
    ) -> list[dict]:
        """Check results, of which those that can be counted come back.

        Args:
            source (str | Path | list): COCO results with masks, or their file.
            skip_unknown (bool): Whether to leave out results of images and
                categories that are not annotated. Defaults to False.

        Returns:
            list[dict]: Copies, all masks as run lengths, with ``id`` and
            ``area``: of the box, if all have one, else of the mask.

        Raises:
            InputError: If they are faulty, or do not fit the annotations.
        """
        name, results = _name(source), _content(source)
        _check(results, RESULT, name)
        for index, result in enumerate(results):
            if not math.isfinite(result['score']):
                raise InputError(f'{name}, result {index}: score is no number')
        results = self._of_known(results, name, skip_unknown)
        results = [{**r} for r in results]
        for result in results:
            result.pop('area', None)  # they have none, by COCO's rules
        checked = self._with_run_lengths(results, f'{name}, result')
        boxed = all(_is_box(result.get('bbox')) for result in checked)
        for index, result in enumerate(checked, 1):
            result.update(id=index, iscrowd=0)
            if boxed:
                result['area'] = result['bbox'][2] * result['bbox'][3]
        return checked

    def _check_ids(self, annotations: list[dict]) -> None:
        seen = set()
        for annotation in annotations:
            own = f'{self.name}, annotation {annotation["id"]}'
            if annotation['id'] in seen:
                raise InputError(f'{own} is there twice')
            seen.add(annotation['id'])
            if annotation['image_id'] not in self._sizes:
                raise InputError(f'{own}: no image {annotation["image_id"]}')
            if annotation['category_id'] not in self._categories:
                raise InputError(
                    f'{own}: no category {annotation["category_id"]}'
                )

    def _of_known(
        self, results: list[dict], name: str, skip_unknown: bool
    ) -> list[dict]:
        known, example = [], ''
        for result in results:
            if result['image_id'] not in self._sizes:
                example = example or f'image {result["image_id"]}'
            elif result['category_id'] not in self._categories:
                example = example or f'category {result["category_id"]}'
            else:
                known.append(result)
        if not example:
            return known
        text = (
            f'{len(results) - len(known)} of {len(results)} results in {name} '
            f'are of images or categories that {self.name} does not have, '
            f'such as {example}'
        )
        if not skip_unknown or not known:
            raise InputError(f'{text}; skip_unknown leaves them out')
        print_log(f'left out: {text}', 'current')
        return known

    def _with_run_lengths(self, masks: list[dict], name: str) -> list[dict]:
        """Copies with run lengths that fit their images."""
        checked = []
        for first in range(0, len(masks), TOGETHER):
            part = masks[first : first + TOGETHER]
            sizes = [self._sizes[mask['image_id']] for mask in part]
            encoded = [mask['segmentation'] for mask in part]
            areas = _areas(encoded, sizes)
            if areas is None:  # something else, or faulty
                numbers = [m.get('id', first + i) for i, m in enumerate(part)]
                encoded = [
                    _run_lengths(mask, size, f'{name} {number}')
                    for number, mask, size in zip(
                        numbers, part, sizes, strict=True
                    )
                ]
                areas = _areas(encoded, sizes)
                assert areas is not None
            checked += [
                {'area': area, **mask, 'segmentation': _as_text(own, size)}
                for mask, own, size, area in zip(
                    part, encoded, sizes, areas.tolist(), strict=True
                )
            ]
        return checked


def _areas(
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


def _run_lengths(mask: dict, size: Size, name: str) -> dict[str, Any]:
    """Of one mask, or the reason why not."""
    try:
        return run_lengths(mask['segmentation'], size)
    except InputError as error:
        raise InputError(
            f'{name} (image {mask["image_id"]}): {error}'
        ) from None


def _as_text(encoded: dict[str, Any], size: Size) -> dict[str, Any]:
    counts = encoded['counts']
    counts = counts.decode() if isinstance(counts, bytes) else counts
    return dict(size=list(size), counts=counts)


def _check(records: Any, fields: dict[str, Any], name: str) -> None:
    """Whether every record has the fields that counting needs."""
    if not isinstance(records, list):
        kind = type(records).__name__
        raise InputError(f'{name} must be a list, got {kind}')
    for index, record in enumerate(records):
        if not isinstance(record, dict) or not fields.keys() <= record.keys():
            raise InputError(
                f'{name}: number {index} lacks one of {", ".join(fields)}'
            )
        for field, kind in fields.items():
            if not isinstance(record[field], kind):
                raise InputError(
                    f'{name}: number {index} has a faulty {field}: '
                    f'{record[field]!r:.40}'
                )


def _is_box(box: Any) -> bool:
    return (
        isinstance(box, (list, tuple))
        and len(box) == 4
        and all(isinstance(side, REAL) for side in box)
    )


def _content(source: Any) -> Any:
    return read_json(Path(source)) if _is_path(source) else source


def _name(source: Any) -> str:
    if _is_path(source):
        return str(source)
    kind = 'annotations' if isinstance(source, dict) else 'results'
    return f'the {kind}'


def _is_path(source: Any) -> bool:
    return isinstance(source, (str, Path))
