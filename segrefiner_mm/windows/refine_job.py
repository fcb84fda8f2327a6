"""The job of the engine: an image with the masks to refine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import CompactMask

Tag = TypeVar('Tag')


@dataclass(frozen=True)
class RefineJob(Generic[Tag]):
    """An image with its coarse masks.

    Attributes:
        image (Tensor): (3, H, W) uint8.
        masks (Sequence[CompactMask]): Masks of the same H and W.
        tag (Tag): Value of the caller, who finds it on the finished job.
    """

    image: Tensor
    masks: Sequence[CompactMask]
    tag: Tag

    def to(self, device: torch.device) -> 'RefineJob[Tag]':
        """Move image and masks to a device.

        Args:
            device (torch.device): The device.

        Returns:
            RefineJob: A job with the same tag.
        """
        masks = [mask.to(device) for mask in self.masks]
        return RefineJob(self.image.to(device), masks, self.tag)
