"""Objects of LVIS or COCO annotations."""

import os.path as osp
from collections import defaultdict
from typing import Any

import numpy as np
from mmengine.fileio import load
from mmengine.logging import print_log

from segrefiner_mm.datasets.refine_dataset import RefineDataset
from segrefiner_mm.errors import InputError
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
            list[dict]: ``img_path``, ``img_id`` and ``objects`` of each image
            with an object that can be used.
        """
        images, annotations = _read(self.ann_file)
        objects, left_out = defaultdict(list), 0
        for annotation in annotations:
            image = images.get(annotation.get('image_id'))
            if annotation.get('iscrowd') or not self._is_large(annotation):
                left_out += 1
            elif fault := _fault(annotation, image):
                name = f'annotation {annotation.get("id")}'
                self.skip((-1, annotation.get('id')), f'{name}: {fault}')
            else:
                objects[annotation['image_id']].append(
                    dict(
                        ann_id=annotation.get('id'),
                        segmentation=annotation['segmentation'],
                    )
                )
        print_log(
            f'{self.ann_file}: {sum(map(len, objects.values()))} objects in '
            f'{len(objects)} images; {left_out} crowds or objects of '
            f'{self.min_area} pixels or less left out, '
            f'{len(self.skipped)} faulty ones skipped',
            'current',
        )
        return [
            dict(
                img_path=self._path(images[img_id]),
                img_id=img_id,
                objects=found,
            )
            for img_id, found in objects.items()
        ]

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

    def _is_large(self, annotation: dict) -> bool:
        area = annotation.get('area')
        if area is None:  # left to the decoded mask
            return True
        return not 0 < area <= self.min_area

    def _path(self, image: dict) -> str:
        name = image.get('file_name')
        if name is None:
            name = '/'.join(image['coco_url'].split('/')[-2:])
        return osp.join(self.data_prefix['img'], name)


def _read(ann_file: str) -> tuple[dict, list]:
    if not osp.isfile(ann_file):
        raise InputError(f'no such file: {ann_file}')
    try:
        content = load(ann_file, file_format='json')
        images = {image['id']: image for image in content['images']}
        return images, content['annotations']
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f'{ann_file} is not a LVIS or COCO instances json: {error!r}'
        ) from None


def _fault(annotation: dict, image: dict | None) -> str | None:
    """What makes an annotation useless, if anything does."""
    try:
        return _find_fault(annotation, image)
    except (KeyError, TypeError, ValueError) as error:
        return f'it is malformed ({error!r})'


def _find_fault(annotation: dict, image: dict | None) -> str | None:
    segmentation = annotation.get('segmentation')
    if image is None:
        return f'there is no image {annotation.get("image_id")}'
    if 'file_name' not in image and 'coco_url' not in image:
        return f'image {image["id"]} has neither file_name nor coco_url'
    if not segmentation:
        return 'it has no segmentation'
    _, _, width, height = annotation.get('bbox') or (0, 0, 1, 1)
    if width <= 0 or height <= 0:
        return f'its box is {width} x {height}'
    if not isinstance(segmentation, list):
        return None
    if any(len(part) < 6 or len(part) % 2 for part in segmentation):
        return 'a polygon needs pairs of numbers for three corners or more'
    corners = np.concatenate(segmentation).reshape(-1, 2)
    size = image['width'], image['height']
    if (corners < -TOLERANCE).any() or (corners > np.add(size, 2)).any():
        return f'its polygon reaches out of the {size[0]} x {size[1]} image'
    return None
