"""Completing a result: the part that may not change, and the soft map."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from segrefiner_mm.windows.compact_mask import (
    Box,
    CompactMask,
    compact_iou,
    crop_from,
)
from segrefiner_mm.windows.soft_map import SoftMap, held_to
from segrefiner_mm.windows.window_plan import (
    KEPT,
    REFINED,
    Plan,
    RefinedMask,
    RefineTask,
)


def completed(plan: Plan, task: RefineTask) -> Plan:
    """Run a plan, restrict the mask, and make the soft map agree with it.

    The coarse mask is restored outside the part that may change. If that
    undoes every change, the verdict is ``'kept'``.

    Args:
        plan (Generator): Plan of the task, inside a guard if there is one.
        task (RefineTask): The task.

    Returns:
        Generator: The coroutine; see :meth:`WindowPlan.refine`. If the task
        has a temperature, the refined mask has a soft map.
    """
    refined = yield from plan
    if refined.only is not None and refined.verdict == REFINED:
        refined = restricted(task.mask, refined)
        if compact_iou(task.mask, refined) == 1.0:
            refined = replace(refined, verdict=KEPT)
    if task.temperature is None:
        return refined
    return replace(refined, soft=_settled(refined))


def restricted(mask: CompactMask, refined: RefinedMask) -> RefinedMask:
    """Restore the coarse mask outside the part that may change.

    Args:
        mask (CompactMask): Coarse mask.
        refined (RefinedMask): Refined mask.

    Returns:
        RefinedMask: ``refined`` if everything may change; else a new result,
        whose soft map, if any, is 0 or 1 outside the part.
    """
    if refined.only is None:
        return refined
    box = _around(mask.box, refined.box)
    inside, coarse = refined.only.crop(box), mask.crop(box)
    pixels = torch.where(
        inside, crop_from(refined.box, refined.pixels, box), coarse
    )
    soft = refined.soft
    if soft is not None:
        box_of_soft = _around(box, soft.box)
        soft = SoftMap(
            box_of_soft,
            torch.where(
                refined.only.crop(box_of_soft),
                soft.crop(box_of_soft),
                mask.crop(box_of_soft).float(),
            ),
        )
    return replace(refined, box=box, pixels=pixels, soft=soft)


def _settled(refined: RefinedMask) -> SoftMap:
    """Return the soft map of a result; that of a kept mask is 0 and 1."""
    soft = refined.soft
    if soft is None or refined.verdict != REFINED:
        return SoftMap(refined.box, refined.pixels.float())
    box = _around(refined.box, soft.box)
    return SoftMap(
        box,
        held_to(soft.crop(box), crop_from(refined.box, refined.pixels, box)),
    )


def _around(first: Box, second: Box) -> Box:
    """Return the box around two boxes, one of which may be empty."""
    if not first.width or not first.height:
        return second
    if not second.width or not second.height:
        return first
    return first.union(second)


def stack_soft(refined: Sequence[RefinedMask], masks: Tensor) -> Tensor:
    """Stack the soft maps of an image's masks.

    Args:
        refined (Sequence[RefinedMask]): The N refined masks. The map of a mask
            without a soft map is 0.
        masks (Tensor): (N, H, W), any dtype; it gives the size and the device
            of the result.

    Returns:
        Tensor: (N, H, W) float32, 0 to 1.
    """
    stacked = torch.zeros(masks.shape, device=masks.device)
    for values, part in zip(stacked, refined, strict=True):
        if part.soft is not None:
            place = values[part.soft.box.slices()]
            place.copy_(part.soft.values)
    return stacked
