"""Objects of LVIS or COCO annotations."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.coco_annotations import (
    CocoImage,
    Id,
    id_of,
    images_of,
    is_crowd,
    other_kind,
    records_of,
)
from segrefiner_mm.io.confine import path_below
from segrefiner_mm.io.encodings.boxes import is_box
from segrefiner_mm.io.encodings.outside import TOLERANCE
from segrefiner_mm.io.encodings.segmentation import POLYGONS, read_segmentation
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.registry import DATASETS


@DATASETS.register_module()
class LVISRefineDataset(RefineDataset):
    """One random object per image of an LVIS or COCO JSON file.

    Crowds and objects with an area of at most ``min_area`` are skipped. An
    invalid annotation is skipped with one line in the log.

    Args:
        ann_file (str): LVIS or COCO instance annotations, under ``data_root``.
        data_prefix (dict, optional): ``img``: folder that image names are
            relative to, under ``data_root``. The names are ``file_name``, or
            in LVIS the last two parts of ``coco_url``, such as
            ``'train2017/1.jpg'``. Defaults to None: ``dict(img='')``.
        min_area (int): Largest area, in pixels, that is skipped. Defaults to
            512.
        **kwargs: See :class:`RefineDataset`.

    Raises:
        InputError: If the file cannot be read or is invalid, or no object is
            usable; also see :class:`RefineDataset`.
    """

    def __init__(
        self,
        *args: Any,
        data_prefix: dict[str, Any] | None = None,
        min_area: int = 512,
        **kwargs: Any,
    ) -> None:
        self.min_area = min_area
        prefix = data_prefix or dict(img='')
        super().__init__(*args, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotations.

        Returns:
            list[dict]: For each image with a usable object ``img_path`` (str),
            ``img_id`` (int or str), ``ann_size`` (height and width) and
            ``objects``, a list of dicts with ``ann_id`` and ``segmentation``.

        Raises:
            InputError: If the file cannot be read or is invalid.
        """
        content = read_json(Path(self.ann_file))
        images = images_of(content, self.ann_file)
        annotations = records_of(content, 'annotations', self.ann_file)
        data_list: dict[Any, dict[str, Any]] = {}
        left_out = 0
        for number, annotation in enumerate(annotations):
            name = _id(annotation, number)
            try:
                if self._is_left_out(annotation):
                    left_out += 1
                    continue
                image = self._image(annotation, images)
                _check(annotation, image.known_size(self.ann_file))
                if image.id not in data_list:
                    data_list[image.id] = self._describe(image)
            except InputError as error:
                self.skip((-1, number), f'annotation {name}: {error}')
            else:
                data_list[image.id]['objects'].append(
                    dict(ann_id=name, segmentation=annotation['segmentation'])
                )
        count = sum(len(info['objects']) for info in data_list.values())
        print_log(
            f'{self.ann_file}: {count} objects in {len(data_list)} images; '
            f'{left_out} crowds or objects of {self.min_area} pixels or less '
            f'left out, {len(self.skipped)} invalid ones skipped',
            'current',
        )
        return list(data_list.values())

    def nothing_found(self) -> str:
        """Return the error message for a data set without samples.

        Returns:
            str: The message.
        """
        return f'{super().nothing_found()} in {self.ann_file}'

    def choose(
        self, data_info: dict[str, Any], rng: np.random.Generator
    ) -> dict[str, Any]:
        """Choose an object of an image at random.

        Args:
            data_info (dict): An entry of :meth:`load_data_list`, from which
                ``objects`` is removed.
            rng (np.random.Generator): Source of randomness.

        Returns:
            dict: A copy with ``ann_id`` and ``segmentation`` instead of
            ``objects``.
        """
        objects = data_info.pop('objects')
        return {**data_info, **objects[rng.integers(len(objects))]}

    def _is_left_out(self, annotation: dict[str, Any]) -> bool:
        area = annotation.get('area')  # if missing, the mask decides
        if area is not None and not is_real(area):
            raise InputError(f'its area is {shown(area)}')
        small = area is not None and 0 < area <= self.min_area
        return is_crowd(annotation) or small

    def _image(
        self, annotation: dict[str, Any], images: dict[Id, CocoImage]
    ) -> CocoImage:
        image_id = id_of(annotation, 'image_id', 'it')
        if image_id not in images:
            hint = other_kind(image_id, images)
            raise InputError(f'there is no image {image_id}{hint}')
        return images[image_id]

    def _describe(self, image: CocoImage) -> dict[str, Any]:
        folder = self.data_prefix['img']
        return dict(
            img_path=path_below(folder, image.name, self.ann_file),
            img_id=image.id,
            ann_size=image.known_size(self.ann_file),
            objects=[],
        )


def _id(annotation: dict[str, Any], number: int) -> Any:
    """Return the id of an annotation, or its position in the file."""
    known = annotation.get('id')
    is_id = isinstance(known, (int, str))
    return known if is_id else f'number {number}'


def _check(annotation: dict[str, Any], size: tuple[int, int]) -> None:
    """Raise an InputError that says why an annotation is unusable."""
    mask = read_segmentation(annotation.get('segmentation'))
    if mask is None:
        raise InputError('it has no segmentation')
    box = annotation.get('bbox') or (0, 0, 1, 1)
    if not is_box(box):
        raise InputError(f'its box is {shown(box)}')
    _, _, width, height = box
    if width <= 0 or height <= 0:
        raise InputError(f'its box is {width} x {height}')
    if mask.form != POLYGONS:
        return
    corners = np.concatenate(mask.polygons)
    farthest = np.array(size[::-1]) + TOLERANCE
    if not ((corners >= -TOLERANCE) & (corners <= farthest)).all():
        raise InputError(
            f'its polygon reaches out of the {size[1]} x {size[0]} image'
        )
