"""Functions that corrupt a mask, each in one way seen in practice.

Each function takes a mask, (h, w) uint8, values 0 and 1, not empty; a
severity from 0 (little change) to 1 (much change); and a NumPy generator. It
returns a new mask, (h, w) uint8, values 0 and 1, which may be empty. With the
same state of the generator, the kind of damage is the same at every severity,
so that a search can find the severity for a target IoU.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.registry import FUNCTIONS

Mask = npt.NDArray[Any]  # uint8; OpenCV does not say so
Rng = np.random.Generator


@FUNCTIONS.register_module()
def low_resolution(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Resample the mask on a coarse grid, as a 28 x 28 mask head does."""
    cells = round(96 * (5 / 96) ** severity)
    threshold = rng.uniform(0.35, 0.65)
    smooth = rng.random() < 0.6
    x, y, w, h = cv2.boundingRect(mask)
    if rng.random() < 0.5:  # use a grid over the window, not the box
        x, y, (h, w) = 0, 0, mask.shape
    window = mask[y : y + h, x : x + w].astype(np.float32)
    small = cv2.resize(window, (cells, cells), interpolation=cv2.INTER_AREA)
    how = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    if not smooth:
        small = (small >= threshold).astype(np.float32)
    result = np.zeros_like(mask)
    stretched = cv2.resize(small, (w, h), interpolation=how)
    result[y : y + h, x : x + w] = stretched >= threshold
    return result


