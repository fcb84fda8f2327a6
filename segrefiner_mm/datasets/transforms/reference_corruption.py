"""Coarse masks as SegRefiner's authors make them, after CascadePSP.

The contours are thinned out and redrawn. Then random rectangles of the mask
are dilated or eroded until the IoU is low enough. The published code works on
the whole image. Here only the surroundings of the object are changed, and
large masks are corrupted at a smaller scale, which bounds the time per mask.
"""

import itertools
import operator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[Any]  # uint8; OpenCV does not say so

ROUNDS = 250
RECTANGLES = 4
FLIP_CHANCE = 0.25
DROPPED_RUN = 0.1
KEPT_VERTICES = 0.1
# Larger masks are downsampled to this side.
LONGEST_SIDE = 640
# Distance from the object within which a flipped pixel may matter.
REACH = 24
# A round that destroys a small object at a stroke is undone.
OVERSHOT_IOU = 0.6
ROUNDS_AT_ONCE = 25


def _kernels() -> list[Mask]:
    kernels: list[Mask] = []
    for size in range(3, 10):
        half = size // 2
        kernels.append(np.ones((size, size), np.uint8))
        for shape in ((size, size), (size, half), (half, size)):
            kernels.append(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, shape))
    return kernels


KERNELS = _kernels()


def reference_corruption(
    mask: Mask, rng: np.random.Generator, iou_target: float = 0.8
) -> Mask:
    """Make a coarse mask the published way (arXiv 2312.12425, Sec. 4.1).

    Args:
        mask (np.ndarray): True mask, (H, W) uint8, values 0 and 1.
        rng (np.random.Generator): Source of randomness.
        iou_target (float): Stop when the IoU with the redrawn contours is
            lower, 0 to 1. Defaults to 0.8.

    Returns:
        np.ndarray: Coarse mask, (H, W) uint8, values 0 and 1.
    """
    height, width = mask.shape
    longest = max(height, width)
    if not mask.any() or min(height, width) < 3:
        return mask.copy()
    if longest <= LONGEST_SIDE:
        return _perturb(redraw_contours(mask, rng), rng, iou_target)
    scale = LONGEST_SIDE / longest
    size = max(round(width * scale), 3), max(round(height * scale), 3)
    small = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    coarse = _perturb(redraw_contours(small, rng), rng, iou_target)
    return stretched(coarse, mask.shape)


def redraw_contours(mask: Mask, rng: np.random.Generator) -> Mask:
    """Redraw the mask from a tenth of the vertices of each contour.

    Before that, one run of a tenth of the vertices is dropped. The run is
    chosen at random among the tenth of all runs whose ends are closest to each
    other. Contours of fewer than ten vertices are dropped.

    Args:
        mask (np.ndarray): (H, W) uint8, values 0 and 1.
        rng (np.random.Generator): Source of randomness.

    Returns:
        np.ndarray: The redrawn mask, (H, W) uint8, values 0 and 1; a copy of
        ``mask`` if no contour is long enough.
    """
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    thinned = []
    for contour in contours:
        count = len(contour)
        run = int(count * DROPPED_RUN)
        if run < 1:
            continue
        ends = contour[run:, 0].astype(np.int64)
        spans = ((ends - contour[:-run, 0]) ** 2).sum(axis=1)
        short = int(np.ceil(DROPPED_RUN * len(spans)))
        start = int(rng.choice(np.argpartition(spans, short - 1)[:short]))
        rest = np.concatenate([contour[:start], contour[start + run :]])
        kept = rng.permutation(len(rest))
        kept = kept[: max(int(len(rest) * KEPT_VERTICES), 3)]
        thinned.append(rest[np.sort(kept)])
    if not thinned:
        return mask.copy()
    redrawn = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(redrawn, thinned, -1, 1, cv2.FILLED)
    return redrawn


