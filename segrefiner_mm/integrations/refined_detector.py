"""A wrapper that refines the masks of any mmdet model."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.refined_model import RefinedModel
from segrefiner_mm.integrations.soft_results import add_soft_labels
from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner
from segrefiner_mm.registry import MODELS
from segrefiner_mm.windows import RefineJob, compact_masks


@MODELS.register_module()
class RefinedDetector(RefinedModel):
    """An instance or panoptic segmentation model of mmdet, refined.

    Masks keep their order, size, device and bool dtype. All other fields are
    unchanged, except for boxes if ``update_boxes`` is set. Panoptic maps keep
    their segment ids. With ``refine_cfg=dict(soft=True)``, instances also have
    ``soft_masks``, (N, H, W) float32, and a panoptic map has ``soft``; see
    :func:`add_soft_labels`.

    Args:
        *args: See :class:`RefinedModel`.
        score_thr (float): Lowest score of a mask that is refined. Defaults to
            0.0.
        max_instances (int, optional): Maximum number of masks to refine per
            image, 0 or more; those with the highest scores are chosen.
            Defaults to None: all.
        update_boxes (bool): Whether to replace boxes by those of the refined
            masks; an empty mask keeps its box. Defaults to False.
        **kwargs: See :class:`RefinedModel`.

    Raises:
        InputError: If ``max_instances`` is negative; see also
            :class:`RefinedModel`.

    Examples:
        >>> _base_ = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
        >>> model = dict(
        ...     type='segrefiner_mm.RefinedDetector', base_type='MaskRCNN',
        ...     refiner='segrefiner-tiny')
    """

    host = 'mmdet'
    keeps_flips = True

    def __init__(
        self,
        *args: Any,
        score_thr: float = 0.0,
        max_instances: int | None = None,
        update_boxes: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if max_instances is not None and max_instances < 0:
            raise InputError(
                f'max_instances must be >= 0, got {max_instances}'
            )
        self.score_thr = score_thr
        self.max_instances = max_instances
        self.update_boxes = update_boxes

    def refine(
        self, inputs: Tensor, samples: Sequence[BaseDataElement]
    ) -> None:
        """Refine ``pred_instances`` and ``pred_panoptic_seg`` in place.

        Args:
            inputs (Tensor): (B, 3, h, w), the network input.
            samples (Sequence[BaseDataElement]): Predictions of mmdet.

        Raises:
            InputError: If a prediction has neither masks nor a panoptic map,
                masks are not bool, an image cannot be read or has another
                size, or ``only`` does not fit an image.
        """

        @functools.cache  # an image is read once, and only if needed
        def image_of(index: int) -> Tensor:
            return self.original_image(inputs[index], samples[index])

        self._refine_instances(image_of, samples)
        self._refine_panoptic(image_of, samples)

    def _refine_instances(
        self,
        image_of: Callable[[int], Tensor],
        samples: Sequence[BaseDataElement],
    ) -> None:
        jobs = []
        for index, sample in enumerate(samples):
            instances = sample.get('pred_instances')
            if instances is None or 'masks' not in instances:
                if 'pred_panoptic_seg' in sample:
                    continue
                raise InputError(
                    f'{type(self.base).__name__} predicts no masks: there is '
                    'nothing to refine'
                )
            if self.settings.soft:
                instances.soft_masks = instances.masks.float()
            if not len(instances.masks):
                continue  # some heads return an empty float tensor
            chosen = self._choose(instances)
            if not len(chosen):
                continue
            masks = instances.masks[chosen]
            if masks.dtype != torch.bool:
                raise InputError(
                    f'masks must be bool, got {masks.dtype}: set '
                    'mask_thr_binary of the base to 0 or more'
                )
            image, tag = image_of(index), (instances, chosen)
            only = self.part_of(image)
            jobs.append(RefineJob(image, compact_masks(masks), tag, only))
        for job, refined in self.refiner.refine(jobs, self.settings):
            instances, chosen = job.tag
            for place, part in zip(chosen.tolist(), refined, strict=True):
                mask = part.dense(job.masks[0].size)
                instances.masks[place] = mask.to(instances.masks.device)
                if part.soft is not None:
                    soft = part.soft.dense(job.masks[0].size)
                    instances.soft_masks[place] = soft.to(
                        instances.masks.device
                    )
            if self.update_boxes:
                _update_boxes(instances, chosen)

    def _choose(self, instances: BaseDataElement) -> Tensor:
        """Return the indices of the masks to refine."""
        scores = instances.get('scores')
        if scores is None:
            return torch.arange(len(instances.masks))
        best = scores.argsort(descending=True, stable=True)
        best = best[scores[best] >= self.score_thr]
        return best[: self.max_instances]

    def _refine_panoptic(
        self,
        image_of: Callable[[int], Tensor],
        samples: Sequence[BaseDataElement],
    ) -> None:
        jobs = [
            (
                image_of(index),
                sample.pred_panoptic_seg.sem_seg[0].cpu().numpy(),
                sample,
                self.part_of(image_of(index)),
            )
            for index, sample in enumerate(samples)
            if 'pred_panoptic_seg' in sample
        ]
        if not jobs:
            return
        # Pixels without a segment have the first label after the classes.
        void = self.base.panoptic_fusion_head.num_classes
        labels = LabelMapRefiner(self.refiner, self.settings, ignore=(void,))
        for refined, soft, sample in labels.refine_soft(jobs):
            ids = sample.pred_panoptic_seg.sem_seg
            ids[0] = torch.from_numpy(refined).to(ids)
            add_soft_labels(sample.pred_panoptic_seg, soft, ids.device)


def _update_boxes(instances: BaseDataElement, chosen: Tensor) -> None:
    """Set boxes to x1, y1, x2, y2 of the masks, x2 and y2 exclusive."""
    masks = instances.masks[chosen]
    for index, mask in zip(chosen.tolist(), compact_masks(masks), strict=True):
        if mask.area:
            instances.bboxes[index] = instances.bboxes.new_tensor(mask.box)
