"""Exported networks against PyTorch's modules."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from segrefiner_mm.errors import InputError
from segrefiner_mm.runtimes import export_denoiser
from segrefiner_mm.runtimes.graph_denoiser import GraphDenoiser
from segrefiner_mm.runtimes.onnxruntime_graph import load_onnxruntime
from segrefiner_mm.runtimes.openvino_graph import load_openvino

onnx = pytest.importorskip('onnx')
LOADERS = dict(onnxruntime=load_onnxruntime, openvino=load_openvino)
# Batch size, height and width; the export sees none of them.
SIZES = [(1, 32, 32), (3, 64, 96), (2, 160, 32)]


def logits_of(denoiser, images, coarse, step):
    with torch.no_grad():
        context = denoiser.encode(images, coarse)
        masks = 1 - coarse  # not what was encoded
        logits = denoiser.decode(context, masks, torch.tensor([step]))
    return logits, getattr(context, 'error_logits', None)


@pytest.mark.parametrize('runtime', LOADERS)
@pytest.mark.parametrize('name', ['lite', 'tiny_model'])
def test_every_size_gives_the_numbers_of_the_module(name, runtime, request):
    pytest.importorskip(runtime)
    module = request.getfixturevalue(name).head.denoiser
    parts = export_denoiser(module)
    assert (parts.encode is None) == (name == 'tiny_model')
    exported = GraphDenoiser(parts, LOADERS[runtime])
    for seed, (batch, height, width) in enumerate(SIZES):
        generator = torch.Generator().manual_seed(seed)
        images = torch.randn(batch, 3, height, width, generator=generator)
        coarse = torch.zeros(batch, 1, height, width)
        coarse[..., : height // 2, : width // 2] = 1
        expected, error = logits_of(module, images, coarse, seed)
        logits, exported_error = logits_of(exported, images, coarse, seed)
        assert expected.std() > 0.1
        torch.testing.assert_close(logits, expected, rtol=0, atol=1e-3)
        assert (error is None) == (name == 'tiny_model')
        if error is not None:
            torch.testing.assert_close(
                exported_error, error, rtol=0, atol=1e-3
            )


def test_inputs_are_named_and_the_metadata_is_kept(lite):
    parts = export_denoiser(lite.head.denoiser, dict(about='{"a": 1}'))
    step, encode = map(onnx.load_from_string, (parts.step, parts.encode))
    assert [i.name for i in encode.graph.input] == ['images', 'coarse']
    names = ['image', 'features', 'masks', 'timestep']
    assert [i.name for i in step.graph.input] == names
    [entry] = step.metadata_props
    assert json.loads(entry.value) == dict(a=1)


def test_exporting_changes_nothing(lite):
    lite.head.denoiser.train()
    before = {k: v.clone() for k, v in lite.state_dict().items()}
    export_denoiser(lite.head.denoiser)
    assert lite.head.denoiser.training
    lite.head.denoiser.eval()
    for name, tensor in lite.state_dict().items():
        assert torch.equal(tensor, before[name])


class _Spectrum(nn.Module):
    """A network with an operator that ONNX does not have."""

    stride = 4

    def encode(self, images, coarse):
        return images

    def decode(self, context, masks, t):
        return torch.linalg.svd(masks)[0] + context.sum()


def test_a_network_that_onnx_cannot_express():
    with pytest.raises(InputError, match='_Spectrum cannot be exported') as e:
        export_denoiser(_Spectrum())
    assert '\n' not in str(e.value)


def test_results_repeat_bit_by_bit(lite):
    pytest.importorskip('onnxruntime')
    exported = GraphDenoiser(
        export_denoiser(lite.head.denoiser), load_onnxruntime
    )
    images, coarse = torch.randn(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    first, second = (
        logits_of(exported, images, coarse, 5)[0].numpy() for _ in range(2)
    )
    assert np.array_equal(first, second)
