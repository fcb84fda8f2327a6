"""Mask AP and Boundary AP of coarse and refined masks, side by side."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmengine.evaluator import BaseMetric

from segrefiner_mm.encodings import encode_mask
from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional import evaluate_coco
from segrefiner_mm.evaluation.functional.average_precision import IOU_TYPES
from segrefiner_mm.files import read_json, write_whole
from segrefiner_mm.registry import METRICS


@METRICS.register_module()
class CocoBoundaryMetric(BaseMetric):
    """COCO's mask AP and Boundary AP, for this package's models and mmdet's.

    Predictions need ``img_id`` and ``pred_instances`` with ``masks``,
    ``scores`` and ``labels``. Where ``coarse_instances`` are there too, their
    figures come first, in the same pass: ``coarse_segm_AP``, ``segm_AP``, ...

    Args:
        ann_file (str): COCO annotations.
        iou_types (Sequence[str]): Of ``'segm'`` and ``'boundary'``. Defaults
            to both.
        classes (Sequence[str], optional): Names of the labels 0, 1, ...
            Defaults to None: those of ``dataset_meta``; without any, labels
            are the places of the categories in the order of their ids.
        classwise (bool): Whether to give the AP of every class too, as
            ``segm_AP/NAME`` and so on. Defaults to False.
        outfile_prefix (str, optional): Write the predictions to
            ``PREFIX.segm.json``. Defaults to None.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'coco'``.

    Raises:
        InputError: If the annotations are not such.
    """

    default_prefix: str | None = 'coco'
    evaluate_files: ClassVar[Callable] = staticmethod(evaluate_coco)

    def __init__(
        self,
        ann_file: str,
        iou_types: Sequence[str] = IOU_TYPES,
        classes: Sequence[str] | None = None,
        classwise: bool = False,
        outfile_prefix: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.annotations = read_json(Path(ann_file))
        self.iou_types = iou_types
        self.classes = classes
        self.classwise = classwise
        self.outfile_prefix = outfile_prefix

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Encode the masks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): See the class.
        """
        for sample in data_samples:
            row = dict(img_id=sample['img_id'])
            for kind in ('pred', 'coarse'):
                found = sample.get(f'{kind}_instances')
                if found is not None:
                    row[kind] = _encoded(found)
            # The refiner leaves these with the masks that it was given.
            for name in ('scores', 'labels'):
                if name not in row['pred']:
                    row['pred'][name] = row['coarse'][name]
            self.results.append(row)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Count over all images.

        Args:
            results (list[dict]): From :meth:`process`, one entry per image.

        Returns:
            dict[str, float]: See the class.
        """
        category_ids = self._category_ids()
        seen = {row['img_id'] for row in results}
        images = [i for i in self.annotations['images'] if i['id'] in seen]
        true = [
            annotation
            for annotation in self.annotations['annotations']
            if annotation['image_id'] in seen
        ]
        gt = {**self.annotations, 'images': images, 'annotations': true}
        figures = {}
        for kind, prefix in (('coarse', 'coarse_'), ('pred', '')):
            if not any(kind in row for row in results):
                continue
            listed = [
                dict(
                    image_id=row['img_id'],
                    category_id=category_ids[label],
                    score=score,
                    segmentation=mask,
                )
                for row in results
                for mask, score, label in zip(
                    *(row[kind][n] for n in ('masks', 'scores', 'labels')),
                    strict=True,
                )
            ]
            if self.outfile_prefix is not None:
                file = Path(f'{self.outfile_prefix}.{prefix}segm.json')
                write_whole(file, json.dumps(listed).encode())
            found = type(self).evaluate_files(
                gt, listed, self.iou_types, self.classwise
            )
            for iou_type, numbers in found.items():
                for name, value in numbers.items():
                    figures[f'{prefix}{iou_type}_{name}'] = value
        log_comparison(figures)
        return figures

    def _category_ids(self) -> list[int]:
        """Category of every label."""
        categories = self.annotations['categories']
        classes = self.classes or (self.dataset_meta or {}).get('classes')
        by_name = {c.get('name'): c['id'] for c in categories}
        if classes and all(name in by_name for name in classes):
            return [by_name[name] for name in classes]
        return sorted(category['id'] for category in categories)


def _encoded(instances: Any) -> dict[str, list]:
    """Masks as run lengths, scores and labels as plain numbers."""
    encoded: dict[str, list] = dict(masks=[])
    for mask in instances['masks']:
        if isinstance(mask, dict):  # a list of run lengths already
            encoded['masks'].append(mask)
        else:
            encoded['masks'].append(encode_mask(np.asarray(mask.cpu())))
    for name in ('scores', 'labels'):
        if name in instances:
            encoded[name] = instances[name].tolist()
    return encoded
