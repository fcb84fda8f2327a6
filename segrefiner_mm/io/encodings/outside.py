"""Measurement of how far polygons reach out of their image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Corners = npt.NDArray[np.float64]
Size = tuple[int, int]

# Polygons of real data sets reach up to two pixels out of their image.
TOLERANCE = 2
# Hand-drawn polygons cross the edge by less than these fractions of the area
# and the side; polygons beyond them were drawn on another image.
MUCH_AREA, MUCH_REACH = 0.2, 0.1


class Outside(NamedTuple):
    """Share of an object that lies outside the image.

    Attributes:
        area (float): Fraction of the object's area, 0 to 1.
        reach (float): Distance of the farthest corner from the image along x
            or y, as a fraction of the width or height; 0 or more.
    """

    area: float
    reach: float

    @property
    def much(self) -> bool:
        """bool: Whether the object must be of an image of another size."""
        return self.area > MUCH_AREA or self.reach > MUCH_REACH


INSIDE = Outside(0.0, 0.0)


def outside(polygons: Sequence[Corners], size: Size) -> Outside:
    """Measure how much of an object lies outside its image.

    Args:
        polygons (Sequence[np.ndarray]): (N, 2) float64 each, x and y in
            pixels; at least one polygon.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        Outside: ``INSIDE``, two zeros, if no corner is more than two pixels
        outside.
    """
    corners = np.concatenate(polygons)
    sides = np.array(size[::-1], float)
    over = np.maximum(-corners, corners - sides).max(axis=0)
    if over.max() <= TOLERANCE:
        return INSIDE
    reach = float((over / sides).max())
    whole = sum(_area(polygon) for polygon in polygons)
    inside = sum(_area(_clip(polygon, sides)) for polygon in polygons)
    return Outside(1 - inside / whole if whole > 0 else 1.0, reach)


def _area(polygon: Corners) -> float:
    if not len(polygon):
        return 0.0
    x, y = (polygon - polygon[0]).T
    return (
        float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    )


def _clip(polygon: Corners, sides: Corners) -> Corners:
    """Clip a polygon to the image (Sutherland and Hodgman, CACM 1974)."""
    for axis in (0, 1):
        for sign, limit in ((-1.0, 0.0), (1.0, float(sides[axis]))):
            if not len(polygon):
                return polygon
            distance = sign * (polygon[:, axis] - limit)
            inside = distance <= 0
            following, after = np.roll(polygon, -1, 0), np.roll(distance, -1)
            crosses = inside != np.roll(inside, -1)
            part = np.zeros(len(polygon))
            np.divide(distance, distance - after, out=part, where=crosses)
            crossing = polygon + part[:, None] * (following - polygon)
            both = np.stack([polygon, crossing], axis=1).reshape(-1, 2)
            polygon = both[np.stack([inside, crosses], axis=1).ravel()]
    return polygon
