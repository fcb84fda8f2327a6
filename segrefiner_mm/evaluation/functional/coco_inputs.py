"""COCO's and LVIS's annotations and results, checked before evaluation.

The evaluation packages crash on some invalid files, and compute wrong figures
from others.
"""

from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.functional.coco_records import (
    LVIS_PARTS,
    PARTS,
    RESULT,
    Size,
    areas_of,
    check_area,
    check_frequencies,
    check_records,
    content_of,
    name_of_source,
    run_lengths_of,
)
from segrefiner_mm.io.coco_annotations import (
    images_of,
    is_crowd,
    other_kind,
    records_of,
)
from segrefiner_mm.io.encodings.boxes import is_box
from segrefiner_mm.io.json_files.foreign_json import foreign_kind
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.limits import check_pixels
from segrefiner_mm.io.rle import with_text

TOGETHER = 1000  # masks whose encodings are checked at a time


class CocoTruth:
    """Annotations checked for evaluation.

    Args:
        source (str | Path | dict): COCO or LVIS annotations, or the path of
            their file.
        name (str): Name of the annotations, for errors. Defaults to '': the
            path, or 'the annotations'.
        lvis (bool): Whether to require the fields of LVIS. Defaults to False.

    Attributes:
        content (dict): The annotations, with all masks as compressed run
            lengths.
        name (str): Name of the annotations.

    Raises:
        InputError: If the annotations cannot be read or are invalid; the
            message names the invalid entry.
    """

    def __init__(
        self,
        source: str | Path | dict[str, Any],
        name: str = '',
        lvis: bool = False,
    ) -> None:
        self.name = name or name_of_source(source)
        content = content_of(source)
        if not isinstance(content, dict) or not PARTS.keys() <= content.keys():
            kind = foreign_kind(content)
            raise InputError(
                f'{self.name} has no {", ".join(PARTS)}: it is not of COCO'
                f'{f", but a json {kind}" if kind else ""}'
            )
        for part, fields in PARTS.items():
            records = records_of(content, part, self.name)
            extra = LVIS_PARTS.get(part, {}) if lvis else {}
            check_records(records, fields | extra, f'{self.name}, {part}')
        if lvis:
            check_frequencies(content['categories'], self.name)
        images = images_of(content, self.name)
        if len(images) < len(content['images']):
            raise InputError(f'{self.name}: two images share an id')
        self._sizes: dict[Any, Size] = {}
        for image in images.values():
            size = image.known_size(self.name)
            check_pixels(*size, f'{self.name}: image {shown(image.id)}')
            self._sizes[image.id] = size
        self._categories = {c['id'] for c in content['categories']}
        self._check_annotations(content['annotations'])
        self.content = content | dict(
            images=[
                image | dict(zip(('height', 'width'), size, strict=True))
                for image, size in zip(
                    content['images'], self._sizes.values(), strict=True
                )
            ],
            annotations=self._with_run_lengths(
                content['annotations'], f'{self.name}, annotation'
            ),
        )

    def only(self, images: set[Any]) -> 'CocoTruth':
        """Return the annotations of some images.

        Args:
            images (set): Ids of the images; unknown ids are ignored.

        Returns:
            CocoTruth: A copy with the selected images and their annotations.
        """
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
        self, source: str | Path | list[Any], skip_unknown: bool = False
    ) -> list[dict[str, Any]]:
        """Check results, and return the results that count.

        Args:
            source (str | Path | list): COCO results with masks, or the path of
                their file.
            skip_unknown (bool): Whether to skip results whose image or
                category is not annotated. Their number is logged. Defaults to
                False: they are an error.

        Returns:
            list[dict]: Copies in order, with masks as compressed run lengths,
            ``id`` from 1, and ``area``: the area of the boxes if all results
            have one, else of the masks.

        Raises:
            InputError: If the results cannot be read, are invalid, or do not
                match the annotations; with ``skip_unknown`` also if all would
                be skipped.
        """
        name = name_of_source(source)
        results = records_of(content_of(source), '', name)
        check_records(results, RESULT, name)
        for index, result in enumerate(results):
            if not is_real(result['score']):
                raise InputError(
                    f'{name}, result {index}: score is not a number'
                )
        results = self._of_known(results, name, skip_unknown)
        results = [{**r} for r in results]
        for result in results:
            result.pop('area', None)  # by COCO's rules results have none
        checked = self._with_run_lengths(results, f'{name}, result')
        boxed = all(is_box(result.get('bbox')) for result in checked)
        for index, result in enumerate(checked, 1):
            result.update(id=index, iscrowd=0)
            if boxed:
                result['area'] = result['bbox'][2] * result['bbox'][3]
        return checked

    def _check_annotations(self, annotations: list[dict[str, Any]]) -> None:
        seen = set()
        known = dict(image=self._sizes, category=self._categories)
        for annotation in annotations:
            own = f'{self.name}, annotation {shown(annotation["id"])}'
            if annotation['id'] in seen:
                raise InputError(f'{own} appears twice')
            seen.add(annotation['id'])
            for what, ids in known.items():
                value = annotation[f'{what}_id']
                if value not in ids:
                    raise InputError(
                        f'{own}: no {what} {value}{other_kind(value, ids)}'
                    )
            check_area(annotation, own)

    def _of_known(
        self, results: list[dict[str, Any]], name: str, skip_unknown: bool
    ) -> list[dict[str, Any]]:
        known, example = [], ''
        for result in results:
            if result['image_id'] not in self._sizes:
                example = example or self._unknown(result, 'image')
            elif result['category_id'] not in self._categories:
                example = example or self._unknown(result, 'category')
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

    def _unknown(self, result: dict[str, Any], what: str) -> str:
        known: Any = self._sizes if what == 'image' else self._categories
        value = result[f'{what}_id']
        return f'{what} {value}{other_kind(value, known)}'

    def _with_run_lengths(
        self, masks: list[dict[str, Any]], name: str
    ) -> list[dict[str, Any]]:
        """Return copies with run lengths that match their images."""
        checked = []
        for first in range(0, len(masks), TOGETHER):
            part = masks[first : first + TOGETHER]
            sizes = [self._sizes[mask['image_id']] for mask in part]
            encoded = [mask['segmentation'] for mask in part]
            areas = areas_of(encoded, sizes)
            if areas is None:  # other encodings, or invalid ones
                numbers = [m.get('id', first + i) for i, m in enumerate(part)]
                encoded = [
                    run_lengths_of(mask, size, f'{name} {number}')
                    for number, mask, size in zip(
                        numbers, part, sizes, strict=True
                    )
                ]
                areas = areas_of(encoded, sizes)
                assert areas is not None
            checked += [
                {
                    'area': area,
                    **mask,
                    'iscrowd': int(is_crowd(mask)),
                    'segmentation': with_text({**own, 'size': size}),
                }
                for mask, own, size, area in zip(
                    part, encoded, sizes, areas.tolist(), strict=True
                )
            ]
        return checked
