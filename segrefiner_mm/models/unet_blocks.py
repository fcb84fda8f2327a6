"""Blocks of the U-Net of improved diffusion (arXiv 2102.09672)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GroupNorm32(nn.GroupNorm):
    """Group normalisation with 32 groups, computed in float32 at least.

    Args:
        channels (int): Channels of the input, a multiple of 32.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(32, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, ...) in float32 or better; keep the dtype."""
        dtype = torch.promote_types(x.dtype, torch.float32)
        weight, bias = self.weight.to(dtype), self.bias.to(dtype)
        normed = F.group_norm(
            x.to(dtype), self.num_groups, weight, bias, self.eps
        )
        return normed.to(x.dtype)


class ResBlock(nn.Module):
    """Residual block that adds the time embedding between its convolutions.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        embed_channels (int): Length of the time embedding.
        dropout (float): Probability of dropout before the second convolution.
            Defaults to 0.0.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        embed_channels: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            GroupNorm32(in_channels),
            nn.SiLU(),
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
        )
        self.emb_layers = nn.Sequential(
            nn.SiLU(), nn.Linear(embed_channels, out_channels)
        )
        self.out_layers = nn.Sequential(
            GroupNorm32(out_channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
        )
        self.skip_connection: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.skip_connection = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Run the block.

        Args:
            x (Tensor): (B, C_in, H, W).
            embedding (Tensor): Time embedding, (B or 1, E).

        Returns:
            Tensor: (B, C_out, H, W).
        """
        hidden = self.in_layers(x)
        hidden = hidden + self.emb_layers(embedding)[..., None, None]
        return self.skip_connection(x) + self.out_layers(hidden)


class AttentionBlock(nn.Module):
    """Self-attention over all positions, with a residual connection.

    The heads are the *outer* dimension of the ``qkv`` channels: first q, k, v
    of head 0, then q, k, v of head 1, and so on, as in the official
    checkpoints.

    Args:
        channels (int): Channels of input and output, a multiple of 32.
        num_heads (int): Number of heads; must divide ``channels``.

    Raises:
        ValueError: If ``num_heads`` does not divide ``channels``.
    """

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        if channels % num_heads:
            raise ValueError(
                f'{num_heads} heads do not divide {channels} channels'
            )
        self.num_heads = num_heads
        self.norm = GroupNorm32(channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Add the attention over all positions to x, (B, C, H, W)."""
        batch, channels, *size = x.shape
        x = x.reshape(batch, channels, -1)
        qkv = self.qkv(self.norm(x))
        qkv = qkv.reshape(batch, self.num_heads, -1, qkv.shape[-1])
        q, k, v = qkv.transpose(-1, -2).chunk(3, dim=-1)
        attended = F.scaled_dot_product_attention(q, k, v)
        attended = attended.transpose(-1, -2).reshape(x.shape)
        return (x + self.proj_out(attended)).reshape(batch, channels, *size)


class Downsample(nn.Module):
    """Halves height and width by a convolution of stride 2.

    Args:
        channels (int): Channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Convert (B, C, H, W) to (B, C, H / 2, W / 2)."""
        return self.op(x)


class Upsample(nn.Module):
    """Doubles height and width: nearest neighbour, then a convolution.

    Args:
        channels (int): Channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Convert (B, C, H, W) to (B, C, 2 H, 2 W)."""
        return self.conv(F.interpolate(x, scale_factor=2, mode='nearest'))


class EmbedSequential(nn.Sequential):
    """A sequence that passes the time embedding to its residual blocks."""

    def forward(  # type: ignore[override]
        self, x: Tensor, embedding: Tensor
    ) -> Tensor:
        """Run the layers on (B, C, H, W), with the embedding (B or 1, E)."""
        for layer in self:
            if isinstance(layer, ResBlock):
                x = layer(x, embedding)
            else:
                x = layer(x)
        return x
