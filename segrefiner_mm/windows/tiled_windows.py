"""The high-resolution path: the whole image, then doubtful tiles."""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from segrefiner_mm.registry import TASK_UTILS
from segrefiner_mm.windows.compact_mask import Box, CompactMask, compact_masks
from segrefiner_mm.windows.resample import resize_nearest
from segrefiner_mm.windows.tiles import (
    fit_to,
    paste_averaged,
    tile_starts,
    with_an_edge,
)
from segrefiner_mm.windows.window_plan import (
    REFINED,
    Plan,
    RefinedMask,
    WindowAnswer,
    WindowPlan,
    WindowRequest,
    belief_in,
    confidence_of,
    edge_band,
    is_too_thin,
    keep,
)


@TASK_UTILS.register_module()
class TiledWindows(WindowPlan):
    """Refines the whole image at low resolution, then tiles at full size.

    All steps but the last see the whole image. Pixels whose fine probability
    stays low propose full-resolution tiles for the last step; tiles are
    thinned by non-maximum suppression, and where they overlap their
    probabilities are averaged. The defaults are the published test settings
    of the high-resolution model. Unlike there, small masks and those that are
    too thin to be seen in the overview are kept. The confidence is that of the
    overview; of a mask that a guard keeps, the belief in it.

    Args:
        fine_prob_thr (float): A pixel proposes a tile where its fine
            probability is under this part of the image's highest. Defaults
            to 0.9.
        iou_thr (float): Tiles that overlap a better one by more are dropped.
            Defaults to 0.3.
        min_area (int): Smaller masks, in pixels, are kept as they are.
            Defaults to 129.
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
        if len(timesteps) < 2:
            raise ValueError(
                'TiledWindows needs at least 2 steps: the whole image takes '
                'all but the last, the tiles take the last'
            )

    def _refine(
        self,
        image: Tensor,
        mask: CompactMask,
        timesteps: Sequence[int],
        size: int,
    ) -> Plan:
        height, width = mask.size
        coarse = resize_nearest(mask.dense()[None], size, size)[0]
        whole = Box(0, 0, width, height)
        if is_too_thin(coarse, mask, whole):
            return keep(mask)
        if len(timesteps) == 1:
            return (yield from self._probe(image, mask, coarse, timesteps[0]))
        overview = resize_nearest(image, size, size)
        *first, last = timesteps
        [answer] = yield [WindowRequest(overview, coarse, tuple(first), last)]

        refined = resize_nearest(answer.probs[None] >= 0.5, height, width)[0]
        assert answer.fine_probs is not None
        tiles = with_an_edge(
            refined, self.pick_tiles(answer.fine_probs, height, width, size)
        )
        maps, _ = yield from _look_at(image, refined, tiles, last, size)
        paste_averaged(refined, tiles, maps)
        confidence = confidence_of(answer.probs, coarse)
        return _outcome(refined, confidence)

    def _probe(
        self, image: Tensor, mask: CompactMask, coarse: Tensor, step: int
    ) -> Plan:
        """One step at full resolution along the coarse edge, for a guard."""
        size = coarse.shape[-1]
        refined = mask.dense()
        # An edge is as doubtful as can be, whatever the threshold.
        fine_probs = 1.0 - 2.0 * edge_band(coarse, 1)
        tiles = with_an_edge(
            refined, self.pick_tiles(fine_probs, *mask.size, size)
        )
        if not tiles:
            return keep(mask)
        maps, beliefs = yield from _look_at(image, refined, tiles, step, size)
        paste_averaged(refined, tiles, maps)
        belief = torch.stack(beliefs).mean()
        return _outcome(refined, belief, belief)

    def pick_tiles(
        self, fine_probs: Tensor, height: int, width: int, size: int
    ) -> list[Box]:
        """Choose full-resolution tiles around the doubtful pixels.

        Args:
            fine_probs (Tensor): (S, S) float32, over the whole image.
            height (int): Rows of the image.
            width (int): Columns of the image.
            size (int): Side of a tile; tiles are smaller where the image is.

        Returns:
            list[Box]: Tiles, most doubtful first.
        """
        # The greedy choice below is sequential, so it runs on the CPU.
        fine_probs = fine_probs.cpu()
        doubtful = fine_probs < self.fine_prob_thr * fine_probs.max()
        y, x = doubtful.nonzero(as_tuple=True)
        scores = 1.0 - fine_probs[y, x]
        tile_h, tile_w = min(size, height), min(size, width)
        grid_h, grid_w = fine_probs.shape
        y1 = tile_starts(y, height, grid_h, tile_h)
        x1 = tile_starts(x, width, grid_w, tile_w)
        order = scores.argsort(descending=True, stable=True)
        y1, x1 = y1[order], x1[order]
        tiles = []
        while len(y1):
            top, left = int(y1[0]), int(x1[0])
            tiles.append(Box(left, top, left + tile_w, top + tile_h))
            shared = (tile_h - (y1 - top).abs()).clamp(min=0)
            shared = shared * (tile_w - (x1 - left).abs()).clamp(min=0)
            iou = shared / (2 * tile_h * tile_w - shared)
            y1, x1 = y1[iou <= self.iou_thr], x1[iou <= self.iou_thr]
        return tiles


def _look_at(
    image: Tensor, mask: Tensor, tiles: list[Box], step: int, size: int
) -> Generator[
    list[WindowRequest], list[WindowAnswer], tuple[list[Tensor], list[Tensor]]
]:
    """Ask for one step on tiles: their probabilities, and the beliefs."""
    requests = []
    for tile in tiles:
        window = tile.slices()
        coarse = fit_to(mask[window][None], size)[0] >= 0.5
        crop = fit_to(image[(slice(None), *window)], size)
        requests.append(WindowRequest(crop, coarse, (step,)))
    answers = (yield requests) if requests else []
    maps, beliefs = [], []
    for request, answer, tile in zip(requests, answers, tiles, strict=True):
        maps.append(fit_to(answer.probs[None], tile.height, tile.width)[0])
        beliefs.append(belief_in(request.coarse, answer.probs))
    return maps, beliefs


def _outcome(
    refined: Tensor, confidence: Tensor, belief: Tensor | None = None
) -> RefinedMask:
    # As small as the object, so that many outcomes may wait together.
    [compact] = compact_masks(refined[None])
    pixels = compact.pixels.clone()
    return RefinedMask(compact.box, pixels, confidence, REFINED, belief)
