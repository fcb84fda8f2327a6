"""Export of a denoiser to ONNX, as one or two models."""

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.runtimes.installed import need

# This version resizes as PyTorch's interpolate does, and is supported by all
# recent versions of ONNX Runtime and OpenVINO.
OPSET = 18
# Any size will do; the two sides differ, so that no axis is taken for another.
EXAMPLE_STRIDES = (2, 3)


@dataclass(frozen=True)
class OnnxParts:
    """A denoiser as ONNX models.

    Attributes:
        step (bytes): Predicts ``logits`` from ``masks``, ``timestep`` and the
            context.
        encode (bytes, optional): Makes the context from ``images`` and
            ``coarse``, once per window. None: the context is ``images``.
    """

    step: bytes
    encode: bytes | None = None


class _Encode(nn.Module):
    def __init__(self, denoiser: Any) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, images: Tensor, coarse: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.denoiser.encode(images, coarse))


class _Step(nn.Module):
    def __init__(self, denoiser: Any, make: Any) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.make = make

    def forward(self, *inputs: Tensor) -> Tensor:
        *context, masks, timestep = inputs
        return self.denoiser.decode(self.make(*context), masks, timestep)


def export_denoiser(
    denoiser: nn.Module, metadata: Mapping[str, str] | None = None
) -> OnnxParts:
    """Export a denoiser, with dynamic batch size, height and width.

    The loop over the steps is not exported. All tensors are float32 but
    ``timestep``, int64 of shape (1,).

    Args:
        denoiser (nn.Module): A network on the CPU, see :class:`Denoiser`. Its
            ``encode`` returns the images themselves, or a named tuple.
        metadata (Mapping[str, str], optional): Properties to write to the
            model ``step``. Defaults to None.

    Returns:
        OnnxParts: The models.

    Raises:
        InputError: If ``onnx`` is not installed, or a part of the network
            cannot be exported.
    """
    need('onnx', 'onnx')
    network: Any = denoiser
    high, wide = (n * network.stride for n in EXAMPLE_STRIDES)
    images = torch.zeros(2, 3, high, wide)
    coarse = torch.zeros(2, 1, high, wide)
    coarse[..., : wide // 2] = 1
    mode, fields, encode = denoiser.training, ('images',), None
    try:
        denoiser.eval()
        with torch.no_grad():
            context = network.encode(images, coarse)
            tensors, make = (context,), _itself
            if context is not images:
                fields, tensors = context._fields, tuple(context)
                make = type(context)
                encode = _export(
                    _Encode(denoiser),
                    (images, coarse),
                    ('images', 'coarse'),
                    fields,
                )
            step = _export(
                _Step(denoiser, make),
                (*tensors, coarse, torch.zeros(1, dtype=torch.int64)),
                (*fields, 'masks', 'timestep'),
                ('logits',),
                metadata,
            )
    except InputError:
        raise
    except Exception as error:  # the exporter raises errors of many kinds
        raise InputError(
            f'{type(denoiser).__name__} cannot be exported to ONNX: '
            f'{reason_of(error)}'
        ) from error
    finally:
        denoiser.train(mode)
    return OnnxParts(step, encode)


def _itself(images: Tensor) -> Tensor:
    return images


def _export(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    names: Sequence[str],
    outputs: Sequence[str],
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Export a module, drop unused inputs, and check the model."""
    import onnx

    size = max(tensor.shape[-1] for tensor in inputs)
    axes = {
        name: _axes('' if tensor.shape[-1] == size else f'{name}_')
        for name, tensor in zip(names, inputs, strict=True)
        if tensor.dim() == 4
    }
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        # PyTorch's newer exporter (dynamo=True) takes ten times as long on
        # these networks, a minute, for a model of equal speed.
        torch.onnx.export(
            module.eval(),
            inputs,
            file,  # type: ignore[arg-type]
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(file.getvalue())
    used = {name for node in model.graph.node for name in node.input}
    for unused in [i for i in model.graph.input if i.name not in used]:
        model.graph.input.remove(unused)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _axes(prefix: str) -> dict[int, str]:
    return {0: 'batch', 2: f'{prefix}height', 3: f'{prefix}width'}
