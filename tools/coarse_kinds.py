"""Kinds of coarse masks, and classical methods of refinement.

A module of ``benchmark_quality.py``, not a command.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    CORRUPTIONS,
)
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import pictures_in

Image = npt.NDArray[Any]  # uint8; OpenCV does not say so
Mask = npt.NDArray[np.bool_]
# Image, true mask and seed to a coarse mask of 0 and 1.
Make = Callable[[Image, Image, int], Image]


def synthetic_kinds() -> dict[str, Make]:
    """Return the functions that make synthetic coarse masks, by kind.

    No recipe trains on kinds whose name has a star.
    """
    makers: dict[str, Make] = {'perfect': lambda image, mask, seed: mask}
    makers['reference'] = _by_mask(SynthesizeCoarseMask(mode='reference'))
    for name in CORRUPTIONS:
        alone = SynthesizeCoarseMask(
            corruptions=[name],
            iou_range=(0.6, 0.95),
            identity_prob=0.0,
            reference_prob=0.0,
            max_kinds=1,
        )
        makers[name] = _by_mask(alone)
    return makers | UNSEEN


def model_masks(folder: Path) -> dict[str, Path]:
    """Find the coarse masks that a model has predicted.

    Args:
        folder (Path): Folder of mask files that have the stems of the images,
            or are named ``PARENT__STEM``, where PARENT is the folder above
            that of the images.

    Returns:
        dict[str, Path]: Mask files by stem.

    Raises:
        InputError: If there is no such folder or no mask in it, or two masks
            share a stem.
    """
    pictures = pictures_in(folder)
    if not pictures:
        raise InputError(f'no masks in {folder}')
    return pictures


def predicted(masks: dict[str, Path], path: Path, size: Any) -> Image | None:
    """Read the predicted mask of an image; None if there is none.

    Args:
        masks (dict[str, Path]): From :func:`model_masks`.
        path (Path): Image file.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        np.ndarray | None: (H, W) uint8, 0 and 1.

    Raises:
        InputError: If the mask cannot be read or has another size.
    """
    names = path.stem, f'{path.parent.parent.name}__{path.stem}'
    for name in names:
        if name in masks:
            return read_mask(str(masks[name]), size)
    return None


def _by_mask(synthesizer: SynthesizeCoarseMask) -> Make:
    return lambda image, mask, seed: synthesizer.synthesize(mask, seed)


def grid28(image: Image, mask: Image, seed: int) -> Image:
    """Resize the box to 28 x 28 cells and back, like Mask R-CNN's head."""
    x, y, w, h = cv2.boundingRect(mask)
    part = mask[y : y + h, x : x + w].astype(np.float32)
    cells = cv2.resize(part, (28, 28), interpolation=cv2.INTER_AREA)
    cells = cv2.GaussianBlur(cells, (0, 0), 0.7)  # heads are never so sharp
    result = np.zeros_like(mask)
    result[y : y + h, x : x + w] = cv2.resize(cells, (w, h)) >= 0.5
    return result


def hasty_polygon(image: Image, mask: Image, seed: int) -> Image:
    """Draw polygons with few, displaced corners, as an annotator in haste."""
    rng = np.random.default_rng(seed)
    result = np.zeros_like(mask)
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    off = 0.012 * np.count_nonzero(mask) ** 0.5
    for contour in contours:
        if cv2.contourArea(contour) < 200:
            continue
        tolerance = 0.012 * cv2.arcLength(contour, True)
        corners = cv2.approxPolyDP(contour, tolerance, True)
        corners = np.round(corners + rng.normal(0, off, corners.shape))
        cv2.fillPoly(result, [corners.astype(np.int32)], 1)
    return result


def elastic(image: Image, mask: Image, seed: int) -> Image:
    """Shift every pixel by a smooth random field."""
    rng = np.random.default_rng(seed)
    height, width = mask.shape
    reach = rng.uniform(0.05, 0.2) * np.count_nonzero(mask) ** 0.5 / 2
    cells = int(rng.integers(4, 12))
    shift = rng.standard_normal((2, cells, cells)) * reach
    x, y = (
        cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
        for part in shift.astype(np.float32)
    )
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return cv2.remap(
        mask,
        columns + x,
        rows + y,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )


