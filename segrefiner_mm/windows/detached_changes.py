"""Removal of detached changes, which do not touch the edge of a mask."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from segrefiner_mm.windows.box_means import near_edge
from segrefiner_mm.windows.compact_mask import CompactMask
from segrefiner_mm.windows.window_plan import RefinedMask

# Largest distance of a change from the coarse edge, as a fraction of the box.
REACH = 2 / 256


def without_islands(
    mask: CompactMask, refined: RefinedMask
) -> tuple[RefinedMask, float]:
    """Undo detached changes, which the coarse edge does not touch.

    These are holes inside an object and specks beside it. A network that moves
    edges has little reason to make them, and they are what a viewer notices
    first.

    Args:
        mask (CompactMask): Coarse mask.
        refined (RefinedMask): Refined mask.

    Returns:
        tuple[RefinedMask, float]: The refined mask without detached changes,
        in a box around both masks, and the fraction of the changed pixels
        that was undone, 0 to 1.
    """
    # A refined mask may be smaller than the coarse one, whose edge matters.
    box = mask.box.union(refined.box) if refined.pixels.numel() else mask.box
    reach = max(round(REACH * max(box.height, box.width)), 1)
    around = box.grow(reach, *mask.size)
    coarse = mask.crop(around).numpy()
    pixels = np.zeros_like(coarse)
    pixels[refined.box.relative_to(around).slices()] = refined.pixels
    changed = coarse ^ pixels
    if not changed.any():
        return refined, 0.0
    edge = near_edge(torch.from_numpy(coarse), reach).numpy()
    inside = box.relative_to(around).slices()
    if not (changed & ~edge).any():
        whole = torch.from_numpy(pixels[inside])
        return replace(refined, box=box, pixels=whole), 0.0
    count, regions = cv2.connectedComponents(changed.view(np.uint8))
    touched = np.zeros(count, bool)
    touched[regions[edge]] = True
    touched[0] = True  # unchanged pixels
    islands = ~touched[regions]
    share = np.count_nonzero(islands) / np.count_nonzero(changed)
    mended = torch.from_numpy(np.where(islands, coarse, pixels)[inside])
    return replace(refined, box=box, pixels=mended), share
