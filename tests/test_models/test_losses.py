"""Expected values come from the official code and from the definitions."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from segrefiner_mm.models import BinaryCrossEntropyLoss, TextureL1Loss
from tests.helpers import GOLDEN


@pytest.fixture(scope='module')
def golden():
    with np.load(GOLDEN / 'losses.npz') as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


def test_losses_equal_the_official_code(golden):
    logits, target = golden['logits'], golden['target']
    texture = TextureL1Loss(loss_weight=5.0)(logits, target)
    mask = BinaryCrossEntropyLoss()(logits, target)
    torch.testing.assert_close(texture, golden['loss_texture'])
    torch.testing.assert_close(mask, golden['loss_mask'])


def test_edge_strength_of_a_vertical_edge():
    """A step of height 1: smoothed to 1/3, 2/3, its Sobel response is
    (1/3 + 1/3) * 4 / 4 in the two columns at the edge.
    """
    mask = torch.zeros(1, 1, 9, 10)
    mask[..., 5:] = 1
    strength = TextureL1Loss().edge_strength(mask)[0, 0, 4]
    expected = (torch.tensor(2 / 3) ** 2 + 1e-4).sqrt()
    torch.testing.assert_close(strength[4:6], expected.expand(2))
    torch.testing.assert_close(strength[2], torch.tensor(0.01))


def test_a_perfect_guess_costs_nothing():
    target = (torch.rand(2, 1, 16, 16) > 0.5).float()
    logits = (target * 2 - 1) * 1000
    assert TextureL1Loss()(logits, target) == 0
    assert BinaryCrossEntropyLoss()(logits, target) == 0


def test_weights_scale():
    logits, target = torch.randn(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    expected = F.binary_cross_entropy_with_logits(logits, target)
    loss = BinaryCrossEntropyLoss(loss_weight=0.5)(logits, target)
    torch.testing.assert_close(loss, 0.5 * expected)


def test_pixels_at_the_edge_count_more():
    """Two columns on either side of the edge count four times."""
    logits = torch.randn(2, 1, 8, 10)
    target = torch.zeros(2, 1, 8, 10)
    target[0, ..., 5:], target[1, ..., 2:] = 1, 1
    pixels = F.binary_cross_entropy_with_logits(
        logits, target, reduction='none'
    )
    pixels[0, ..., 3:7] *= 4
    pixels[1, ..., :4] *= 4
    loss = BinaryCrossEntropyLoss(edge_weight=3.0, edge_reach=2)
    torch.testing.assert_close(loss(logits, target), pixels.mean())


@pytest.mark.parametrize('options', [dict(edge_weight=-1), dict(edge_reach=0)])
def test_mistakes_are_refused(options):
    with pytest.raises(ValueError, match='edge_weight must be'):
        BinaryCrossEntropyLoss(**options)


def test_no_buffers_in_checkpoints():
    assert not TextureL1Loss().state_dict()
