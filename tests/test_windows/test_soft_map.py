"""Soft maps on every path, with networks that are of another opinion."""

import numpy as np
import pytest
import torch

from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK, Box, SoftMap
from segrefiner_mm.windows.soft_map import BELOW_HALF, calibrated, held_to
from segrefiner_mm.windows.tiles import blend_tiles, edge_tiles
from tests.test_windows.paths import GUARDS, PLANS, drive, masks_of


@pytest.mark.parametrize('guard', GUARDS)
@pytest.mark.parametrize('plan', PLANS)
def test_cut_at_a_half_it_is_the_mask_to_the_bit(plan, guard):
    """And the mask is the one without a soft map."""
    verdicts = set()
    for seed in range(2):
        for kind, mask in masks_of(seed).items():
            given = PLANS[plan], GUARDS[guard], mask, seed
            hard, _ = drive(*given)
            soft, _ = drive(*given, soft=True, temperature=1.0 + seed)
            size = tuple(mask.shape)
            assert hard.soft is None
            assert torch.equal(soft.dense(size), hard.dense(size))
            values = soft.soft.dense(size)
            assert values.dtype == torch.float32
            assert 0 <= values.min() <= values.max() <= 1
            assert torch.equal(values >= 0.5, soft.dense(size)), (kind, seed)
            assert soft.verdict == hard.verdict
            if soft.verdict != REFINED:
                assert torch.equal(values, mask.float())
            verdicts.add(soft.verdict)
    wanted = {'guard that rolls back': ROLLED_BACK, 'guard that keeps': KEPT}
    assert wanted.get(guard, REFINED) in verdicts


def test_what_is_refined_is_soft():
    """Not only 0 and 1, and smoother than a mask by far."""
    mask = masks_of(1)['blob']
    for plan in PLANS.values():
        refined, _ = drive(plan, None, mask, 1, soft=True)
        values = refined.soft.dense(tuple(mask.shape))
        between = (values > 0.05) & (values < 0.95)
        assert between.float().mean() > 0.05


def test_temperature_leaves_a_half_and_the_order():
    probs = torch.linspace(0, 1, 1001)
    cooler = calibrated(probs, 1.5)
    assert cooler[500] == 0.5
    assert (cooler.diff() >= 0).all()
    assert (cooler[0], cooler[-1]) == (0, 1)
    # By hand: the log-odds of 0.8 are log 4, half of them are those of 2/3.
    [halved] = calibrated(torch.tensor([0.8]), 2.0)
    assert halved == pytest.approx(2 / 3)


def test_values_on_the_wrong_side_are_mirrored_or_moved_to_the_limit():
    values = torch.tensor([[0.9, 0.5, BELOW_HALF, 0.1]])
    mask = torch.tensor([[False, False, True, True]])
    expected = torch.tensor([[0.1, BELOW_HALF, 0.5, 0.9]])
    held = held_to(values, mask)
    torch.testing.assert_close(held, expected, rtol=0, atol=1e-7)
    assert torch.equal(held >= 0.5, mask)
    assert BELOW_HALF < 0.5
    assert np.nextafter(np.float32(BELOW_HALF), np.float32(1)) == 0.5


def test_crops_of_any_box():
    soft = SoftMap(Box(2, 1, 4, 3), torch.tensor([[0.1, 0.2], [0.3, 0.4]]))
    assert soft.crop(Box(3, 0, 6, 2)).tolist() == [
        [0, 0, 0],
        [pytest.approx(0.2), 0, 0],
    ]
    assert soft.dense((4, 5)).sum() == pytest.approx(1.0)


def test_tiles_leave_no_seams():
    """Tiles of 0.8 in a map of 0.2: it rises nowhere by more than a ramp."""
    mask = torch.zeros(200, 260, dtype=torch.bool)
    mask[60:140, 70:190] = True
    tiles = edge_tiles(mask, 64)
    soft = torch.full((200, 260), 0.2)
    maps = [torch.full((tile.height, tile.width), 0.8) for tile in tiles]
    blend_tiles(soft, tiles, maps)
    y, x = (mask[1:] ^ mask[:-1]).nonzero(as_tuple=True)
    torch.testing.assert_close(soft[y, x], torch.full_like(soft[y, x], 0.8))
    steps = max(soft.diff(dim=0).abs().max(), soft.diff(dim=1).abs().max())
    # A ramp of 8 pixels takes 0.6 / 8 a pixel, and half of that at its ends.
    assert steps <= 0.6 / 8 + 1e-6
