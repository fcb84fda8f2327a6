"""The denoiser: the U-Net of improved diffusion (arXiv 2102.09672)."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from segrefiner_mm.models.unet_blocks import (
    AttentionBlock,
    Downsample,
    EmbedSequential,
    GroupNorm32,
    ResBlock,
    Upsample,
)
from segrefiner_mm.registry import MODELS


@MODELS.register_module()
class DenoiseUNet(BaseModule):
    """Predicts one logit per pixel from image, noisy mask and timestep.

    Parameter names are those of the official checkpoints. The timestep enters
    through a learned embedding table, so ``num_timesteps`` is the maximum
    length of the chain.

    Args:
        in_channels (int): Image and mask channels. Defaults to 4.
        out_channels (int): Logits per pixel. Defaults to 1.
        model_channels (int): Channels of the first level, a multiple of 32.
            Defaults to 128.
        num_res_blocks (int): Residual blocks per level. Defaults to 2.
        channel_mult (Sequence[int]): Channel factor of each level; every
            further level halves the resolution. Defaults to
            (1, 1, 2, 2, 4, 4).
        attention_strides (Sequence[int]): Strides with self-attention, which
            the middle block always has. Defaults to (16, 32).
        num_heads (int): Attention heads. Defaults to 4.
        num_timesteps (int): Rows of the time embedding table. Defaults to 6.
        dropout (float): Dropout in the residual blocks. Defaults to 0.0.
        with_cp (bool): Whether to recompute the blocks in the backward pass,
            which saves memory in training and takes longer. Defaults to
            False.
        init_cfg (dict, optional): Initialisation config. Defaults to None.

    Attributes:
        stride (int): Height and width of the input must be multiples of this
            number, 2 to the power of the number of levels minus 1.

    Raises:
        ValueError: If ``model_channels`` is not a multiple of 32, or
            ``num_heads`` does not divide the channels of an attention block.
    """

    def __init__(
        self,
        in_channels: int = 4,
        out_channels: int = 1,
        model_channels: int = 128,
        num_res_blocks: int = 2,
        channel_mult: Sequence[int] = (1, 1, 2, 2, 4, 4),
        attention_strides: Sequence[int] = (16, 32),
        num_heads: int = 4,
        num_timesteps: int = 6,
        dropout: float = 0.0,
        with_cp: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if model_channels % 32:
            raise ValueError(
                f'model_channels must be a multiple of 32: {model_channels}'
            )
        self.with_cp = with_cp
        self.num_timesteps = num_timesteps
        self.stride = 2 ** (len(channel_mult) - 1)
        embed = 4 * model_channels
        self.time_embed = nn.Embedding(num_timesteps, embed)

        def block(
            channels_in: int, channels_out: int, stride: int
        ) -> list[nn.Module]:
            layers: list[nn.Module] = [
                ResBlock(channels_in, channels_out, embed, dropout)
            ]
            if stride in attention_strides:
                layers.append(AttentionBlock(channels_out, num_heads))
            return layers

        # 1. Down: record the channels of every output for the skips.
        channels = model_channels
        first = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.input_blocks = nn.ModuleList([EmbedSequential(first)])
        skips = [channels]
        for level, mult in enumerate(channel_mult):
            if level:
                self.input_blocks.append(EmbedSequential(Downsample(channels)))
                skips.append(channels)
            for _ in range(num_res_blocks):
                width = mult * model_channels
                layers = block(channels, width, 2**level)
                self.input_blocks.append(EmbedSequential(*layers))
                channels = width
                skips.append(channels)

        # 2. Middle.
        self.middle_block = EmbedSequential(
            ResBlock(channels, channels, embed, dropout),
            AttentionBlock(channels, num_heads),
            ResBlock(channels, channels, embed, dropout),
        )

        # 3. Up: one block more than down; the last of a level upsamples.
        self.output_blocks = nn.ModuleList()
        for level, mult in reversed(list(enumerate(channel_mult))):
            width = mult * model_channels
            for index in range(num_res_blocks + 1):
                layers = block(channels + skips.pop(), width, 2**level)
                channels = width
                if level and index == num_res_blocks:
                    layers.append(Upsample(channels))
                self.output_blocks.append(EmbedSequential(*layers))

        self.out = nn.Sequential(
            GroupNorm32(channels),
            nn.SiLU(),
            nn.Conv2d(channels, out_channels, 3, padding=1),
        )

    def encode(self, images: Tensor, coarse: Tensor) -> Tensor:
        """Return the context that all steps share: here, the images alone.

        Args:
            images (Tensor): Normalised images, (B, 3, H, W).
            coarse (Tensor): Coarse masks, (B, 1, H, W), not used: this
                network sees them only through the noisy masks, as published.

        Returns:
            Tensor: ``images``, for :meth:`decode`.
        """
        return images

    def decode(self, context: Tensor, masks: Tensor, t: Tensor) -> Tensor:
        """Predict the logits of the fine masks at one step.

        Args:
            context (Tensor): From :meth:`encode`.
            masks (Tensor): Noisy masks, (B, 1, H, W), values 0 and 1.
            t (Tensor): Timesteps, int64, (B,); or (1,) for the whole batch.

        Returns:
            Tensor: Logits, (B, out_channels, H, W).

        Raises:
            ValueError: If H or W is not a multiple of ``stride``.
        """
        return self(torch.cat([context, masks], dim=1), t)

    def called_modules(self) -> list[nn.Module]:
        """List the modules that :meth:`encode` and :meth:`decode` call.

        Returns:
            list[nn.Module]: The network itself.
        """
        return [self]

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Predict the logits of the fine mask.

        Args:
            x (Tensor): Normalised RGB image and mask (0 and 1) as channels,
                (B, in_channels, H, W); H and W are multiples of ``stride``.
            t (Tensor): Timesteps, int64, (B,); or (1,) for the whole batch.

        Returns:
            Tensor: Logits, (B, out_channels, H, W).

        Raises:
            ValueError: If H or W is not a multiple of ``stride``.
        """
        if x.shape[-2] % self.stride or x.shape[-1] % self.stride:
            raise ValueError(
                f'height and width must be multiples of {self.stride}, '
                f'got {tuple(x.shape[-2:])}'
            )
        embedding = self.time_embed(t)
        hidden = x
        skips = []
        for module in self.input_blocks:
            hidden = self._run(module, hidden, embedding)
            skips.append(hidden)
        hidden = self._run(self.middle_block, hidden, embedding)
        for module in self.output_blocks:
            hidden = torch.cat([hidden, skips.pop()], dim=1)
            hidden = self._run(module, hidden, embedding)
        return self.out(hidden)

    def _run(self, module: nn.Module, x: Tensor, embedding: Tensor) -> Tensor:
        if self.with_cp and self.training and torch.is_grad_enabled():
            return checkpoint(module, x, embedding, use_reentrant=False)
        return module(x, embedding)
