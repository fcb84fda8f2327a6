"""mIoU and boundary mIoU of coarse and refined label maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from mmengine.evaluator import BaseMetric

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation.comparison import log_comparison
from segrefiner_mm.evaluation.functional.label_quality import (
    label_figures,
    label_ious,
    label_overlaps,
)
from segrefiner_mm.evaluation.metrics.coarse_and_refined import (
    SIDES,
    by_side,
    name_of,
)
from segrefiner_mm.registry import METRICS


@METRICS.register_module()
class SemanticBoundaryMetric(BaseMetric):
    """mIoU and boundary mIoU, for mmseg's models.

    Data samples need ``gt_sem_seg`` and ``pred_sem_seg``. If
    ``coarse_sem_seg`` is present too, its figures come first:
    ``coarse_mIoU``, ``coarse_boundary_mIoU``, ``mIoU``, ... Either of the two
    predictions is enough, but all images must have it. The figures are 0 to 1,
    or NaN for a class that does not occur. The metainfo of the data set needs
    ``classes``.

    Args:
        ignore_index (int): True label of pixels that do not count. Defaults
            to 255.
        classwise (bool): Whether to give the figures of every class too, as
            ``IoU/NAME`` and ``boundary_IoU/NAME``. Defaults to False.
        collect_device (str): ``'cpu'`` or ``'gpu'``. Defaults to 'cpu'.
        prefix (str, optional): Prefix of the names in the log. Defaults to
            None: ``'semantic'``.
    """

    default_prefix = 'semantic'

    def __init__(
        self,
        ignore_index: int = 255,
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ignore_index = ignore_index
        self.classwise = classwise

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Count the overlaps of a batch.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): See the class.

        Raises:
            InputError: If the metainfo of the data set has no ``classes``, a
                prediction has another size than the truth, or a predicted
                label is below 0 or above 65,534.
        """
        names = self._classes()
        for sample in data_samples:
            truth = _labels(sample['gt_sem_seg'])
            row = {}
            for side, _ in SIDES:
                label_map = sample.get(f'{side}_sem_seg')
                if label_map is None:
                    continue
                try:
                    row[side] = label_overlaps(
                        truth,
                        _labels(label_map),
                        len(names),
                        self.ignore_index,
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
            for name, value in label_figures(counts).items():
                figures[prefix + name] = value
            if not self.classwise:
                continue
            for name, ious in label_ious(counts).items():
                name = prefix + name.replace('mIoU', 'IoU')
                for label, iou in zip(self._classes(), ious, strict=True):
                    figures[f'{name}/{label}'] = float(iou)
        log_comparison(figures)
        return figures

    def _classes(self) -> Sequence[str]:
        names = (self.dataset_meta or {}).get('classes')
        if not names:
            raise InputError(
                'the metainfo of the data set has no classes, which '
                'SemanticBoundaryMetric needs'
            )
        return names


def _labels(pixel_data: Any) -> npt.NDArray[Any]:
    return pixel_data['data'][0].cpu().numpy()