def convex_hull(image: Image, mask: Image, seed: int) -> Image:
    """Draw the convex hull of the largest part."""
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    return cv2.fillConvexPoly(np.zeros_like(mask), hull, 1)


def output_stride(image: Image, mask: Image, seed: int) -> Image:
    """Resize the mask by 1/8, 1/16 or 1/32 and back, as strided networks."""
    stride = (8, 16, 32)[seed % 3]
    height, width = mask.shape
    small = max(width // stride, 2), max(height // stride, 2)
    soft = cv2.resize(
        mask.astype(np.float32), small, interpolation=cv2.INTER_AREA
    )
    return (cv2.resize(soft, (width, height)) >= 0.5).astype(np.uint8)


def superpixels(image: Image, mask: Image, seed: int) -> Image:
    """Join the superpixels of which at least half is the object."""
    rng = np.random.default_rng(seed)
    height, width = mask.shape
    step = 14 + 6 * (seed % 3)
    y, x = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    y = (y + rng.integers(-3, 4, y.shape)).clip(0, height - 1)
    x = (x + rng.integers(-3, 4, x.shape)).clip(0, width - 1)
    cells = np.zeros(mask.shape, np.int32)
    cells[y, x] = np.arange(1, y.size + 1).reshape(y.shape)
    cells = cv2.watershed(cv2.GaussianBlur(image, (0, 0), 2), cells)
    cells = np.maximum(cells, 0)  # the lines between them
    counts = np.bincount(cells.ravel())
    inside = np.bincount(cells.ravel(), weights=mask.ravel())
    chosen = inside / np.maximum(counts, 1) >= 0.5
    return cv2.medianBlur(chosen[cells].astype(np.uint8), 3)


# Kinds that no recipe trains on.
UNSEEN: dict[str, Make] = {
    'grid28 *': grid28,
    'hasty_polygon *': hasty_polygon,
    'elastic *': elastic,
    'convex_hull *': convex_hull,
    'output_stride *': output_stride,
    'superpixels *': superpixels,
}


def grab_cut(image: Image, mask: Mask) -> Mask:
    """Refine by GrabCut, within 3 % of the box's diagonal of the edge.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool; the given mask if it is too thin or fills the
        image.
    """
    _, _, w, h = cv2.boundingRect(mask.astype(np.uint8))
    reach = max(round(0.03 * float(np.hypot(w, h))), 2)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wide = cv2.dilate(mask.astype(np.uint8), kernel)
    narrow = cv2.erode(mask.astype(np.uint8), kernel)
    if not narrow.any() or wide.all():
        return mask
    labels = np.full(mask.shape, cv2.GC_BGD, np.uint8)
    labels[wide > 0] = cv2.GC_PR_BGD
    labels[mask] = cv2.GC_PR_FGD
    labels[narrow > 0] = cv2.GC_FGD
    model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, None, *model, 5, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def guided_filter(image: Image, mask: Mask) -> Mask:
    """Refine by the guided filter (He et al., 2010), guided by grey values.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool.
    """
    _, _, w, h = cv2.boundingRect(mask.astype(np.uint8))
    reach = max(round(0.02 * float(np.hypot(w, h))), 2)
    filtered: Mask = guided(image, mask, reach) >= 0.5
    return filtered


def guided(image: Image, mask: Mask, reach: int) -> Any:
    """Apply the guided filter to a mask, guided by grey values.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): (H, W) bool.
        reach (int): Radius of the square windows, in pixels.

    Returns:
        np.ndarray: (H, W) float32, about 0 to 1.
    """
    side = 2 * reach + 1

    def mean(values: Any) -> Any:
        return cv2.blur(values, (side, side))

    guide = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    soft = mask.astype(np.float32)
    covariance = mean(guide * soft) - mean(guide) * mean(soft)
    variance = mean(guide * guide) - mean(guide) ** 2
    slope = covariance / (variance + 1e-4)
    offset = mean(soft) - slope * mean(guide)
    return mean(slope) * guide + mean(offset)
