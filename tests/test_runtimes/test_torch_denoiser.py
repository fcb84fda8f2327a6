"""The prepared network against the module that it was made from."""

import torch
from torch import nn

from segrefiner_mm.models.checkpoint import digest_of
from segrefiner_mm.runtimes.torch_denoiser import TorchDenoiser


def test_it_predicts_what_the_module_predicts(lite, tiny_model):
    for model in (lite, tiny_model):
        module = model.head.denoiser
        before = digest_of(module)
        prepared = TorchDenoiser(module)
        images = torch.randn(2, 3, 64, 96)
        coarse = torch.zeros(2, 1, 64, 96)
        coarse[..., 10:40, 20:70] = 1
        with torch.no_grad():
            logits, expected = (
                network.decode(
                    network.encode(images, coarse), coarse, torch.tensor([4])
                )
                for network in (prepared, module)
            )
        assert expected.std() > 0.1
        torch.testing.assert_close(logits, expected, rtol=0, atol=1e-3)
        assert digest_of(module) == before


def test_no_batch_normalisation_is_left(lite):
    def norms(network):
        return sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())

    module = lite.head.denoiser
    assert norms(module) > 50
    assert norms(TorchDenoiser(module)._denoiser) == 0
    assert norms(module) > 50
