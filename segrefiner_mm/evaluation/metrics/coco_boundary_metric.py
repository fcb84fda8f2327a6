"""Mask AP and Boundary AP of coarse and refined masks, side by side."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmengine.evaluator import BaseMetric

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional import evaluate_coco
from segrefiner_mm.evaluation.functional.average_precision import IOU_TYPES
from segrefiner_mm.evaluation.functional.coco_inputs import CocoTruth
from segrefiner_mm.evaluation.metrics.coarse_and_refined import (
    SIDES,
    by_side,
    label_categories,
    name_of,
)
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.registry import METRICS


@METRICS.register_module()
class CocoBoundaryMetric(BaseMetric):
    """COCO's mask AP and Boundary AP, for this package's models and mmdet's.

    Data samples need ``img_id`` and ``pred_instances`` with ``masks``,
    ``scores`` and ``labels``. If ``coarse_instances`` are present too, their
    figures come first, in the same pass: ``coarse_segm_AP``, ``segm_AP``, ...
    Either field alone is enough, but all images must have it. The figures are
    those of :func:`evaluate_coco`.

    Args:
        ann_file (str): File with COCO annotations.
        iou_types (Sequence[str]): ``'segm'``, ``'boundary'`` or both.
            Defaults to both.
        classes (Sequence[str], optional): Names of the labels 0, 1, ...
            Defaults to None: ``classes`` of ``dataset_meta``; those that are
            not annotated do not count. Without any names, labels are positions
            in the sorted category ids.
        classwise (bool): Whether to give the AP of every class too, as
            ``segm_AP/NAME`` and ``boundary_AP/NAME``. Defaults to False.
        outfile_prefix (str, optional): Prefix of the files to write or
            replace, with the predictions as COCO results:
            ``PREFIX.segm.json`` and ``PREFIX.coarse_segm.json``. Defaults to
            None: no files.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'coco'``.

    Raises:
        InputError: If the annotations cannot be read or are invalid.
    """

    default_prefix: str | None = 'coco'
    evaluate_files: ClassVar[Callable[..., Any]] = staticmethod(evaluate_coco)
    lvis: ClassVar[bool] = False

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
        self.truth = CocoTruth(ann_file, lvis=self.lvis)
        self.iou_types = iou_types
        self.classes = classes
        self.classwise = classwise
        self.outfile_prefix = outfile_prefix

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Encode the masks of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): See the class.

        Raises:
            InputError: If a sample has no predictions, or they lack masks,
                scores or labels.
        """
        for sample in data_samples:
            row = dict(img_id=sample['img_id'])
            for side, _ in SIDES:
                instances = sample.get(f'{side}_instances')
                if instances is not None:
                    row[side] = _encoded(instances, name_of(sample))
            _complete(row, name_of(sample))
            self.results.append(row)

    def compute_metrics(
        self, results: list[dict[str, Any]]
    ) -> dict[str, float]:
        """Evaluate all images.

        Args:
            results (list[dict]): From :meth:`process`, one entry per image.

        Returns:
            dict[str, float]: Figures by name; see the class.

        Raises:
            InputError: If predictions do not match the annotations, are
                missing for some images, or cannot be written, or one of
                ``iou_types`` is unknown.
        """
        categories = self._categories()
        images = [row['img_id'] for row in results]
        truth = self.truth.only(set(images))
        figures = {}
        for prefix, rows in by_side(results):
            listed = [
                result
                for image, predictions in zip(images, rows, strict=True)
                for result in _listed(image, predictions, categories)
            ]
            if self.outfile_prefix is not None:
                file = Path(f'{self.outfile_prefix}.{prefix}segm.json')
                write_whole(file, json.dumps(listed).encode())
            figures_of = type(self).evaluate_files(
                truth, listed, self.iou_types, self.classwise
            )
            for iou_type, numbers in figures_of.items():
                for name, value in numbers.items():
                    figures[f'{prefix}{iou_type}_{name}'] = value
        log_comparison(figures)
        return figures

    def _categories(self) -> list[int | None]:
        """Return the category of every label."""
        named = [
            (str(c.get('name', c['id'])), c['id'])
            for c in self.truth.content['categories']
        ]
        return label_categories(named, self.classes, self.dataset_meta)


def _complete(row: dict[str, Any], name: str) -> None:
    """Give both sides scores and labels, or raise if neither has them."""
    sides = [row[side] for side, _ in SIDES if side in row]
    if not sides:
        raise InputError(f'{name}: there are no predictions')
    for own in sides:
        for part in ('scores', 'labels'):
            # The refiner leaves these with its coarse masks.
            value = own.get(part, sides[0].get(part))
            if value is None:
                raise InputError(f'{name}: predictions have no {part}')
            own[part] = value


def _encoded(instances: Any, name: str) -> dict[str, list[Any]]:
    """Convert masks to run lengths, scores and labels to lists."""
    if 'masks' not in instances:
        raise InputError(f'{name}: predictions have no masks')
    encoded: dict[str, list[Any]] = dict(masks=[])
    for mask in instances['masks']:
        if not isinstance(mask, dict):  # if not run lengths already
            mask = encode_mask(np.asarray(mask.cpu()))
        if isinstance(mask['counts'], bytes):
            mask = dict(mask, counts=mask['counts'].decode())
        encoded['masks'].append(mask)
    for part in ('scores', 'labels'):
        if part in instances:
            encoded[part] = instances[part].tolist()
    return encoded


def _listed(
    image: Any, predictions: dict[str, list[Any]], categories: list[int | None]
) -> list[dict[str, Any]]:
    """List the results of an image in COCO's format."""
    parts = (predictions[name] for name in ('masks', 'scores', 'labels'))
    listed = []
    for mask, score, label in zip(*parts, strict=True):
        if not 0 <= label < len(categories):
            raise InputError(
                f'image {image}: there are {len(categories)} classes, but '
                f'label {label}'
            )
        if categories[label] is not None:
            listed.append(
                dict(
                    image_id=image,
                    category_id=categories[label],
                    score=score,
                    segmentation=mask,
                )
            )
    return listed
