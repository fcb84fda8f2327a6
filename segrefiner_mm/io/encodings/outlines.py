"""Conversion of masks to polygons with few points, easy to edit."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.run_table import RunTable
from segrefiner_mm.io.encodings.segmentation import POLYGONS, Segmentation
from segrefiner_mm.io.rle import encode_segmentation

Mask = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float64]

TOLERANCE = 0.5  # pixels
# Lowest IoU of a polygon with its part; small and thin parts get finer
# polygons until they reach it.
MIN_IOU = 0.9
# Numbers of smoothing rounds and fractions of the tolerance to try.
ROUNDS, FACTORS = (0, 2, 6, 12), (0.5, 0.7, 0.85, 1.0)


def has_holes(encoded: dict[str, Any]) -> bool:
    """Return whether a mask has holes, which polygons cannot represent.

    Args:
        encoded (dict): Valid run lengths, ``size`` and compressed ``counts``.

    Returns:
        bool: Whether it has at least one hole.
    """
    crop, _ = _crop(encoded)
    contours, hierarchy = cv2.findContours(
        crop, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    return bool(contours) and bool((hierarchy[0, :, 3] >= 0).any())


def outlines_of(
    encoded: dict[str, Any], tolerance: float = TOLERANCE
) -> list[list[float]]:
    """Trace polygons around the connected parts of a mask.

    Args:
        encoded (dict): Valid run lengths, ``size`` and compressed
            ``counts``.
        tolerance (float): Maximum distance of a polygon from the edge of the
            mask, in pixels; a larger one gives fewer points. 0 follows the
            edges of the pixels. Defaults to 0.5.

    Returns:
        list[list[float]]: A polygon x1, y1, x2, y2, ... in pixels per part,
        the largest part first, with holes filled. The list is empty for an
        empty mask, or if an outline has more than ``MAX_OUTLINE`` pixels.
    """
    crop, corner = _crop(encoded)
    contours, _ = cv2.findContours(
        crop, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    parts = []
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        part = np.zeros((height, width), np.uint8)
        cv2.drawContours(part, [contour], 0, 1, -1, offset=(-x, -y))
        try:
            polygon = _outline(part, tolerance) + corner + (x, y)
        except InputError:
            return []
        parts.append((-int(part.sum()), polygon.ravel().tolist()))
    return [polygon for _, polygon in sorted(parts, key=lambda p: p[0])]


def _crop(encoded: dict[str, Any]) -> tuple[Mask, npt.NDArray[np.int64]]:
    """Return the mask inside its box, and the corner of the box: x, y."""
    table = RunTable([encoded])
    return np.ascontiguousarray(table.columns(0).T), table.boxes[0, :2]


def _outline(part: Mask, tolerance: float) -> Corners:
    """Outline one part, with as few points as the tolerance allows."""
    stairs = _stairs(part)
    if tolerance <= 0:
        return _straight(stairs)
    while tolerance > 0.1:
        polygon = _simplify(stairs, tolerance)
        if len(polygon) > 2 and _iou(polygon, part) >= MIN_IOU:
            return polygon
        tolerance /= 2
    return _straight(stairs)


def _stairs(part: Mask) -> Corners:
    """Return the pixel corners along the outer edge, in steps of one pixel."""
    # At twice the size, a contour passes through every pixel corner on it.
    large = part.repeat(2, axis=0).repeat(2, axis=1)
    [contour], _ = cv2.findContours(
        large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    corners = (contour[:, 0] + 1) // 2
    kept = (corners != np.roll(corners, 1, axis=0)).any(axis=1)
    return corners[kept].astype(np.float64)


def _straight(corners: Corners) -> Corners:
    """Drop the corners between two steps in one direction."""
    before = corners - np.roll(corners, 1, axis=0)
    turns = (before != np.roll(before, -1, axis=0)).any(axis=1)
    return corners[turns]


def _simplify(stairs: Corners, tolerance: float) -> Corners:
    """Return the smallest polygon found within the tolerance of the edge.

    The straight lines that the stairs approximate pass through the midpoints
    of the pixel edges. The Douglas-Peucker algorithm selects from given
    points: pixel corners suit right angles, and midpoints, smoothed or not,
    suit all other shapes.
    """
    middles = (stairs + np.roll(stairs, -1, axis=0)) / 2
    best = middles
    for line in _lines(stairs, middles):
        for factor in FACTORS:
            chosen = _peucker(line, factor * tolerance)
            if 2 < len(chosen) < len(best):
                simplified = line[chosen]
                if _farthest(middles, simplified, chosen) <= tolerance:
                    best = simplified
    return best.round(2)


def _lines(stairs: Corners, middles: Corners) -> Iterator[Corners]:
    yield stairs
    line, smoothed = middles, 0
    for rounds in ROUNDS:
        while smoothed < rounds:
            line = (np.roll(line, 1, 0) + 2 * line + np.roll(line, -1, 0)) / 4
            smoothed += 1
        yield line


def _peucker(line: Corners, tolerance: float) -> npt.NDArray[np.int64]:
    """Return the sorted indices of the points that Douglas-Peucker keeps."""
    # Points come back in any order but unchanged by OpenCV, so their
    # coordinates give their indices.
    points = line.astype(np.float32)
    kept = cv2.approxPolyDP(points[:, None], tolerance, True)[:, 0]
    known = {point: i for i, point in enumerate(map(tuple, points.tolist()))}
    return np.array(sorted(known[tuple(p)] for p in kept.tolist()), np.int64)


def _farthest(
    corners: Corners, polygon: Corners, places: npt.NDArray[np.int64]
) -> float:
    """Return the largest distance of a corner from its side of a polygon."""
    count = len(corners)
    sides = np.diff(places, append=places[0] + count)
    own = np.repeat(np.arange(len(places)), sides)
    points = np.roll(corners, -places[0], axis=0)
    start, along = polygon[own], (np.roll(polygon, -1, 0) - polygon)[own]
    length = (along**2).sum(axis=1)
    offset = points - start
    part = (offset * along).sum(axis=1) / np.where(length > 0, length, 1)
    apart = offset - part.clip(0, 1)[:, None] * along
    return float(np.sqrt((apart**2).sum(axis=1).max()))


def _iou(polygon: Corners, part: Mask) -> float:
    """Return the IoU of a part and its polygon, filled by COCO's rule."""
    drawn = Segmentation(POLYGONS, polygons=[polygon])
    height, width = part.shape
    filled = coco_mask.decode(encode_segmentation(drawn, (height, width)))
    union = np.count_nonzero(filled | part)
    return np.count_nonzero(filled & part) / union
