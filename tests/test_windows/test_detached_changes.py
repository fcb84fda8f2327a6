"""Regions drawn by hand."""

import pytest
import torch

from segrefiner_mm.windows import (
    REFINED,
    Box,
    RefinedMask,
    SoftMap,
    compact_masks,
)
from segrefiner_mm.windows.detached_changes import without_islands


def test_only_changes_at_the_edge_stay():
    mask = torch.zeros(100, 120, dtype=torch.bool)
    mask[20:80, 20:100] = True
    refined = mask.clone()
    refined[40:50, 50:60] = False  # a hole: 100 pixels
    refined[5:10, 110:115] = True  # a speck: 25 pixels
    refined[20:80, 100:105] = True  # the edge moves: 300 pixels
    refined[30:50, 15:25] = ~refined[30:50, 15:25]  # and across: 200
    expected = refined.clone()
    expected[40:50, 50:60] = True
    expected[5:10, 110:115] = False
    [coarse] = compact_masks(mask[None])
    box = Box(2, 1, 120, 99)
    part = RefinedMask(box, refined[box.slices()], torch.ones(()), REFINED)
    mended, share = without_islands(coarse, part)
    pixels = mended.pixels
    assert torch.equal(pixels, expected[box.slices()])
    assert share == 125 / 625


def test_the_edge_of_a_larger_coarse_mask_counts():
    """A disc in its bounding rectangle: the corners were part of the edge.

    The box of the refined mask holds the disc alone; there the coarse mask is
    full, and a hole in its middle is an island all the same.
    """
    y, x = torch.meshgrid(torch.arange(100), torch.arange(100), indexing='ij')
    disc = (x - 50) ** 2 + (y - 50) ** 2 <= 30**2
    rectangle = torch.zeros_like(disc)
    rectangle[18:83, 18:83] = True
    refined = disc.clone()
    refined[45:55, 45:55] = False
    [coarse], [part] = (compact_masks(m[None]) for m in (rectangle, refined))
    part = RefinedMask(part.box, part.pixels, torch.ones(()), REFINED)
    mended, share = without_islands(coarse, part)
    assert torch.equal(mended.dense((100, 100)), disc)
    assert share == 100 / (65 * 65 - int(refined.sum()))


def test_all_that_is_lost_at_the_edge_stays_lost():
    mask = torch.zeros(50, 50, dtype=torch.bool)
    mask[10:12, 10:40] = True
    [coarse], [part] = (compact_masks(m[None]) for m in (mask, mask & False))
    part = RefinedMask(part.box, part.pixels, torch.ones(()), REFINED)
    mended, share = without_islands(coarse, part)
    assert not mended.dense((50, 50)).any()
    assert share == 0


def test_nothing_changed():
    mask = torch.ones(9, 9, dtype=torch.bool)
    [coarse] = compact_masks(mask[None])
    part = RefinedMask(coarse.box, coarse.pixels, torch.ones(()), REFINED)
    mended, share = without_islands(coarse, part)
    pixels = mended.pixels
    assert torch.equal(pixels, mask)
    assert share == 0


def test_soft_islands_go_with_their_rims():
    """A hole of 0.1 in an object becomes 0.9, and no rim of 0.4 is left."""
    mask = torch.zeros(100, 120, dtype=torch.bool)
    mask[20:80, 20:100] = True
    values = mask.float()
    values[39:51, 49:61] = 0.6  # the rim, a pixel wide
    values[40:50, 50:60] = 0.1  # the hole
    values[20:80, 19] = 0.4  # the soft edge
    soft = SoftMap(Box(0, 0, 120, 100), values)
    [coarse] = compact_masks(mask[None])
    part = RefinedMask(
        soft.box, values >= 0.5, torch.ones(()), REFINED, soft=soft
    )
    mended, _ = without_islands(coarse, part)
    assert torch.equal(mended.dense((100, 120)), mask)
    expected = mask.float()
    expected[39:51, 49:61] = 0.9
    expected[20:80, 19] = 0.4  # the edge stays soft
    after = mended.soft.values
    torch.testing.assert_close(after[:, :45], expected[:, :45])
    assert after[39:51, 49:61].min() >= 0.9 - 1e-6
    assert values[45, 55] == pytest.approx(0.1)  # the input is as it was
