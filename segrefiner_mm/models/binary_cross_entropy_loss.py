"""Binary cross-entropy on logits."""

from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.registry import MODELS
from segrefiner_mm.windows import edge_band


@MODELS.register_module()
class BinaryCrossEntropyLoss(nn.Module):
    """Binary cross-entropy between logits and masks, averaged over all pixels.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
        edge_weight (float): A pixel at the edge of the true mask counts ``1 +
            edge_weight`` times; 0 or more. Defaults to 0: all pixels count
            equally, as published.
        edge_reach (int): Number of pixels on either side that belong to the
            edge, 1 or more. Defaults to 2.

    Raises:
        ValueError: If ``edge_weight`` is negative or ``edge_reach`` less than
            1.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        edge_weight: float = 0.0,
        edge_reach: int = 2,
    ) -> None:
        super().__init__()
        if edge_weight < 0 or edge_reach < 1:
            raise ValueError(
                'edge_weight must be >= 0 and edge_reach >= 1, got '
                f'{edge_weight} and {edge_reach}'
            )
        self.loss_weight = loss_weight
        self.edge_weight = edge_weight
        self.edge_reach = edge_reach

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits (Tensor): (B, 1, H, W), any float dtype.
            target (Tensor): True masks, (B, 1, H, W), values 0 and 1.

        Returns:
            Tensor: Scalar loss, float32.
        """
        weight = None
        if self.edge_weight:
            band = edge_band(target > 0.5, self.edge_reach)
            weight = 1.0 + self.edge_weight * band
        loss = F.binary_cross_entropy_with_logits(
            logits.float(), target.float(), weight
        )
        return self.loss_weight * loss
