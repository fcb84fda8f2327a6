"""Polygons joined into one, for formats that hold one per object."""

import numpy as np
import numpy.typing as npt

Corners = npt.NDArray[np.float64]
_MOST_COMPARED = 1000  # corners of a polygon, to find the nearest two


def joined(parts: list[Corners]) -> Corners:
    """Join polygons into one, as a line of a label file has one polygon.

    The joined outline passes to the next polygon and back along the segment
    between their nearest corners.

    Args:
        parts (list[np.ndarray]): (N, 2) float64 each, x and y; at least one.

    Returns:
        np.ndarray: (M, 2) float64, the joined polygon.
    """
    whole = parts[0]
    for part in parts[1:]:
        steps = (
            len(whole) // _MOST_COMPARED + 1,
            len(part) // _MOST_COMPARED + 1,
        )
        some, other = whole[:: steps[0]], part[:: steps[1]]
        apart = np.square(some[:, None] - other[None]).sum(axis=2)
        near = np.unravel_index(apart.argmin(), apart.shape)
        here, there = (
            int(n) * step for n, step in zip(near, steps, strict=True)
        )
        tour = np.concatenate([part[there:], part[: there + 1]])
        whole = np.concatenate([whole[: here + 1], tour, whole[here:]])
    return whole
