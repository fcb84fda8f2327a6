"""A denoiser in PyTorch on a CPU, prepared for inference."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


class TorchDenoiser:
    """Runs a denoiser with fewer passes over memory; see :class:`Denoiser`.

    Batch normalisation is folded into the convolutions before it, in a copy
    of the network; weights and images are in the channels-last format.

    Args:
        denoiser (nn.Module): Network on the CPU, in eval mode. A network
            without batch normalisation is not copied: the memory format of
            its weights changes in place, but no value.
    """

    def __init__(self, denoiser: nn.Module) -> None:
        if any(isinstance(m, nn.BatchNorm2d) for m in denoiser.modules()):
            denoiser = _without_batch_norm(denoiser)
        network: Any = denoiser
        self._denoiser = network.to(memory_format=torch.channels_last)

    def encode(self, images: Tensor, coarse: Tensor) -> Any:
        """Encode windows; see :class:`Denoiser`."""
        images = images.contiguous(memory_format=torch.channels_last)
        return self._denoiser.encode(images, coarse)

    def decode(self, context: Any, masks: Tensor, t: Tensor) -> Tensor:
        """Predict logits; see :class:`Denoiser`."""
        return self._denoiser.decode(context, masks, t)


@torch.no_grad()
def _without_batch_norm(network: nn.Module) -> nn.Module:
    """Copy a network, and fold batch normalisation into convolutions."""
    network = copy.deepcopy(network)
    for parent in list(network.modules()):
        if not isinstance(parent, nn.Sequential):
            continue
        for index in range(1, len(parent)):
            conv, norm = parent[index - 1], parent[index]
            if isinstance(conv, nn.Conv2d) and isinstance(
                norm, nn.BatchNorm2d
            ):
                _fold(conv, norm)
                parent[index] = nn.Identity()
    return network


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    conv.weight, bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
    conv.bias = bias
