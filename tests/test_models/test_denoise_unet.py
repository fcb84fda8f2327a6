"""Expected logits, names and shapes come from the official code."""

import json

import numpy as np
import pytest
import torch

from segrefiner_mm.models import DenoiseUNet
from segrefiner_mm.models.unet_blocks import AttentionBlock
from segrefiner_mm.registry import MODELS, build_child
from tests.helpers import GOLDEN, tiny_denoiser_cfg


def test_names_and_shapes_of_the_published_model():
    published = json.loads((GOLDEN / 'lr_hr_state_dict.json').read_text())
    with torch.device('meta'):
        network = DenoiseUNet()
    ours = {n: list(p.shape) for n, p in network.state_dict().items()}
    expected = {
        name.removeprefix('denoise_model.'): shape
        for name, shape in published['state_dict'].items()
        if name.startswith('denoise_model.')
    }
    assert ours == expected
    assert sum(p.numel() for p in network.parameters()) == 118_604_673


def test_logits_equal_the_official_code(tiny_model):
    with np.load(GOLDEN / 'unet_forward.npz') as golden:
        x, t, expected = (
            torch.from_numpy(golden[n]) for n in ('x', 't', 'logits')
        )
    with torch.no_grad():
        logits = tiny_model.head.denoiser(x, t)
        together = tiny_model.head.denoiser(x, t[:1])
    # 1e-5 of their range, which is 19.
    scale = expected.abs().max()
    torch.testing.assert_close(
        logits / scale, expected / scale, rtol=0, atol=1e-5
    )
    # One timestep serves the whole batch.
    torch.testing.assert_close(together[:1], logits[:1], rtol=1e-5, atol=1e-5)


def test_attention_equals_its_formula():
    """softmax(q k^T / sqrt(d)) v for each head, heads outermost in qkv."""
    block = AttentionBlock(64, num_heads=4)
    x = torch.randn(2, 64, 3, 5)
    flat = x.flatten(2)
    qkv = block.qkv(block.norm(flat)).reshape(2 * 4, 3 * 16, 15)
    q, k, v = qkv.split(16, dim=1)
    weights = (q.transpose(1, 2) @ k / 16**0.5).softmax(-1)
    attended = (v @ weights.transpose(1, 2)).reshape(2, 64, 15)
    expected = (flat + block.proj_out(attended)).reshape(x.shape)
    torch.testing.assert_close(block(x), expected, rtol=1e-5, atol=1e-5)


def test_checkpointing_changes_memory_not_gradients():
    x, t = torch.randn(2, 4, 16, 16), torch.tensor([0, 5])
    gradients = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        cfg = dict(tiny_denoiser_cfg(), with_cp=with_cp)
        network = build_child(MODELS, cfg).train()
        network(x, t).square().mean().backward()
        gradients.append([p.grad for p in network.parameters()])
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('steps', [1, 6, 20])
def test_any_number_of_timesteps(steps):
    cfg = dict(tiny_denoiser_cfg(), num_timesteps=steps)
    network = build_child(MODELS, cfg)
    x = torch.randn(1, 4, 16, 16)
    assert network(x, torch.tensor([steps - 1])).shape == (1, 1, 16, 16)


def test_sizes_that_do_not_fit_are_refused(tiny_model):
    with pytest.raises(ValueError, match='multiples of 8'):
        tiny_model.head.denoiser(torch.zeros(1, 4, 20, 16), torch.zeros(1))


def test_widths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match='multiple of 32'):
        DenoiseUNet(model_channels=48)
    with pytest.raises(ValueError, match='3 heads do not divide 64'):
        AttentionBlock(64, 3)
