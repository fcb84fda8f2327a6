"""The output of torchvision's Mask R-CNN, with soft masks (N, 1, H, W)."""

from typing import Any

from segrefiner_mm.integrations.results.result import (
    MaskResult,
    Masks,
    is_array,
    is_mapping_with,
    like,
)

THRESHOLD = 0.5  # as in torchvision's examples and COCO evaluation


class MaskRCNNOutput(MaskResult):
    """``masks`` of a dict; boxes, labels and scores are unchanged.

    Refined masks have the shape, dtype and device of the given masks; binary
    ones are 0 and 1.

    Args:
        output (dict): Output for one image, with ``masks`` (N, 1, H, W) or
            (N, H, W).
    """

    def __init__(self, output: dict[str, Any]) -> None:
        self._output = output
        masks = output['masks']
        self.masks = masks[:, 0] if masks.ndim == 4 else masks
        floats = str(masks.dtype).rpartition('.')[2].startswith(('fl', 'bf'))
        self.threshold = THRESHOLD if floats else None
        # Half precision would round the number below 0.5 to 0.5.
        self.holds_soft = str(masks.dtype).endswith(('float32', 'float64'))

    def with_masks(self, refined: Masks) -> dict[str, Any]:
        """Return a copy with these masks; see the base class."""
        before = self._output['masks']
        shaped = refined[:, None] if before.ndim == 4 else refined
        return {**self._output, 'masks': like(shaped, before)}


def open_mask_rcnn(value: Any) -> MaskResult | None:
    """Recognise a dict of ``boxes``, ``labels`` and ``masks``.

    Args:
        value (object): Any value.

    Returns:
        MaskResult | None: The opened output; None for any other value.
    """
    if not is_mapping_with(value, 'boxes', 'labels', 'masks'):
        return None
    masks = value['masks']
    flat = is_array(masks) and masks.ndim == 3
    deep = is_array(masks) and masks.ndim == 4 and masks.shape[1] == 1
    return MaskRCNNOutput(value) if flat or deep else None
