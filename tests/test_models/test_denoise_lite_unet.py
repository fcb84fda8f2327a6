"""A denoiser whose steps share what the encoder made of a window."""

import pytest
import torch

from segrefiner_mm.errors import CheckpointError
from segrefiner_mm.models import DenoiseLiteUNet, DiffusionRefineHead
from segrefiner_mm.registry import MODELS, build_child
from tests.test_models.imagenet import imagenet_names


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return DenoiseLiteUNet().eval()


@pytest.fixture
def window():
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(2, 3, 64, 96, generator=generator)
    masks = torch.rand(2, 1, 64, 96, generator=generator) > 0.5
    return images, masks.float()


def test_is_registered_and_as_large_as_it_says(network):
    built = build_child(MODELS, dict(type='DenoiseLiteUNet'))
    assert sum(p.numel() for p in built.parameters()) == 3_581_930


@torch.no_grad()
def test_the_first_step_is_the_two_halves_in_a_row(network, window):
    images, masks = window
    t = torch.tensor([5])
    context = network.encode(images, masks)
    assert context.features.shape == (2, 48, 32, 48)
    assert context.error_logits.shape == (2, 1, 16, 24)
    logits = network.decode(context, masks, t)
    assert logits.shape == (2, 1, 64, 96)
    whole = network(torch.cat([images, masks], 1), t)
    torch.testing.assert_close(whole, logits)


@torch.no_grad()
def test_a_later_step_depends_on_mask_and_time(network, window):
    images, masks = window
    context = network.encode(images, masks)
    first = network.decode(context, masks, torch.tensor([5]))
    later = network.decode(context, masks, torch.tensor([0]))
    other = network.decode(context, 1 - masks, torch.tensor([5]))
    assert (later - first).abs().max() > 0
    assert (other - first).abs().max() > 0


@torch.no_grad()
def test_a_window_does_not_depend_on_its_batch(network, window):
    images, masks = window
    t = torch.tensor([3])
    together = network(torch.cat([images, masks], 1), t)
    alone = network(torch.cat([images[1:], masks[1:]], 1), t)
    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-5)


def test_sizes_that_do_not_fit_are_refused(network):
    with pytest.raises(ValueError, match=r'multiples of 32, got \(40, 64\)'):
        network(torch.zeros(1, 4, 40, 64), torch.tensor([0]))


def test_missing_and_damaged_imagenet_weights_are_named(tmp_path):
    lost = DenoiseLiteUNet(encoder_weights=str(tmp_path / 'lost.pth'))
    with pytest.raises(CheckpointError, match='no such file'):
        lost.init_weights()
    (tmp_path / 'damaged.pth').write_bytes(b'not weights')
    damaged = DenoiseLiteUNet(encoder_weights=str(tmp_path / 'damaged.pth'))
    with pytest.raises(CheckpointError, match='damaged'):
        damaged.init_weights()


def test_imagenet_weights_of_a_file_are_loaded(network, tmp_path):
    path = tmp_path / 'encoder.pth'
    torch.save(imagenet_names(network.encoder), path)
    other = DenoiseLiteUNet(encoder_weights=str(path))
    other.init_weights()
    own = other.encoder.state_dict()
    for name, tensor in network.encoder.state_dict().items():
        assert torch.equal(own[name], tensor)


def test_loaded_weights_are_not_replaced_by_those_of_imagenet(network):
    # A runner loads `model.checkpoint` first, and initialises weights then.
    other = DenoiseLiteUNet(encoder_weights='/no/such/file')
    other.load_state_dict(network.state_dict())
    other.init_weights()
    own = other.state_dict()
    for name, tensor in network.state_dict().items():
        assert torch.equal(own[name], tensor)


def head(**settings):
    return DiffusionRefineHead(
        denoiser=dict(type='DenoiseLiteUNet'),
        scheduler=dict(type='DiscreteTransitionScheduler'),
        **settings,
    )


def test_the_chain_encodes_a_window_once(window):
    calls = []
    model = head().eval()
    model.denoiser.encoder.stem.register_forward_hook(
        lambda *_: calls.append(1)
    )
    output = model.sample(*window)
    assert len(calls) == 1
    assert output.error.shape == (2, 1, 16, 24)
    assert 0 <= output.error.min() <= output.error.max() <= 1


def test_losses_of_both_steps_and_of_the_error_map(window):
    images, coarse = window
    fine = coarse.clone()
    fine[:, :, 20:40, 20:40] = 1
    model = head(chain_weight=0.5, loss_error=dict(type='ErrorMapLoss'))
    losses = model.loss(
        images, coarse, fine, generator=torch.Generator().manual_seed(0)
    )
    names = {name for name in losses if name.startswith('loss')}
    assert names == {
        'loss_mask',
        'loss_texture',
        'loss_mask_later',
        'loss_texture_later',
        'loss_error',
    }
    sum(losses[name] for name in names).backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None]
    assert not idle


def test_a_later_step_sees_the_own_guess_of_every_second_sample(
    monkeypatch, window
):
    """add_noise gets (first logits >= 0) or the true mask, in turn."""
    images, coarse = window
    fine = torch.zeros_like(coarse)
    model = head(chain_weight=1.0)
    seen = []
    original = model.scheduler.add_noise

    def add_noise(fine, *args):
        seen.append(fine)
        return original(fine, *args)

    monkeypatch.setattr(model.scheduler, 'add_noise', add_noise)
    model.eval()
    model.loss(images, coarse, fine, generator=torch.Generator())
    with torch.no_grad():
        guess = model(images, coarse, 5) >= 0
    assert torch.equal(seen[0][0] > 0, guess[0])
    assert torch.equal(seen[0][1], fine[1])


def test_a_negative_chain_weight_is_refused():
    with pytest.raises(ValueError, match='chain_weight must be >= 0'):
        head(chain_weight=-1.0)
