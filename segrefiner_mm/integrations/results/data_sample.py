"""Data samples of mmdet and mmseg, recognised by their fields."""

from typing import Any

import numpy as np
from mmengine.structures import BaseDataElement

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import (
    LabelMap,
    LabelResult,
    MaskResult,
    Masks,
    Result,
    is_array,
    like,
)
from segrefiner_mm.io.masks import to_numpy
from segrefiner_mm.io.rle import encode_mask


class InstanceSample(MaskResult):
    """``pred_instances.masks`` of a data sample; copies change nothing else.

    Args:
        sample (DetDataSample): The sample; its masks are an array (N, H, W)
            or a list of run lengths.

    Raises:
        InputError: If ``pred_instances`` has no masks.
    """

    def __init__(self, sample: BaseDataElement) -> None:
        self._sample = sample
        instances = sample.pred_instances
        if 'masks' not in instances:
            raise InputError(
                'pred_instances of this sample has no masks: use a model that '
                'predicts masks'
            )
        self.masks = instances.masks

    def with_masks(self, refined: Masks) -> BaseDataElement:
        """Return a copy with these masks; see the base class."""
        new = self._sample.new()
        new.pred_instances = new.pred_instances.new()
        if is_array(self.masks):
            new.pred_instances.masks = like(refined, self.masks)
        else:
            new.pred_instances.masks = [encode_mask(mask) for mask in refined]
        return new


class SemanticSample(LabelResult):
    """``pred_sem_seg.data`` of a data sample; copies change nothing else.

    Args:
        sample (SegDataSample): The sample, with a label map (1, H, W).
    """

    ignore = (255,)

    def __init__(self, sample: BaseDataElement) -> None:
        self._sample = sample
        data = to_numpy(sample.pred_sem_seg.data)
        self.labels = data[0].astype(np.int32)

    def with_labels(self, refined: LabelMap) -> BaseDataElement:
        """Return a copy with these labels; see the base class."""
        new = self._sample.new()
        new.pred_sem_seg = new.pred_sem_seg.new()
        before = self._sample.pred_sem_seg.data
        new.pred_sem_seg.data = like(refined[None], before)
        return new


def open_data_sample(value: Any) -> Result | None:
    """Recognise a data sample with predictions.

    Args:
        value (object): Any value.

    Returns:
        Result | None: The opened sample; None for any other value.

    Raises:
        InputError: If ``pred_instances`` has no masks.
    """
    if not isinstance(value, BaseDataElement):
        return None
    if 'pred_instances' in value:
        return InstanceSample(value)
    return SemanticSample(value) if 'pred_sem_seg' in value else None
