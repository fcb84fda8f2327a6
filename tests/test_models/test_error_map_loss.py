"""Expected values are counted by hand."""

import torch

from segrefiner_mm.models import ErrorMapLoss


def masks():
    coarse = torch.zeros(1, 1, 32, 32)
    coarse[..., :16] = 1
    return coarse, coarse.clone()


def test_nothing_is_wrong_where_masks_agree():
    coarse, fine = masks()
    assert not ErrorMapLoss().target(coarse, fine, stride=4).any()


def test_a_wrong_block_is_wholly_wrong_and_far_places_are_right():
    coarse, fine = masks()
    fine[..., 8:16, 16:24] = 1
    target = ErrorMapLoss(reach=4).target(coarse, fine, stride=4)
    assert target.shape == (1, 1, 8, 8)
    assert target[0, 0, 2, 4] == 1
    assert not target[0, 0, 6:].any()
    assert not target[..., :3].any()


def test_a_line_of_single_pixels_is_partly_wrong():
    """3 of 3 x 3 places of 16 pixels hold 4: 12 of 144 of 0.2 wholly."""
    coarse, fine = masks()
    fine[..., 16] = 1
    target = ErrorMapLoss(reach=4).target(coarse, fine, stride=4)
    expected = 12 / 144 / 0.2
    torch.testing.assert_close(target[0, 0, 4, 4], torch.tensor(expected))


def test_a_right_map_costs_less_than_a_wrong_one():
    coarse, fine = masks()
    fine[..., 8:16, 16:24] = 1
    loss = ErrorMapLoss(loss_weight=2.0)
    target = loss.target(coarse, fine, stride=4)
    right = 20 * (target - 0.5)
    assert loss(right, coarse, fine) < 0.2 * loss(-right, coarse, fine)
