"""Against PyTorch's own gradients, which are right and slow in bfloat16."""

import pytest
import torch
from torch.nn import functional as F

from segrefiner_mm.models.depthwise_conv import depthwise_conv2d


@pytest.mark.parametrize(
    ('kernel', 'stride', 'padding'), [(3, 1, 1), (5, 2, 0)]
)
def test_gradients_are_those_of_pytorch(kernel, stride, padding):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 6, 13, 11, generator=generator)
    weight = torch.randn(6, 1, kernel, kernel, generator=generator)
    results = []
    for half in (False, True):
        inputs = x.clone().requires_grad_(), weight.clone().requires_grad_()
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            out = depthwise_conv2d(*inputs, stride, padding)
        out.float().square().sum().backward()
        results.append([out, *(part.grad for part in inputs)])
    exact, half = results
    expected = F.conv2d(x, weight, None, stride, padding, groups=6)
    assert torch.equal(exact[0], expected)
    assert half[0].dtype == torch.bfloat16
    for left, right in zip(exact, half, strict=True):
        error = (left - right).detach().abs().max()
        assert error < 0.02 * left.detach().abs().max()


def test_only_gradients_take_the_detour():
    x, weight = torch.ones(1, 2, 5, 5), torch.ones(2, 1, 3, 3)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        out = depthwise_conv2d(x, weight.requires_grad_(), 1, 1)
    assert out.dtype == torch.bfloat16
    assert out.grad_fn is None
    assert out[0, 0, 2, 2] == 9


def test_a_frozen_input_has_no_gradient():
    x = torch.ones(1, 2, 5, 5)
    weight = torch.ones(2, 1, 3, 3, requires_grad=True)
    with torch.autocast('cpu', torch.bfloat16):
        out = depthwise_conv2d(x, weight, 1, 0)
    out.sum().backward()
    assert torch.equal(weight.grad, torch.full((2, 1, 3, 3), 9.0))
