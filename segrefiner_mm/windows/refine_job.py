"""A job of the engine: an image with the masks to refine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import CompactMask
from segrefiner_mm.windows.only_here import Only

Tag = TypeVar('Tag')


@dataclass(frozen=True)
class RefineJob(Generic[Tag]):
    """An image with its coarse masks.

    Attributes:
        image (Tensor): (3, H, W) uint8.
        masks (Sequence[CompactMask]): Coarse masks of the image.
        tag (Tag): Any value of the caller, returned with the finished job.
        only (CompactMask | str, optional): The part of the image in which
            masks may change, on the device of the image; or ``'errors'``:
            where the network predicts that a mask is wrong. Defaults to None:
            everywhere.
    """

    image: Tensor
    masks: Sequence[CompactMask]
    tag: Tag
    only: Only | None = None

    def to(self, device: torch.device) -> 'RefineJob[Tag]':
        """Move image, masks and the part that may change to a device.

        Args:
            device (torch.device): The device.

        Returns:
            RefineJob: A new job with the same tag.
        """
        masks = [mask.to(device) for mask in self.masks]
        only = self.only
        if isinstance(only, CompactMask):
            only = only.to(device)
        return RefineJob(self.image.to(device), masks, self.tag, only)
