"""Estimation of the motion between two frames by dense optical flow."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.windows import Box

Array = npt.NDArray[Any]

# Longest side of the images in which motion is estimated.
LONGEST_SIDE = 512
# Shorter sides have too few pixels for the pyramid of the method.
SHORTEST_SIDE = 16
# Difference in grey levels from which motion has not explained a pixel.
UNEXPLAINED = 25.0
# Radius of the averaging, as a fraction of the root of an object's area.
SMOOTH = 0.08
# Corrections of the motion of an object, and how much they are damped.
ITERATIONS = 3
DAMPING = 0.1
# Gap between dense flow and the motion of an object, in pixels of the small
# image, at which the dense flow counts by a factor of 1 / e.
SAME_MOTION = 4.0


@dataclass(frozen=True)
class Motion:
    """The motion of pixels between the previous frame and a frame.

    Attributes:
        now (np.ndarray): (h, w) uint8, the frame, from :func:`small_grey`.
        before (np.ndarray): (h, w) uint8, the previous frame.
        flow (np.ndarray): (h, w, 2) float32, in pixels of the small image:
            the content at (x, y) was at (x, y) + flow in the previous frame.
        trust (np.ndarray): (h, w) float32, 0 to 1: how well the previous
            frame, warped by the flow, agrees with the frame; 0 for pixels
            that came from outside the image.
        size (tuple[int, int]): Height and width of the frames.
        unexplained (float): Fraction of the image, 0 to 1, that differs from
            the warped previous frame.
    """

    now: Array
    before: Array
    flow: Array
    trust: Array
    size: tuple[int, int]
    unexplained: float

    def of_object(self, box: Box, mask: Array) -> tuple[Array, Array]:
        """Return the motion of an object, also just outside its edge.

        The background may move differently. So the motion near the edge is
        the average motion of the object's interior, unless the dense flow is
        much the same: then that is used, as it is more exact.

        Args:
            box (Box): A part of the frame, at least one pixel wide and high.
            mask (np.ndarray): (h, w) bool, the object inside the box.

        Returns:
            tuple[np.ndarray, np.ndarray]: Flow, (h, w, 2) float32, in pixels
            of the frame, and trust, (h, w) float32, 0 to 1.
        """
        height, width = self.flow.shape[:2]
        down, across = height / self.size[0], width / self.size[1]
        x1, y1 = math.floor(box.x1 * across), math.floor(box.y1 * down)
        x2, y2 = math.ceil(box.x2 * across), math.ceil(box.y2 * down)
        small = Box(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))
        # From pixel centres of the part to those of the small image.
        matrix = np.array(
            [
                [across, 0, (box.x1 + 0.5) * across - 0.5 - x1],
                [0, down, (box.y1 + 0.5) * down - 0.5 - y1],
            ]
        )
        inside = cv2.warpAffine(
            mask.astype(np.float32), matrix, (small.width, small.height)
        )
        flow, trust = self._smooth(small, inside)
        flow, trust = (
            cv2.warpAffine(
                values,
                matrix,
                (box.width, box.height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for values in (flow, trust)
        )
        return flow / np.array([across, down], np.float32), trust

    def _smooth(self, box: Box, inside: Array) -> tuple[Array, Array]:
        """Average the motion inside an object, and compute its trust."""
        reach = max(round(SMOOTH * math.sqrt(float(inside.sum()))), 2)
        side = (2 * reach + 1, 2 * reach + 1)

        def mean(values: Array) -> Array:
            return cv2.blur(cv2.blur(values, side), side)

        # Deep inside the object, the flow is its own.
        depth = (2 * mean(inside) - 1).clip(0, 1) + 0.01
        weight = inside * depth * self.trust[box.slices()] + 1e-5
        total = mean(weight)
        flow = mean(self.flow[box.slices()] * weight[..., None])
        flow = flow / total[..., None]
        for _ in range(ITERATIONS):
            flow = flow + self._correction(flow, box, inside)
        gap = np.linalg.norm(self.flow[box.slices()] - flow, axis=-1)
        same = np.exp(-np.square(cv2.blur(gap, (5, 5)) / SAME_MOTION))
        flow += same[..., None] * (self.flow[box.slices()] - flow)
        difference, came_in = _difference(self.now, self.before, flow, box)
        weight = inside + 1e-4
        left = mean(difference * weight) / mean(weight)
        trust = np.exp(-np.square(left / UNEXPLAINED))
        trust[came_in] = 0
        return flow, trust

    def _correction(self, flow: Array, box: Box, inside: Array) -> Array:
        """Correct the motion of an object as a whole (Lucas and Kanade, 1981).

        Near its edge, dense flow mixes the object's motion with that of the
        background. The missing affine motion is fitted to the interior.
        """
        now = cv2.GaussianBlur(self.now[box.slices()], (0, 0), 1.0)
        columns, rows = grid(box)
        moved = cv2.remap(
            self.before,
            columns + flow[..., 0],
            rows + flow[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        moved = cv2.GaussianBlur(moved, (0, 0), 1.0).astype(np.float32)
        left = now - moved
        weight = inside * np.exp(-np.square(left / UNEXPLAINED))
        x = (columns - columns.mean()) / box.width
        y = (rows - rows.mean()) / box.height
        affine = np.stack(np.broadcast_arrays(np.float32(1), x, y), -1)
        slopes = (
            cv2.Sobel(moved, cv2.CV_32F, *order, scale=1 / 8)[..., None]
            for order in ((1, 0), (0, 1))
        )
        terms = np.concatenate([slope * affine for slope in slopes], -1)
        terms = terms.reshape(-1, 6)
        weighted = terms * weight.reshape(-1, 1)
        # Where the object has no texture, its motion stays as it is.
        normal = terms.T @ weighted + DAMPING * weight.sum() * np.eye(6)
        solved = np.linalg.solve(normal, weighted.T @ left.ravel())
        solved = solved.astype(np.float32).reshape(2, 3)
        shift = affine @ solved.T
        return np.clip(shift, -1, 1)


def small_grey(image: Array) -> Array:
    """Convert a frame to the small grey image in which motion is estimated.

    Args:
        image (np.ndarray): (H, W, 3) uint8, BGR.

    Returns:
        np.ndarray: (h, w) uint8, with sides of 16 to 512 pixels.
    """
    height, width = image.shape[:2]
    scale = min(LONGEST_SIDE / max(height, width), 1.0)
    size = [max(round(s * scale), SHORTEST_SIDE) for s in (width, height)]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def find_motion(now: Array, before: Array, size: tuple[int, int]) -> Motion:
    """Estimate motion by dense inverse search (DIS, arXiv 1603.03590).

    Args:
        now (np.ndarray): (h, w) uint8, the frame, from :func:`small_grey`.
        before (np.ndarray): (h, w) uint8, the previous frame.
        size (tuple[int, int]): Height and width of the original frames.

    Returns:
        Motion: The motion.
    """
    methods: Any = cv2  # its stubs do not know them
    method = methods.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    with _one_thread():
        flow = method.calc(now, before, None)
    whole = Box(0, 0, now.shape[1], now.shape[0])
    difference, came_in = _difference(now, before, flow, whole)
    difference = cv2.blur(difference, (5, 5))
    trust = np.exp(-np.square(difference / UNEXPLAINED))
    trust[came_in] = 0
    unexplained = float((difference > UNEXPLAINED).mean())
    return Motion(now, before, flow, trust, size, unexplained)


def _difference(
    now: Array, before: Array, flow: Array, box: Box
) -> tuple[Array, Array]:
    """Compare a part of a frame with the previous frame, warped by the flow.

    Returns:
        tuple[np.ndarray, np.ndarray]: Absolute difference, (h, w) float32, and
        the pixels that were outside the previous frame, (h, w) bool.
    """
    columns, rows = grid(box)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    moved = cv2.remap(
        before, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    difference = cv2.absdiff(now[box.slices()], moved).astype(np.float32)
    height, width = now.shape
    came_in = (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)
    return difference, came_in


def grid(box: Box) -> tuple[Array, Array]:
    """Return the column and the row of every pixel of a box.

    Args:
        box (Box): The box.

    Returns:
        tuple[np.ndarray, np.ndarray]: Columns, (1, w) float32, and rows,
        (h, 1) float32, in pixels of the image.
    """
    columns = np.arange(box.x1, box.x2, dtype=np.float32)[None]
    return columns, np.arange(box.y1, box.y2, dtype=np.float32)[:, None]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run OpenCV in one thread, as DIS splits the image by threads.

    Otherwise, the flow would depend on the number of cores.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
