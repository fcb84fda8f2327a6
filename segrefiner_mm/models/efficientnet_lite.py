"""EfficientNet-Lite0 encoder (arXiv 1905.11946; no squeeze-and-excitation)."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models.depthwise_conv import depthwise_conv2d

# Batch normalisation settings that the ImageNet weights were trained with.
BN_EPS = 1e-3
BN_MOMENTUM = 0.01


class Stage(NamedTuple):
    """A row of the architecture: blocks of one width.

    Attributes:
        blocks (int): Number of blocks.
        kernel (int): Kernel size of the depthwise convolution.
        stride (int): Stride of the first block.
        expand (int): Expansion factor of the channels inside a block.
        channels (int): Output channels.
    """

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32
# Channels of the last block at strides 2, 4, 8, 16 and 32.
FEATURE_CHANNELS = (16, 24, 40, 112, 320)


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's ``SAME`` padding, without bias.

    The padding is exact for even input sizes.

    With a stride of 2 the padding is one pixel wider below and to the right,
    as in the training of the ImageNet weights.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel (int): Kernel size.
        stride (int): Stride. Defaults to 1.
        groups (int): 1, or ``in_channels`` for a depthwise convolution, which
            has as many output channels. Defaults to 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        total = kernel - stride
        before = total // 2
        even = total == 2 * before
        super().__init__(
            in_channels,
            out_channels,
            kernel,
            stride,
            padding=before if even else 0,
            groups=groups,
            bias=False,
        )
        self.sides = stride, before if even else 0
        after = total - before
        self.frame = None if even else (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, C_in, H, W) to (B, C_out, H / stride, W / stride)."""
        if self.frame is not None:
            x = F.pad(x, self.frame)
        if self.groups == 1:
            return super().forward(x)
        return depthwise_conv2d(x, self.weight, *self.sides, self.bias)


def conv_bn(
    in_channels: int,
    out_channels: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    act: bool = True,
) -> nn.Sequential:
    """Build a convolution with batch normalisation and ReLU6.

    Args:
        in_channels (int): See :class:`SameConv2d`.
        out_channels (int): See :class:`SameConv2d`.
        kernel (int): See :class:`SameConv2d`.
        stride (int): See :class:`SameConv2d`. Defaults to 1.
        groups (int): See :class:`SameConv2d`. Defaults to 1.
        act (bool): Whether to add the ReLU6. Defaults to True.

    Returns:
        nn.Sequential: The layers, in this order.
    """
    layers: list[nn.Module] = [
        SameConv2d(in_channels, out_channels, kernel, stride, groups),
        nn.BatchNorm2d(out_channels, BN_EPS, BN_MOMENTUM),
    ]
    if act:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expands, convolves each channel and projects; residual if shapes match.

    Args:
        in_channels (int): Channels of the input.
        stage (Stage): The row of the architecture that the block belongs to.
        stride (int): Stride of the depthwise convolution.
    """

    def __init__(self, in_channels: int, stage: Stage, stride: int) -> None:
        super().__init__()
        hidden = in_channels * stage.expand
        self.expand: nn.Module = nn.Identity()
        if stage.expand != 1:
            self.expand = conv_bn(in_channels, hidden, 1)
        self.depthwise = conv_bn(
            hidden, hidden, stage.kernel, stride, groups=hidden
        )
        self.project = conv_bn(hidden, stage.channels, 1, act=False)
        self.residual = stride == 1 and in_channels == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """Run the block.

        Args:
            x (Tensor): (B, C_in, H, W).

        Returns:
            Tensor: (B, C_out, H / stride, W / stride).
        """
        hidden = self.project(self.depthwise(self.expand(x)))
        return x + hidden if self.residual else hidden


class EfficientNetLite0(nn.Module):
    """The convolutional part of EfficientNet-Lite0, level by level.

    Args:
        in_channels (int): Channels of the input, 3 or more. The first three
            are R, G and B as ``(value - 127) / 128``, with values 0 to 255.
            Defaults to 3.

    Attributes:
        stem (nn.Sequential): The first convolution, of stride 2.
        levels (nn.ModuleList): Five sequences of blocks, at strides 2, 4, 8,
            16 and 32.
    """

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.stem = conv_bn(in_channels, STEM_CHANNELS, 3, stride=2)
        levels: list[list[nn.Module]] = [[]]
        channels = STEM_CHANNELS
        for stage in STAGES:
            for index in range(stage.blocks):
                stride = stage.stride if index == 0 else 1
                if stride == 2:
                    levels.append([])
                levels[-1].append(InvertedResidual(channels, stage, stride))
                channels = stage.channels
        self.levels = nn.ModuleList(nn.Sequential(*level) for level in levels)

    def load_imagenet(self, weights: Mapping[str, Tensor]) -> None:
        """Load weights in the layout of ``efficientnet-lite-pytorch``.

        The weights are replaced in place. Input channels beyond the first
        three keep theirs.

        Args:
            weights (Mapping[str, Tensor]): State dict of an
                EfficientNet-Lite0; its last convolution and its classifier
                are ignored.

        Raises:
            CheckpointError: If a weight is missing or has another shape.
        """
        source = dict(_named_as_here(weights))
        mine = self.state_dict()
        for name, tensor in mine.items():
            given = source.get(name)
            if given is None:
                raise CheckpointError(f'the ImageNet weights have no {name}')
            if name == 'stem.0.weight':
                given = torch.cat([given, tensor[:, given.shape[1] :]], 1)
            if given.shape != tensor.shape:
                raise CheckpointError(
                    f'{name} has shape {tuple(given.shape)} in the ImageNet '
                    f'weights, not {tuple(tensor.shape)}'
                )
            mine[name] = given
        self.load_state_dict(mine)


def _named_as_here(weights: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    """Rename the weights of the stem and the blocks as in this module."""
    part = {
        '_expand_conv': 'expand.0',
        '_bn0': 'expand.1',
        '_depthwise_conv': 'depthwise.0',
        '_bn1': 'depthwise.1',
        '_project_conv': 'project.0',
        '_bn2': 'project.1',
    }
    stem = {'_conv_stem': 'stem.0', '_bn0': 'stem.1'}
    places: list[str] = []
    level, index = 0, 0
    for stage in STAGES:
        for position in range(stage.blocks):
            if position == 0 and stage.stride == 2:
                level, index = level + 1, 0
            places.append(f'levels.{level}.{index}')
            index += 1
    renamed = []
    for name, tensor in weights.items():
        first, _, rest = name.partition('.')
        if first in stem:
            renamed.append((f'{stem[first]}.{rest}', tensor))
        elif first == '_blocks':
            try:
                number, layer, leaf = rest.split('.')
                place, layer = places[int(number)], part[layer]
            except (IndexError, KeyError, ValueError):
                raise CheckpointError(
                    f'{name} of the ImageNet weights is of another network '
                    'than EfficientNet-Lite0'
                ) from None
            renamed.append((f'{place}.{layer}.{leaf}', tensor))
    return renamed
