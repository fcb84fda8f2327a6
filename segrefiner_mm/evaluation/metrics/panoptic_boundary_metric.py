"""PQ and Boundary PQ of coarse and refined panoptic maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.evaluator import BaseMetric

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional.panoptic_files import PanopticFile
from segrefiner_mm.evaluation.functional.panoptic_quality import (
    PanopticMap,
    panoptic_counts,
    panoptic_figures,
)
from segrefiner_mm.evaluation.metrics.coarse_and_refined import (
    SIDES,
    by_side,
    label_categories,
    name_of,
)
from segrefiner_mm.registry import METRICS

INSTANCE_OFFSET = 1000  # as in mmdet: id = label + 1000 x instance


@METRICS.register_module()
class PanopticBoundaryMetric(BaseMetric):
    """Panoptic quality and Boundary PQ, for mmdet's models.

    Data samples need ``img_id`` and ``pred_panoptic_seg``. If
    ``coarse_panoptic_seg`` is present too, its figures come first:
    ``coarse_segm_PQ``, ``segm_PQ``, ... Either field alone is enough, but all
    images must have it. The figures are those of :func:`panoptic_figures`.

    Args:
        ann_file (str): File with COCO panoptic annotations.
        seg_prefix (str, optional): Folder of their PNG files. Defaults to
            None: see :class:`PanopticFile`.
        classes (Sequence[str], optional): Names of the labels 0, 1, ...
            Defaults to None: ``classes`` of ``dataset_meta``; those that are
            not annotated count as void. Without any names, labels are
            positions in the sorted category ids.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'coco_panoptic'``.

    Raises:
        InputError: If the annotations cannot be read or are invalid.
    """

    default_prefix = 'coco_panoptic'

    def __init__(
        self,
        ann_file: str,
        seg_prefix: str | None = None,
        classes: Sequence[str] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.truth = PanopticFile(ann_file, seg_prefix).as_truth()
        self.classes = classes
        self._of_label: list[int | None] | None = None  # set on first use

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Match the segments of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): See the class.

        Raises:
            InputError: If a map does not match the annotations, a true map
                cannot be read, or the classes are not annotated.
        """
        if self._of_label is None:
            self._of_label = self._categories()
        for sample in data_samples:
            image_id = sample['img_id']
            true, row = self.truth.file.load(image_id), {}
            for side, _ in SIDES:
                segmentation = sample.get(f'{side}_panoptic_seg')
                if segmentation is None:
                    continue
                own = _as_map(
                    segmentation['sem_seg'][0].cpu().numpy(), self._of_label
                )
                try:
                    row[side] = panoptic_counts(
                        true, own, self.truth.categories
                    )
                except InputError as error:
                    raise InputError(f'{name_of(sample)}: {error}') from None
            self.results.append(row)

    def compute_metrics(
        self, results: list[dict[str, Any]]
    ) -> dict[str, float]:
        """Compute the figures of all images.

        Args:
            results (list[dict]): From :meth:`process`, one entry per image.

        Returns:
            dict[str, float]: Figures by name; see the class.

        Raises:
            InputError: If only some images have predictions.
        """
        figures: dict[str, float] = {}
        for prefix, rows in by_side(results):
            counts = np.sum(rows, axis=0)
            figures_of = panoptic_figures(counts, self.truth.things)
            for iou_type, numbers in figures_of.items():
                for name, value in numbers.items():
                    figures[f'{prefix}{iou_type}_{name}'] = value
        log_comparison(figures)
        return figures

    def _categories(self) -> list[int | None]:
        """Return the category of every label."""
        named = list(zip(self.truth.names, self.truth.categories, strict=True))
        return label_categories(named, self.classes, self.dataset_meta)


def _as_map(
    ids: npt.NDArray[Any], categories: list[int | None]
) -> PanopticMap:
    """Convert a prediction of mmdet to ids from 1, with void as 0."""
    known, compact = np.unique(ids, return_inverse=True)
    labels = known % INSTANCE_OFFSET
    # Pixels without a segment have the first label after the classes.
    of_label = dict(enumerate(categories))
    numbers, own = np.zeros(len(known), np.int64), {}
    for place, label in enumerate(labels.tolist()):
        category = of_label.get(label)
        if category is not None:
            numbers[place] = place + 1
            own[place + 1] = category
    return PanopticMap(numbers[compact].reshape(ids.shape), own)
