"""Removing detached changes, which do not touch the edge of a mask."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.windows.box_means import near_edge
from segrefiner_mm.windows.compact_mask import Box, CompactMask
from segrefiner_mm.windows.soft_map import SoftMap
from segrefiner_mm.windows.window_plan import RefinedMask

# Largest distance of a change from the coarse edge, as a fraction of the box.
REACH = 2 / 256


def without_islands(
    mask: CompactMask, refined: RefinedMask
) -> tuple[RefinedMask, float]:
    """Undo detached changes, which the coarse edge does not touch.

    Detached changes are holes inside an object and specks beside it. A network
    that moves edges has little reason to make them, and a viewer notices them
    first.

    Args:
        mask (CompactMask): Coarse mask, on the CPU.
        refined (RefinedMask): Refined mask, on the CPU.

    Returns:
        tuple[RefinedMask, float]: The refined mask without detached changes,
        in a box around both masks (``refined`` itself if no pixel changed),
        and the fraction of the changed pixels that was undone, 0 to 1.
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
    soft = refined.soft
    if soft is not None:
        # Their soft rims go too, but nothing that the coarse edge touches.
        apart = ~edge & ~(changed & ~islands)
        soft = _without(soft, regions * islands, apart, around, mask)
    return replace(refined, box=box, pixels=mended, soft=soft), share


def _without(
    soft: SoftMap,
    islands: npt.NDArray[np.int32],
    apart: npt.NDArray[np.bool_],
    box: Box,
    mask: CompactMask,
) -> SoftMap:
    """Fade islands (detached changes) and their rims out of a soft map.

    The probabilities of an island are capped: if its most certain pixel
    differs from the coarse mask with probability p, no pixel of the island or
    of its rim may differ from the mask with a probability above 1 - p.
    """
    shared = box.intersect(soft.box)
    if shared is None:
        return soft
    here = shared.relative_to(box).slices()
    coarse = mask.crop(shared).cpu().numpy()
    values = soft.crop(shared).cpu().numpy()
    differs = np.where(coarse, 1 - values, values)
    peaks = np.zeros(islands.max() + 1, np.float32)
    np.maximum.at(peaks, islands[here], differs)
    peaks[0] = 0  # not an island
    # A rim is about as wide as one pixel of the window is in the image.
    side = 4 * max(round(REACH * max(box.width, box.height)), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    most = 1 - cv2.dilate(peaks[islands[here]], disc)
    faded = np.where(apart[here], np.minimum(differs, most), differs)
    faded = np.where(coarse, 1 - faded, faded)
    mended = soft.values.clone()
    place = mended[shared.relative_to(soft.box).slices()]
    place[:] = torch.from_numpy(faded).to(mended)
    return SoftMap(soft.box, mended)