def _perturb(
    redrawn: Mask, rng: np.random.Generator, iou_target: float
) -> Mask:
    """Dilate and erode random rectangles until the IoU is under target."""
    coarse = redrawn.copy()
    x, y, w, h = cv2.boundingRect(redrawn)
    if w == 0:
        return coarse
    top, left = max(y - REACH, 0), max(x - REACH, 0)
    surroundings = slice(top, y + h + REACH), slice(left, x + w + REACH)
    region, wanted = coarse[surroundings], redrawn[surroundings].copy()
    for _ in range(ROUNDS // ROUNDS_AT_ONCE):
        steps = _draw_steps(rng, coarse.shape, (top, left), region.shape)
        for _, step in itertools.groupby(steps, key=operator.itemgetter(0)):
            before = region.copy()
            for _, *change in step:
                _change(region, *change)
            agreement = binary_iou(region, wanted)
            if agreement < OVERSHOT_IOU:
                region[...] = before
            elif agreement < iou_target:
                return coarse
    return coarse


def _draw_steps(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    corner: tuple[int, int],
    region: tuple[int, ...],
) -> list[list[int]]:
    """Draw random changes of the whole mask; return those in the region.

    Args:
        rng (np.random.Generator): Source of randomness.
        shape (tuple[int, int]): Size of the whole mask.
        corner (tuple[int, int]): First row and column of the region.
        region (tuple[int, int]): Size of the region.

    Returns:
        list[list[int]]: For each change its round, and the arguments of
        :func:`_change`.
    """
    count = ROUNDS_AT_ONCE * RECTANGLES
    spans, centres, hit = [], [], np.ones(count, bool)
    for length, first, inside in zip(shape, corner, region, strict=True):
        start = (rng.random(count) * length).astype(np.int64)
        end = start + 1 + (rng.random(count) * (length - start)).astype(int)
        centre = (start + end) // 2 - first
        start, end = (np.clip(v - first, 0, inside) for v in (start, end))
        hit &= start < end
        spans += [start, end]
        centres.append(np.where(centre < inside, centre, -1))
    # 0 and 1 are written to the centre pixel; 2 leaves it unchanged.
    flip = (rng.random(count) / FLIP_CHANCE * 2).clip(max=2).astype(int)
    flip[(centres[0] < 0) | (centres[1] < 0)] = 2
    kernel = rng.integers(len(KERNELS), size=count)
    dilate = rng.integers(2, size=count)
    rounds = np.arange(count) // RECTANGLES
    columns = rounds, *spans, *centres, flip, kernel, dilate
    return np.stack(columns, axis=1)[hit].tolist()


def _change(
    region: Mask,
    y1: int,
    y2: int,
    x1: int,
    x2: int,
    y: int,
    x: int,
    flip: int,
    kernel: int,
    dilate: int,
) -> None:
    """Dilate or erode a rectangle, after setting its centre if flip < 2."""
    if flip < 2:
        region[y, x] = flip
    area = region[y1:y2, x1:x2]
    area[...] = (cv2.dilate if dilate else cv2.erode)(area, KERNELS[kernel])


def stretched(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Resize a mask with a smooth edge instead of blocks.

    Args:
        mask (np.ndarray): (h, w) uint8, values 0 and 1.
        shape (tuple[int, int]): Height and width of the result.

    Returns:
        np.ndarray: (H, W) uint8, values 0 and 1.
    """
    soft = cv2.resize(mask * np.uint8(255), shape[::-1])
    return (soft > 127).astype(np.uint8)


def shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Downsample a mask; a pixel is set if half of it is covered.

    Args:
        mask (np.ndarray): (h, w) uint8, values 0 and 1.
        shape (tuple[int, int]): Height and width of the result.

    Returns:
        np.ndarray: (H, W) uint8, values 0 and 1.
    """
    size = shape[::-1]
    soft = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return (soft > 127).astype(np.uint8)


def binary_iou(a: Mask, b: Mask) -> float:
    """Compute the IoU of two masks; 0 if both are empty.

    Args:
        a (np.ndarray): (H, W) uint8, values 0 and 1.
        b (np.ndarray): (H, W) uint8, values 0 and 1.

    Returns:
        float: 0 to 1.
    """
    shared = cv2.countNonZero(cv2.bitwise_and(a, b))
    return shared / max(cv2.countNonZero(a) + cv2.countNonZero(b) - shared, 1)
