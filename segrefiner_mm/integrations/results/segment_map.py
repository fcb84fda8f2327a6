"""Post-processed instance and panoptic outputs of ``transformers``."""

from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.results.result import (
    LabelMap,
    LabelResult,
    MaskResult,
    Masks,
    Result,
    is_array,
    is_mapping_with,
    like,
)
from segrefiner_mm.io.masks import to_numpy


class SegmentMap(LabelResult):
    """``segmentation``, a map of segment ids; ``segments_info`` is unchanged.

    Args:
        output (dict): Output for one image, with ``segmentation``, an array
            (H, W).
    """

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output
        self.labels = to_numpy(output['segmentation']).astype(np.int32)

    def with_labels(self, refined: LabelMap) -> dict[str, Any]:
        """Return a copy with these labels; see the base class."""
        new = like(refined, self._output['segmentation'])
        return {**self._output, 'segmentation': new}


class SegmentMasks(MaskResult):
    """``segmentation``, a mask per segment; ``segments_info`` is unchanged.

    Args:
        output (dict): Output for one image, with ``segmentation``, an array
            (N, H, W) of ``return_binary_maps=True``; None if there is no
            segment.
    """

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output
        masks = output['segmentation']
        self.masks = [] if masks is None else masks

    def with_masks(self, refined: Masks) -> dict[str, Any]:
        """Return a copy with these masks; see the base class."""
        before = self._output['segmentation']
        new = None if before is None else like(refined, before)
        return {**self._output, 'segmentation': new}


def open_segments(value: Any) -> Result | None:
    """Recognise a dict with ``segmentation`` and ``segments_info``.

    Args:
        value (object): Any value.

    Returns:
        Result | None: The opened output; None for any other value.

    Raises:
        InputError: If the form of ``segmentation`` is unknown.
    """
    if not is_mapping_with(value, 'segmentation', 'segments_info'):
        return None
    segmentation = value['segmentation']
    if is_array(segmentation) and segmentation.ndim == 2:
        return SegmentMap(value)
    deep = is_array(segmentation) and segmentation.ndim == 3
    if deep or segmentation is None:
        return SegmentMasks(value)
    raise InputError(
        'the segmentation beside segments_info must be a map (H, W) or masks '
        f'(N, H, W), got {type(segmentation).__name__}; '
        'return_coco_annotation=True gives runs row by row, which are not of '
        'COCO: use return_binary_maps=True'
    )
