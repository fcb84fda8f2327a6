"""Regions drawn by hand."""

import torch

from segrefiner_mm.windows import REFINED, Box, RefinedMask, compact_masks
from segrefiner_mm.windows.islands import without_islands


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


def test_nothing_changed():
    mask = torch.ones(9, 9, dtype=torch.bool)
    [coarse] = compact_masks(mask[None])
    part = RefinedMask(coarse.box, coarse.pixels, torch.ones(()), REFINED)
    mended, share = without_islands(coarse, part)
    pixels = mended.pixels
    assert torch.equal(pixels, mask)
    assert share == 0
