"""Objects of LVIS or COCO annotations."""

import os.path as osp
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.errors import InputError
from segrefiner_mm.files import file_name_of, read_json
from segrefiner_mm.registry import DATASETS

# Polygons of real data sets end up to a pixel outside of their image.
TOLERANCE = 2


@DATASETS.register_module()
class LVISRefineDataset(RefineDataset):
    """One random object per image of a LVIS or COCO json.

    Crowds and objects of ``min_area`` or less are left out; what is wrong
    with an annotation is said in one line.

    Args:
        ann_file (str): LVIS or COCO instances json.
        data_prefix (dict): ``img``: folder that image names start from. The
            names are ``file_name``, or in LVIS the part of ``coco_url`` with
            the folder of the year. Defaults to ``dict(img='')``.
        min_area (int): Largest area, in pixels, that is left out. Defaults to
            512.
        **kwargs: See :class:`RefineDataset`.

    Raises:
        InputError: If the file is not such a json, or nothing is left.
    """

    def __init__(
        self,
        *args: Any,
        data_prefix: dict | None = None,
        min_area: int = 512,
        **kwargs: Any,
    ) -> None:
        self.min_area = min_area
        prefix = data_prefix or dict(img='')
        super().__init__(*args, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the json.

        Returns:
            list[dict]: ``img_path``, ``img_id``, ``ann_size`` and ``objects``
            of each image with an object that can be used.
        """
        images, annotations = _read(self.ann_file)
        data_list: dict[Any, dict] = {}
        left_out = 0
        for number, annotation in enumerate(annotations):
            name = _id(annotation, number)
            try:
                if self._is_left_out(annotation):
                    left_out += 1
                    continue
                image_id = annotation['image_id']
                _check(annotation, images.get(image_id))
                if image_id not in data_list:
                    data_list[image_id] = self._describe(images[image_id])
            except InputError as error:
                self.skip((-1, number), f'annotation {name}: {error}')
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                self.skip(
                    (-1, number), f'annotation {name}: malformed ({error!r})'
                )
            else:
                data_list[image_id]['objects'].append(
                    dict(ann_id=name, segmentation=annotation['segmentation'])
                )
        count = sum(len(info['objects']) for info in data_list.values())
        print_log(
            f'{self.ann_file}: {count} objects in {len(data_list)} images; '
            f'{left_out} crowds or objects of {self.min_area} pixels or less '
            f'left out, {len(self.skipped)} faulty ones skipped',
            'current',
        )
        return list(data_list.values())

    def choose(self, data_info: dict, rng: np.random.Generator) -> dict:
        """Choose an object of an image.

        Args:
            data_info (dict): From :meth:`load_data_list`.
            rng (np.random.Generator): Source of the choice.

        Returns:
            dict: With ``ann_id`` and ``segmentation`` instead of ``objects``.
        """
        objects = data_info.pop('objects')
        return {**data_info, **objects[rng.integers(len(objects))]}

    def _is_left_out(self, annotation: dict) -> bool:
        area = annotation.get('area')  # if not given, the mask decides
        small = area is not None and 0 < area <= self.min_area
        return bool(annotation.get('iscrowd')) or small

    def _describe(self, image: Any) -> dict:
        return dict(
            img_path=osp.join(self.data_prefix['img'], file_name_of(image)),
            img_id=image['id'],
            ann_size=(image['height'], image['width']),
            objects=[],
        )


def _read(ann_file: str) -> tuple[dict, list]:
    content = read_json(Path(ann_file))
    try:
        images = {image['id']: image for image in content['images']}
        return images, content['annotations']
    except (KeyError, TypeError) as error:
        raise InputError(
            f'{ann_file} is not a LVIS or COCO instances json: {error!r}'
        ) from None


def _id(annotation: Any, number: int) -> Any:
    """Its id, or its place in the file."""
    known = annotation.get('id') if isinstance(annotation, dict) else None
    return f'number {number}' if known is None else known


def _check(annotation: dict, image: dict | None) -> None:
    """Raise an InputError that says what makes an annotation useless."""
    segmentation = annotation.get('segmentation')
    if image is None:
        raise InputError(f'there is no image {annotation["image_id"]}')
    if not segmentation:
        raise InputError('it has no segmentation')
    _, _, width, height = annotation.get('bbox') or (0, 0, 1, 1)
    if width <= 0 or height <= 0:
        raise InputError(f'its box is {width} x {height}')
    if not isinstance(segmentation, list):
        return
    if any(len(part) < 6 or len(part) % 2 for part in segmentation):
        raise InputError(
            'a polygon needs pairs of numbers for three corners or more'
        )
    corners = np.concatenate(segmentation).reshape(-1, 2)
    farthest = np.array([image['width'], image['height']]) + TOLERANCE
    # Not a number is inside of nothing.
    if not ((corners >= -TOLERANCE) & (corners <= farthest)).all():
        raise InputError(
            'its polygon reaches out of the '
            f'{image["width"]} x {image["height"]} image'
        )
