"""The high-resolution path: the whole image, then tiles at full resolution."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from segrefiner_mm.registry import TASK_UTILS
from segrefiner_mm.windows.compact_mask import Box, CompactMask, compact_masks
from segrefiner_mm.windows.edges import belief_in, edge_contrast, edge_gain
from segrefiner_mm.windows.only_here import changeable, is_outside
from segrefiner_mm.windows.resample import (
    resize_nearest,
    spread_probabilities,
)
from segrefiner_mm.windows.soft_map import (
    NEGLIGIBLE,
    SoftMap,
    calibrated,
)
from segrefiner_mm.windows.tiles import (
    ask_tiles,
    blend_tiles,
    edge_tiles,
    fit_to,
    paste_averaged,
    pick_tiles,
    tiles_in,
    with_an_edge,
)
from segrefiner_mm.windows.window_plan import (
    REFINED,
    Plan,
    RefinedMask,
    RefineTask,
    WindowPlan,
    WindowRequest,
    confidence_of,
    is_too_thin,
    keep,
)


@TASK_UTILS.register_module()
class TiledWindows(WindowPlan):
    """Refines the whole image at low resolution, then tiles at full size.

    All steps but the last see the whole image. Pixels whose fine probability
    stays low propose full-resolution tiles for the last step. Tiles are
    thinned by non-maximum suppression, and the probabilities of overlapping
    tiles are averaged. The defaults are the published test settings of the
    high-resolution model. Unlike the published code, this plan keeps masks
    that are small, or too thin to be visible at low resolution. The confidence
    is measured on the low-resolution result; for a mask that a guard keeps,
    the confidence is the belief.

    The choice of tiles depends on the order of many nearly equal
    probabilities. So the whole image never shares a batch with other windows,
    and the tiles do not depend on other masks. The rounding of a batch of
    tiles can flip only single pixels at the edge of the mask.

    Args:
        fine_prob_thr (float): A pixel proposes a tile if its fine probability
            is under this fraction, 0 to 1, of the highest one in the image.
            Defaults to 0.9.
        iou_thr (float): A tile is dropped if its IoU with a tile of lower fine
            probability is above this; 0 to less than 1. Defaults to 0.3.
        min_area (int): Masks of fewer pixels are kept; 1 or more. Defaults to
            129.

    Raises:
        ValueError: If a setting is out of its range.
    """

    whole_image = True

    def __init__(
        self,
        fine_prob_thr: float = 0.9,
        iou_thr: float = 0.3,
        min_area: int = 129,
    ) -> None:
        super().__init__(min_area)
        for name, value in dict(
            fine_prob_thr=fine_prob_thr, iou_thr=iou_thr
        ).items():
            if not 0.0 <= value <= 1.0:
                raise ValueError(f'{name} must be 0 to 1, got {value}')
        if iou_thr == 1.0:
            raise ValueError('iou_thr must be under 1: tiles would repeat')
        self.fine_prob_thr = fine_prob_thr
        self.iou_thr = iou_thr

    def check_steps(self, timesteps: Sequence[int]) -> None:
        """Check the steps; see :meth:`WindowPlan.check_steps`.

        Args:
            timesteps (Sequence[int]): Timesteps to run.

        Raises:
            ValueError: If there are fewer than two timesteps.
        """
        if len(timesteps) < 2:
            raise ValueError(
                'TiledWindows needs at least 2 steps: all but the last run '
                'on the whole image, and the last runs on the tiles'
            )

    def _refine(self, task: RefineTask) -> Plan:
        image, mask, size = task.image, task.mask, task.size
        height, width = mask.size
        coarse = resize_nearest(mask.dense()[None], size, size)[0]
        whole = Box(0, 0, width, height)
        if is_too_thin(coarse, mask, whole) or is_outside(task.only, whole):
            return keep(mask)
        if len(task.timesteps) == 1:
            return (yield from self._probe(task))
        overview = resize_nearest(image, size, size)
        *first, last = task.timesteps
        [answer] = yield [
            WindowRequest(overview, coarse, tuple(first), last, alone=True)
        ]

        refined = resize_nearest(answer.probs[None] >= 0.5, height, width)[0]
        assert answer.fine_probs is not None
        tiles = pick_tiles(
            answer.fine_probs,
            height,
            width,
            size,
            self.fine_prob_thr,
            self.iou_thr,
        )
        only = changeable(task.only, whole, mask.size, answer.error)
        tiles = with_an_edge(refined, tiles_in(tiles, only))
        maps, _ = yield from ask_tiles(image, refined, tiles, last, size)
        paste_averaged(refined, tiles, maps)
        confidence = confidence_of(answer.probs, coarse)
        soft = None
        if task.temperature is not None:
            maps = [calibrated(values, task.temperature) for values in maps]
            overview = calibrated(answer.probs, task.temperature)
            soft = _soft_map(overview, mask.size, tiles, maps)
        return replace(_outcome(refined, confidence), soft=soft, only=only)

    def _probe(self, task: RefineTask) -> Plan:
        """Run one step at full resolution along the coarse edge."""
        image, mask, size = task.image, task.mask, task.size
        refined = mask.dense()
        only = task.only if isinstance(task.only, CompactMask) else None
        tiles = tiles_in(edge_tiles(refined, size), only)
        if not tiles:
            return keep(mask)
        maps, seen = yield from ask_tiles(
            image, refined, tiles, task.timesteps[0], size
        )
        paste_averaged(refined, tiles, maps)
        numbers_of_tiles = []
        for tile, (asked, answer) in zip(tiles, seen, strict=True):
            inside = None
            if only is not None:
                inside = fit_to(only.crop(tile)[None], size)[0] > 0
            edges = asked.image, asked.coarse, answer.probs >= 0.5, inside
            belief = belief_in(asked.coarse, answer.probs, inside)
            numbers = [belief, edge_gain(*edges), edge_contrast(*edges)]
            numbers_of_tiles.append(torch.stack(numbers))
        belief, gain, _ = torch.stack(numbers_of_tiles).mean(0)
        # A visible edge in one tile is sufficient evidence.
        contrast = torch.stack(numbers_of_tiles)[:, 2].amax()
        return replace(
            _outcome(refined, belief),
            belief=belief,
            edge_gain=gain,
            edge_contrast=contrast,
            only=only,
        )


def _outcome(refined: Tensor, confidence: Tensor) -> RefinedMask:
    # Store only the box, so that many masks can be held at once.
    [compact] = compact_masks(refined[None])
    pixels = compact.pixels.clone()
    return RefinedMask(compact.box, pixels, confidence, REFINED)


def _soft_map(
    overview: Tensor,
    size: tuple[int, int],
    tiles: Sequence[Box],
    maps: Sequence[Tensor],
) -> SoftMap:
    """Paste tiles into the map of the image, in a box where it is not 0."""
    height, width = size
    [some] = compact_masks(overview[None] >= NEGLIGIBLE)
    box = Box(0, 0, 0, 0)
    if some.area:
        down, across = height / len(overview), width / len(overview)
        box = Box(
            max(math.floor((some.box.x1 - 1) * across), 0),
            max(math.floor((some.box.y1 - 1) * down), 0),
            min(math.ceil((some.box.x2 + 1) * across), width),
            min(math.ceil((some.box.y2 + 1) * down), height),
        )
    for tile in tiles:
        box = tile.union(box) if box.width else tile
    if not box.width:
        return SoftMap(box, overview.new_zeros(0, 0))
    values = spread_probabilities(overview, height, width, box)
    blend_tiles(values, [tile.relative_to(box) for tile in tiles], maps)
    return SoftMap(box, values)
