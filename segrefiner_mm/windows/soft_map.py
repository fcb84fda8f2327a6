"""Foreground probabilities that agree with a mask, stored inside a box."""

from dataclasses import dataclass

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import Box, crop_from

# The largest float32 below 0.5: background, but only just.
BELOW_HALF = 0.5 - 2**-25
# Lower probabilities count as 0 when the box of a map is chosen.
NEGLIGIBLE = 1 / 512


@dataclass(frozen=True)
class SoftMap:
    """The foreground probability of a mask, inside a box.

    Attributes:
        box (Box): Position of ``values``; outside they are 0.
        values (Tensor): (h, w) float32, 0 to 1; after :func:`completed`, 0.5
            or more exactly where the mask is foreground.
    """

    box: Box
    values: Tensor

    def crop(self, box: Box) -> Tensor:
        """Crop the map to any box of the image.

        Args:
            box (Box): The box.

        Returns:
            Tensor: A copy, (h, w) of ``box``, float32, 0 to 1.
        """
        return crop_from(self.box, self.values, box)

    def dense(self, size: tuple[int, int]) -> Tensor:
        """Return the map of the whole image.

        Args:
            size (tuple[int, int]): Height and width of the image.

        Returns:
            Tensor: (H, W) float32, 0 to 1.
        """
        return self.crop(Box(0, 0, size[1], size[0]))


def calibrated(probs: Tensor, temperature: float) -> Tensor:
    """Divide the logits of probabilities by a temperature.

    A probability of 0.5 stays as it is.

    Args:
        probs (Tensor): Any shape, float32, 0 to 1.
        temperature (float): Greater than 0; above 1 for an overconfident
            network.

    Returns:
        Tensor: Calibrated probabilities, shape of ``probs``, float32, 0 to 1.
    """
    if temperature == 1.0:
        return probs
    return (torch.logit(probs) / temperature).sigmoid()


def held_to(values: Tensor, mask: Tensor) -> Tensor:
    """Move probabilities to the side of 0.5 that agrees with a mask.

    Rounding and averaging move single values across 0.5. A value on the wrong
    side, such as where a guard has overruled the network, is mirrored at 0.5.

    Args:
        values (Tensor): (h, w) float32, 0 to 1.
        mask (Tensor): (h, w) bool.

    Returns:
        Tensor: (h, w) float32, 0.5 or more exactly where the mask is true.
    """
    agree = (values >= 0.5) == mask
    values = torch.where(agree, values, 1.0 - values)
    return torch.where(
        mask, values.clamp(min=0.5), values.clamp(max=BELOW_HALF)
    )
