"""A wrapper that refines the label maps of any mmseg model."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor

from segrefiner_mm.integrations.refined_model import RefinedModel
from segrefiner_mm.integrations.soft_results import add_soft_labels
from segrefiner_mm.label_maps.label_map_refiner import LabelMapRefiner
from segrefiner_mm.registry import MODELS


@MODELS.register_module()
class RefinedSegmentor(RefinedModel):
    """A semantic segmentation model of mmseg, refined.

    Every pixel has exactly one class, and ``seg_logits`` agree with it.
    :class:`LabelMapRefiner` describes how classes are merged. With
    ``refine_cfg=dict(soft=True)``, ``pred_sem_seg`` also has ``soft``; see
    :func:`add_soft_labels`.

    Args:
        *args: See :class:`RefinedModel`.
        label_cfg (dict, optional): Options of the :class:`LabelMapRefiner`.
            Defaults to None.
        **kwargs: See :class:`RefinedModel`.

    Raises:
        InputError: If a value of ``label_cfg`` is invalid; see also
            :class:`RefinedModel`.
        TypeError: If ``label_cfg`` has an unknown option.

    Examples:
        >>> _base_ = 'mmseg::pspnet/pspnet_r50-d8_4xb4-40k_voc12aug-512x512.py'
        >>> model = dict(
        ...     type='segrefiner_mm.RefinedSegmentor',
        ...     base_type='EncoderDecoder', refiner='segrefiner-tiny')
    """

    host = 'mmseg'
    keeps_flips = False

    def __init__(
        self,
        *args: Any,
        label_cfg: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # In a binary model, 0 is the background.
        known = dict(background=(0,)) if self.base.out_channels == 1 else {}
        self.labels = LabelMapRefiner(
            self.refiner, self.settings, **{**known, **(label_cfg or {})}
        )

    def refine(
        self, inputs: Tensor, samples: Sequence[BaseDataElement]
    ) -> None:
        """Refine ``pred_sem_seg`` in place, and ``seg_logits`` with it.

        Args:
            inputs (Tensor): (B, 3, h, w), the network input.
            samples (Sequence[BaseDataElement]): Predictions of mmseg.

        Raises:
            InputError: If an image cannot be read or has another size, or
                ``only`` does not fit an image.
        """
        jobs = []
        for seen, sample in zip(inputs, samples, strict=True):
            image = self.original_image(seen, sample)
            coarse = sample.pred_sem_seg.data[0].long().cpu().numpy()
            jobs.append((image, coarse, sample, self.part_of(image)))
        for refined, soft, sample in self.labels.refine_soft(jobs):
            data = sample.pred_sem_seg.data
            add_soft_labels(sample.pred_sem_seg, soft, data.device)
            labels = torch.from_numpy(refined).to(data.device)
            if 'seg_logits' in sample:
                logits = sample.seg_logits.data
                before = data[0].long()
                if len(logits) > 1:
                    swap_logits(logits, before, labels)
                else:
                    threshold = self.base.decode_head.threshold
                    mirror_probs(logits[0], before, labels, threshold)
            data[0] = labels.to(data)


def swap_logits(logits: Tensor, before: Tensor, after: Tensor) -> None:
    """Swap the logits of the old and the new class of changed pixels.

    The new class then has the highest logit, and the sum is unchanged.

    Args:
        logits (Tensor): (C, H, W), changed in place; the old class has the
            highest logit.
        before (Tensor): Coarse labels, (H, W) int64.
        after (Tensor): Refined labels, (H, W) int64.
    """
    y, x = (before != after).nonzero(as_tuple=True)
    old, new = before[y, x], after[y, x]
    swapped = logits[new, y, x], logits[old, y, x]
    logits[old, y, x], logits[new, y, x] = swapped


def mirror_probs(
    probs: Tensor, before: Tensor, after: Tensor, threshold: float
) -> None:
    """Move probabilities of changed pixels to the other side of a threshold.

    Args:
        probs (Tensor): (H, W) float, 0 to 1, changed in place; foreground is
            above the threshold.
        before (Tensor): Coarse labels, (H, W), 0 and 1.
        after (Tensor): Refined labels, (H, W), 0 and 1.
        threshold (float): Threshold of the foreground, above 0 and below 1.
    """
    above, below = (1 - threshold) / threshold, threshold / (1 - threshold)
    distance = probs - threshold
    lifted = threshold - distance * above
    lowest = torch.nextafter(
        probs.new_tensor(threshold), probs.new_tensor(2.0)
    )
    lifted = lifted.clamp(min=lowest.item())
    lowered = (threshold - distance * below).clamp(max=threshold)
    changed = before != after
    probs.copy_(
        torch.where(changed, torch.where(after > 0, lifted, lowered), probs)
    )
