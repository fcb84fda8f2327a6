"""Binary cross-entropy on logits."""

from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.registry import MODELS


@MODELS.register_module()
class BinaryCrossEntropyLoss(nn.Module):
    """Mean binary cross-entropy between logits and a mask.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Both (B, 1, H, W), target with values 0 and 1; a scalar comes."""
        loss = F.binary_cross_entropy_with_logits(
            logits.float(), target.float()
        )
        return self.loss_weight * loss
