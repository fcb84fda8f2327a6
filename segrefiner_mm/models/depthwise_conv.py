"""Depthwise convolutions that train fast in bfloat16 on a CPU."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


class _FloatGradients(torch.autograd.Function):
    """Bfloat16 forward pass, float32 backward pass.

    The CPU kernels of PyTorch 2.13 take 3 to 7 times as long for the gradients
    of a depthwise convolution in bfloat16 as in float32 (with AVX-512).
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int
    ) -> Tensor:
        x = x.to(torch.bfloat16)
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        with torch.autocast('cpu', enabled=False):
            low = weight.to(torch.bfloat16)
            return F.conv2d(x, low, None, stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        need_x, need_weight, *_ = ctx.needs_input_grad
        grad_x, grad_weight, _ = torch.ops.aten.convolution_backward(
            grads[0].float(),
            x.float(),
            weight.float(),
            None,
            [ctx.stride] * 2,
            [ctx.padding] * 2,
            [1, 1],
            False,
            [0, 0],
            len(weight),
            [need_x, need_weight, False],
        )
        if need_x:
            grad_x = grad_x.to(x.dtype)
        return grad_x, grad_weight, None, None


def depthwise_conv2d(
    x: Tensor,
    weight: Tensor,
    stride: int,
    padding: int,
    bias: Tensor | None = None,
) -> Tensor:
    """Convolve every channel with its own kernel.

    Args:
        x (Tensor): (B, C, H, W).
        weight (Tensor): (C, 1, K, K).
        stride (int): Stride in both directions.
        padding (int): Number of zeros added on every side.
        bias (Tensor, optional): (C,). Defaults to None: no bias.

    Returns:
        Tensor: (B, C, H', W'), where H' is
        ``(H + 2 * padding - K) // stride + 1``; W' likewise. The dtype is
        that of ``F.conv2d``, under autocast too.
    """
    slow = (
        x.device.type == 'cpu'
        and torch.is_grad_enabled()
        and torch.is_autocast_enabled('cpu')
        and torch.get_autocast_dtype('cpu') == torch.bfloat16
    )
    if slow:
        y = _FloatGradients.apply(x, weight, stride, padding)
        return y if bias is None else y + bias.to(y.dtype)[:, None, None]
    return F.conv2d(x, weight, bias, stride, padding, groups=len(weight))