@FUNCTIONS.register_module()
def polygon(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Replace the outline by straight lines between displaced corners."""
    size = cv2.countNonZero(mask) ** 0.5
    off = rng.uniform(0.0, 0.06)
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    shapes = []
    for contour in contours:
        tolerance = 0.5 + 0.12 * severity * size
        corners = cv2.approxPolyDP(contour, tolerance, True)
        noise = rng.normal(0, 1, corners.shape) * off * severity * size
        if len(corners) >= 3:
            shapes.append(np.round(corners + noise).astype(np.int32))
    result = np.zeros_like(mask)
    cv2.drawContours(result, shapes, -1, 1, cv2.FILLED)
    return result


@FUNCTIONS.register_module()
def wobble(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Move the edge outwards and inwards by turns along the outline."""
    cells = int(rng.integers(3, 14))
    noise = _smooth_noise(mask.shape, cells, rng)
    return _move_edge(mask, noise * severity * 0.5 * _radius(mask))


@FUNCTIONS.register_module()
def grow_or_shrink(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Move the edge outwards or inwards everywhere."""
    sign = rng.choice([-1.0, 1.0])
    offset = np.full(mask.shape, sign, np.float32)
    return _move_edge(mask, offset * severity * 0.4 * _radius(mask))


@FUNCTIONS.register_module()
def misplace(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Shift, rotate and scale the mask as a whole."""
    x, y, w, h = cv2.boundingRect(mask)
    angle = rng.uniform(-20, 20) * severity
    scale = 1 + rng.uniform(-0.25, 0.25) * severity
    matrix = cv2.getRotationMatrix2D((x + w / 2, y + h / 2), angle, scale)
    matrix[:, 2] += rng.uniform(-0.35, 0.35, 2) * severity * (w, h)
    return cv2.warpAffine(
        mask, matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST
    )


@FUNCTIONS.register_module()
def missing_part(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Remove pieces at the edge."""
    result = mask.copy()
    _blobs(mask, severity, rng, result, 0)
    return result


@FUNCTIONS.register_module()
def extra_part(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Add pieces of the background at the edge."""
    result = mask.copy()
    _blobs(mask, severity, rng, result, 1)
    return result


@FUNCTIONS.register_module()
def merged_neighbour(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Add a second object of the same shape beside the object."""
    _, _, w, h = cv2.boundingRect(mask)
    angle = rng.uniform(0, 2 * np.pi)
    away = 0.95 - 0.3 * rng.random()
    scale = 0.1 + 0.9 * severity
    other = cv2.flip(mask, 1) if rng.random() < 0.5 else mask
    x, y, _, _ = cv2.boundingRect(other)
    matrix = cv2.getRotationMatrix2D((x + w / 2, y + h / 2), 0, scale)
    reach = away * (0.5 + 0.5 * scale)
    matrix[:, 2] += np.array([np.cos(angle) * w, np.sin(angle) * h]) * reach
    other = cv2.warpAffine(
        other, matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST
    )
    return mask | other


@FUNCTIONS.register_module()
def holes(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Fill true holes, or make false ones."""
    if rng.random() < 0.6:
        filled = without_holes(mask)
        reach = 2 * int(severity * 0.3 * _radius(mask)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        return cv2.morphologyEx(filled, cv2.MORPH_CLOSE, kernel)
    noise = _smooth_noise(mask.shape, int(rng.integers(5, 20)), rng)
    return mask & (noise < 1.6 - 1.5 * severity).astype(np.uint8)


@FUNCTIONS.register_module()
def rounded(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Smooth away or thicken thin parts and corners."""
    threshold = rng.uniform(0.3, 0.7)
    sigma = 0.3 + 0.5 * severity * _radius(mask)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma)
    return (soft >= threshold).astype(np.uint8)


@FUNCTIONS.register_module()
def ragged(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Fray the edge, with specks on both sides."""
    noise = rng.standard_normal(mask.shape).astype(np.float32)
    grain = rng.uniform(0.6, 2.0)
    noise = cv2.GaussianBlur(noise, (0, 0), grain)
    noise /= noise.std() + 1e-6
    return _move_edge(mask, noise * severity * 0.35 * _radius(mask))


@FUNCTIONS.register_module()
def one_stage(mask: Mask, severity: float, rng: Rng) -> Mask:
    """Soften on a grid and crop to a box, as YOLO and YOLACT predict masks."""
    size = _radius(mask)
    cell = 1.0 + 0.16 * severity * size
    height, width = (max(round(side / cell), 2) for side in mask.shape)
    soft = cv2.resize(
        mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(soft, (0, 0), rng.uniform(0.5, 1.2))
    noise = _smooth_noise(soft.shape, int(rng.integers(5, 16)), rng)
    soft += 0.25 * severity * noise * (soft > 0.02)
    result = (cv2.resize(soft, mask.shape[::-1]) >= 0.5).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(mask)
    off = rng.normal(0.0, 0.04, 4) * severity * np.array([w, h, w, h])
    box = np.round(off + np.array([x, y, x + w, y + h])).astype(int)
    left, top, right, bottom = box.tolist()
    inside = slice(max(top, 0), bottom), slice(max(left, 0), right)
    boxed = np.zeros_like(mask)
    boxed[inside] = result[inside]
    return boxed


def _move_edge(mask: Mask, offset: npt.NDArray[Any]) -> Mask:
    """Move the edge outwards by ``offset`` pixels, which may vary."""
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    # The edge lies half a pixel from the pixels on either side.
    signed = np.where(mask > 0, inside - 0.5, 0.5 - outside)
    return (signed + offset >= 0).astype(np.uint8)


def _radius(mask: Mask) -> float:
    """Return half the typical width of the object."""
    return max(cv2.countNonZero(mask) ** 0.5 / 2, 1.0)


def _smooth_noise(
    shape: tuple[int, ...], cells: int, rng: Rng
) -> npt.NDArray[Any]:
    """Draw smooth noise: normal values on a grid of cells, interpolated."""
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _blobs(
    mask: Mask, severity: float, rng: Rng, target: Mask, value: int
) -> None:
    """Draw ellipses or rectangles around points of the edge."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate(contours)[:, 0]
    for _ in range(int(rng.integers(1, 4))):
        x, y = points[rng.integers(len(points))].tolist()
        axes = rng.uniform(0.3, 1.6, 2) * severity * _radius(mask)
        angle = rng.uniform(0, 180)
        if rng.random() < 0.6:
            size = round(float(axes[0])), round(float(axes[1]))
            cv2.ellipse(target, (x, y), size, angle, 0, 360, value, -1)
        else:
            sides = float(2 * axes[0]), float(2 * axes[1])
            corners = cv2.boxPoints(((x, y), sides, angle))
            cv2.fillPoly(target, [np.round(corners).astype(int)], value)


def without_holes(mask: Mask) -> Mask:
    """Fill the holes of a mask.

    Args:
        mask (np.ndarray): (H, W) uint8, values 0 and 1.

    Returns:
        np.ndarray: A new mask, (H, W) uint8, values 0 and 1.
    """
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return filled
