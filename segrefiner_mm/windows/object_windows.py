"""The instance path: one window around each object."""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from segrefiner_mm.registry import TASK_UTILS
from segrefiner_mm.windows.box_means import near_edge
from segrefiner_mm.windows.compact_mask import Box, CompactMask
from segrefiner_mm.windows.edges import belief_in, edge_contrast, edge_gain
from segrefiner_mm.windows.only_here import changeable, is_outside
from segrefiner_mm.windows.resample import (
    paste_probabilities,
    resize_bilinear,
    resize_nearest,
    spread_probabilities,
)
from segrefiner_mm.windows.soft_map import SoftMap, calibrated
from segrefiner_mm.windows.tiles import (
    ask_tiles,
    blend_tiles,
    edge_tiles,
    fit_to,
    paste_averaged,
    tiles_in,
)
from segrefiner_mm.windows.window_plan import (
    REFINED,
    Plan,
    RefinedMask,
    RefineTask,
    WindowAnswer,
    WindowPlan,
    WindowRequest,
    confidence_of,
    is_too_thin,
    keep,
)


@TASK_UTILS.register_module()
class ObjectWindows(WindowPlan):
    """Refines each mask inside its own box.

    The defaults are the published test settings of the instance model. Unlike
    the published code, this plan keeps a mask that is too thin for the scale
    of the window. Confidence and belief are measured on the window; polishing
    does not change them.

    Args:
        pad (int): Pixels added on every side of the tight box, 0 or more.
            Defaults to 20.
        min_area (int): Masks of fewer pixels are kept; 1 or more. Defaults to
            512.
        polish (bool): Whether to refine full-resolution tiles along the
            refined edge, if the window is larger than the square that the
            network sees. Each tile costs one more step; the edges of large
            objects become more exact. Defaults to False.
        polish_reach (float, optional): Maximum distance that the polish may
            move the refined edge, in pixels of the resampled window that the
            network has seen; more than 0. A tile shows the edge but not the
            object, so the network may mistake one edge for another. Defaults
            to None: no limit.
        polish_scale (float): Only windows whose longer side is more than this
            many times that of the square are polished; 1 or more. A window
            that is hardly reduced has exact edges without it. Defaults to 1.
        min_error (float): Predicted error, 0 to 1, below which a pixel of the
            coarse mask is left unchanged; only for networks that predict
            errors. Defaults to 0: the network's result is used everywhere.

    Raises:
        ValueError: If a setting is out of its range.
    """

    def __init__(
        self,
        pad: int = 20,
        min_area: int = 512,
        polish: bool = False,
        polish_reach: float | None = None,
        polish_scale: float = 1.0,
        min_error: float = 0.0,
    ) -> None:
        super().__init__(min_area)
        if not 0.0 <= min_error <= 1.0:
            raise ValueError(f'min_error must be 0 to 1, got {min_error}')
        self.min_error = min_error
        if pad < 0:
            raise ValueError(f'pad must be >= 0, got {pad}')
        if polish_reach is not None and polish_reach <= 0:
            raise ValueError(f'polish_reach must be > 0, got {polish_reach}')
        if not 1.0 <= polish_scale < math.inf:
            raise ValueError(f'polish_scale must be >= 1, got {polish_scale}')
        self.pad = pad
        self.polish = polish
        self.polish_reach = polish_reach
        self.polish_scale = polish_scale

    def _refine(self, task: RefineTask) -> Plan:
        image, mask, size = task.image, task.mask, task.size
        window = mask.box.grow(self.pad, *mask.size)
        if is_outside(task.only, window):
            return keep(mask)
        rows, columns = window.slices()
        crop = resize_bilinear(image[:, rows, columns], size, size)
        coarse = mask_in(mask, window, size, size)
        if is_too_thin(coarse, mask, window):
            return keep(mask)

        [answer] = yield [WindowRequest(crop, coarse, task.timesteps)]

        pixels = paste_probabilities(answer.probs, window.height, window.width)
        if self.min_error and answer.error is not None:
            wrong = paste_probabilities(
                answer.error,
                window.height,
                window.width,
                self.min_error,
                border='replicate',
            )
            pixels = torch.where(wrong, pixels, mask.crop(window))
        only = changeable(task.only, window, mask.size, answer.error)
        refined = RefinedMask(
            window,
            pixels,
            confidence_of(answer.probs, coarse),
            REFINED,
            probs=answer.probs,
            soft=_soft_window(answer, window, task.temperature),
            only=only,
        )
        if task.judged:
            part = _part(only, window, (size, size))
            refined.belief = belief_in(coarse, answer.probs, part)
            edges = crop, coarse, answer.probs >= 0.5
            if min(window.height, window.width) < size:
                # Upsampling would blur the image and weaken its edges.
                grain = min(window.height, size), min(window.width, size)
                edges = (
                    resize_bilinear(image[:, rows, columns], *grain),
                    mask_in(mask, window, *grain),
                    paste_probabilities(answer.probs, *grain),
                )
                part = _part(only, window, grain)
            refined.edge_gain = edge_gain(*edges, part)
            refined.edge_contrast = edge_contrast(*edges, part)
        return refined

    def finish(self, task: RefineTask, refined: RefinedMask) -> Plan:
        """Refine full-resolution tiles along the edge, if ``polish`` is set.

        Args:
            task (RefineTask): See :meth:`WindowPlan.finish`.
            refined (RefinedMask): See :meth:`WindowPlan.finish`.

        Returns:
            Generator: The coroutine; see :meth:`WindowPlan.refine`.
        """
        image, size, step = task.image, task.size, task.timesteps[0]
        window = refined.box
        scale = max(window.width, window.height) / size
        if not self.polish or scale <= self.polish_scale:
            return refined
        # Grow it to hold a tile and its margin, as far as the image allows.
        pad = max(size - min(window.width, window.height), size // 8)
        around = window.grow(pad, *image.shape[-2:])
        inside = window.relative_to(around)
        mask = refined.pixels.new_zeros(around.height, around.width)
        mask[inside.slices()] = refined.pixels
        tiles = tiles_in(edge_tiles(mask, size), refined.only, around)
        rows, columns = around.slices()
        crop = image[:, rows, columns]
        maps, seen = yield from ask_tiles(crop, mask, tiles, step, size)
        errors = [
            fit_to(answer.error[None], tile.height, tile.width)[0]
            for tile, (_, answer) in zip(tiles, seen, strict=True)
            if self.min_error and answer.error is not None
        ]
        before = mask.clone()
        paste_averaged(mask, tiles, maps, errors or None, self.min_error)
        probs = refined.probs
        near = None
        if self.polish_reach is not None:
            near = near_edge(before, math.ceil(self.polish_reach * scale))
            mask = torch.where(near, mask, before)
        elif probs is not None:
            probs = probs.clone()
            for tile, values in zip(tiles, maps, strict=True):
                _renew(probs, inside, tile, values)
        soft = refined.soft
        if soft is not None and task.temperature is not None:
            values = soft.crop(around)
            own = [calibrated(values, task.temperature) for values in maps]
            soft = SoftMap(around, _polished(values, tiles, own, mask, near))
        pixels = mask[inside.slices()].clone()
        return replace(refined, pixels=pixels, probs=probs, soft=soft)


def _part(
    only: CompactMask | None, window: Box, size: tuple[int, int]
) -> Tensor | None:
    """Return the part of a window that may change, resampled to a size."""
    if only is None:
        return None
    return resize_nearest(only.crop(window)[None], *size)[0]


def _soft_window(
    answer: WindowAnswer, window: Box, temperature: float | None
) -> SoftMap | None:
    """Return the soft map of a window, if the task asks for it."""
    if temperature is None:
        return None
    values = spread_probabilities(answer.probs, window.height, window.width)
    return SoftMap(window, calibrated(values, temperature))


def _polished(
    soft: Tensor,
    tiles: Sequence[Box],
    maps: Sequence[Tensor],
    mask: Tensor,
    near: Tensor | None,
) -> Tensor:
    """Blend tiles into a soft map; far from the edge only to confirm it."""
    window = soft.clone()
    blend_tiles(soft, tiles, maps)
    if near is None:
        return soft
    # The surer of both, if it is on the side of the mask: no step at `near`.
    agreed = torch.where(mask, window.maximum(soft), window.minimum(soft))
    return torch.where(near, soft, agreed)


def mask_in(mask: CompactMask, window: Box, height: int, width: int) -> Tensor:
    """Resample the part of a mask inside a window.

    Args:
        mask (CompactMask): The mask.
        window (Box): Any box of the image.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        Tensor: (height, width) bool.
    """
    inside = mask.crop(window)[None]
    return resize_bilinear(inside, height, width)[0] >= 0.5


def _renew(probs: Tensor, window: Box, tile: Box, part: Tensor) -> None:
    """Write the probabilities of a tile into the probabilities of a window."""
    shared = tile.intersect(window)
    if shared is None:
        return
    part = part[shared.relative_to(tile).slices()]
    x1, y1, x2, y2 = shared.relative_to(window)
    height, width = probs.shape
    rows = slice(y1 * height // window.height, y2 * height // window.height)
    columns = slice(x1 * width // window.width, x2 * width // window.width)
    place = probs[rows, columns]
    if place.numel():
        place[:] = resize_bilinear(part[None], *place.shape)[0]
