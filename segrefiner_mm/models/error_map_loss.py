"""Loss that teaches a denoiser where the coarse mask is wrong."""

from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.registry import MODELS
from segrefiner_mm.windows import edge_band


@MODELS.register_module()
class ErrorMapLoss(nn.Module):
    """Binary cross-entropy between an error map and the true errors.

    An error map has one value per square cell of pixels. The true error of a
    cell is the fraction of pixels in and around the cell where the coarse mask
    is wrong, divided by ``full_share`` and clipped to 1. By default, a line of
    wrong pixels that is one pixel wide gives an error of about 0.5, as
    resampling alone may move an edge that far.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
        reach (int): Distance from a cell up to which pixels count as around
            it, in pixels; rounded to whole cells, at least one. Defaults to 4.
        full_share (float): Fraction of wrong pixels from which the error of a
            cell is 1. Defaults to 0.2.
        edge_weight (float): Cells within ``reach`` pixels of the coarse edge
            count ``1 + edge_weight`` times. Defaults to 4.0.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        reach: int = 4,
        full_share: float = 0.2,
        edge_weight: float = 4.0,
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.reach = reach
        self.full_share = full_share
        self.edge_weight = edge_weight

    def target(self, coarse: Tensor, fine: Tensor, stride: int) -> Tensor:
        """Compute the error map of the coarse mask, at a lower resolution.

        Args:
            coarse (Tensor): (B, 1, H, W) float, values 0 and 1.
            fine (Tensor): True masks, shape and dtype of ``coarse``.
            stride (int): Side of a cell in pixels.

        Returns:
            Tensor: (B, 1, H / stride, W / stride) float, 0 to 1.
        """
        wrong = (coarse - fine).abs()
        wrong = F.avg_pool2d(wrong, stride)
        reach = max(round(self.reach / stride), 1)
        share = F.avg_pool2d(
            wrong, 2 * reach + 1, 1, reach, count_include_pad=False
        )
        return (share / self.full_share).clamp(max=1.0)

    def forward(self, logits: Tensor, coarse: Tensor, fine: Tensor) -> Tensor:
        """Compute the loss of an error map.

        Args:
            logits (Tensor): Logits of the error map, (B, 1, h, w).
            coarse (Tensor): Coarse masks, (B, 1, H, W), values 0 and 1; H / h
                and W / w are the same integer.
            fine (Tensor): True masks, (B, 1, H, W), values 0 and 1.

        Returns:
            Tensor: Scalar loss, float32.
        """
        stride = coarse.shape[-1] // logits.shape[-1]
        target = self.target(coarse.float(), fine.float(), stride)
        near = F.max_pool2d(edge_band(coarse > 0.5, self.reach), stride)
        weight = 1.0 + self.edge_weight * near
        loss = F.binary_cross_entropy_with_logits(
            logits.float(), target, weight
        )
        return self.loss_weight * loss
