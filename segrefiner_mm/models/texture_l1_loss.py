"""Texture loss of SegRefiner (arXiv 2312.12425, Sec. 3.4)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.registry import MODELS


@MODELS.register_module()
class TextureL1Loss(nn.Module):
    """L1 distance between the edge strengths of two masks.

    Each mask is smoothed by a 3x3 mean. Its edge strength is the magnitude of
    the gradient, computed with Sobel kernels.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
    """

    sobel: Tensor

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        ramp = torch.tensor([[1.0, 0.0, -1.0]])
        smooth = torch.tensor([[1.0, 2.0, 1.0]])
        kernel_x = smooth.T @ ramp / 4
        sobel = torch.stack([kernel_x, kernel_x.T])[:, None]
        # A constant, not a weight: not stored in checkpoints.
        self.register_buffer('sobel', sobel, persistent=False)

    def edge_strength(self, masks: Tensor) -> Tensor:
        """Compute the gradient magnitude of masks or probabilities.

        Args:
            masks (Tensor): (B, 1, H, W) float, 0 to 1.

        Returns:
            Tensor: (B, 1, H, W), dtype of ``masks``, at least 0.01.
        """
        smoothed = F.avg_pool2d(masks, 3, stride=1, padding=1)
        gradient = F.conv2d(smoothed, self.sobel.to(masks.dtype), padding=1)
        return (gradient.square().sum(1, keepdim=True) + 1e-4).sqrt()

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the mean absolute difference of the edge strengths.

        Args:
            logits (Tensor): (B, 1, H, W), any float dtype.
            target (Tensor): True masks, (B, 1, H, W), values 0 and 1.

        Returns:
            Tensor: Scalar loss, float32.
        """
        # Under autocast, the squares of small gradients would underflow.
        with torch.autocast(logits.device.type, enabled=False):
            predicted = self.edge_strength(logits.float().sigmoid())
            wanted = self.edge_strength(target.float())
            return self.loss_weight * F.l1_loss(predicted, wanted)
