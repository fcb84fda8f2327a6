"""Video clips with known masks and motion, made of photographs.

A module of ``benchmark_video.py``, not a command.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

SIDE = 640  # longest side of a frame
NOISE = 2.0  # standard deviation of the noise of the camera, in grey levels
CAMERA, OBJECT = 'camera', 'object'  # what moves


class Photo(NamedTuple):
    """A photograph with the true mask of its object.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): (H, W) uint8, 0 and 1.
    """

    image: Array
    mask: Array


class Frame(NamedTuple):
    """A frame of a clip.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8, BGR.
        mask (np.ndarray): The true mask, (H, W) uint8, 0 and 1.
        flow (np.ndarray, optional): (H, W, 2) float32, in pixels: the point of
            the object at (x, y) was at (x, y) + flow in the previous frame.
            None for the first frame of a shot.
    """

    image: Array
    mask: Array
    flow: Array | None


class Clip(NamedTuple):
    """The content and motion of a clip.

    Attributes:
        photos (tuple[Photo, ...]): The photographs, one per shot.
        background (np.ndarray): Photograph behind moving objects, (H, W, 3)
            uint8, BGR.
        moves (str): ``'camera'``: the whole photograph moves; ``'object'``:
            the object moves over the background.
        leaves (bool): Whether the object leaves the frame and returns.
        stops (bool): Whether the motion stops in the middle of the clip.
        seed (int): Seed of motion and noise.
    """

    photos: tuple[Photo, ...]
    background: Array
    moves: str
    leaves: bool
    stops: bool
    seed: int


def frames_of(clip: Clip, count: int) -> Iterator[Frame]:
    """Draw the frames of a clip, one by one.

    Args:
        clip (Clip): The content and motion.
        count (int): Number of frames of all shots together.

    Yields:
        Frame: Frames with true mask and true motion, in order; the longest
        side is 640 pixels.
    """
    rng = np.random.default_rng([clip.seed, 1])
    bounds = np.linspace(0, count, len(clip.photos) + 1).astype(int)
    for shot, photo in enumerate(clip.photos):
        photo = _fitted(photo)
        motion = _Motion(photo, clip, shot)
        backdrop = cv2.resize(clip.background, photo.image.shape[1::-1])
        before = None
        for index in range(bounds[shot + 1] - bounds[shot]):
            time = index / count
            if clip.stops:  # from 40 % to 70 %
                time = min(time, 0.4) + max(time - 0.7, 0.0)
            place = motion.at(time)
            image, mask = _drawn(photo, backdrop, clip, place, time)
            noise = rng.normal(0, NOISE, image.shape)
            noisy = (image + noise).round().clip(0, 255).astype(np.uint8)
            flow: Array | None = None
            if before is not None:
                flow = before.to_frame(place.source) - _grid(mask.shape)
            yield Frame(noisy, mask, flow)
            before = place


def _fitted(photo: Photo) -> Photo:
    scale = SIDE / max(photo.mask.shape)
    size = [round(side * scale) for side in photo.mask.shape[::-1]]
    image = cv2.resize(photo.image, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(photo.mask * np.float32(1), size) >= 0.5
    return Photo(image, mask.astype(np.uint8))


def _drawn(
    photo: Photo, backdrop: Array, clip: Clip, place: '_Place', time: float
) -> tuple[Array, Array]:
    """Draw a frame without noise, and its mask."""
    source = np.ascontiguousarray(place.source)
    image = cv2.remap(
        photo.image, source, None, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT
    )
    soft = cv2.remap(
        photo.mask.astype(np.float32), source, None, cv2.INTER_LINEAR
    )
    if clip.moves == CAMERA:
        return image.astype(np.float32), (soft >= 0.5).astype(np.uint8)
    height, width = soft.shape
    shift = np.array([[1.15, 0, -0.1 * width * (0.5 + time)], [0, 1.15, -9]])
    behind = cv2.warpAffine(backdrop, shift, (width, height))
    alpha = soft[..., None]
    mixed = alpha * image + (1 - alpha) * behind
    return mixed, (soft >= 0.5).astype(np.uint8)


class _Place(NamedTuple):
    """The position of the photograph in a frame.

    Attributes:
        matrix (np.ndarray): (2, 3), photograph to frame, after the warp.
        waves (np.ndarray): Warp of the photograph: rows of two frequencies, a
            phase, and two amplitudes in pixels.
        source (np.ndarray): (H, W, 2) float32: position in the photograph of
            every pixel of the frame.
    """

    matrix: Array
    waves: Array
    source: Array

    def to_frame(self, points: Array) -> Array:
        """Map points of the photograph, (H, W, 2), to points of the frame."""
        moved = points + _warp(points, self.waves)
        linear = self.matrix[:, :2].astype(np.float32)
        return moved @ linear.T + self.matrix[:, 2].astype(np.float32)


class _Motion:
    """Smooth motion of a photograph: pan, zoom, rotation and a local warp."""

    def __init__(self, photo: Photo, clip: Clip, shot: int) -> None:
        rng = np.random.default_rng([clip.seed, 2, shot])
        self._shape = photo.mask.shape
        x, y, w, h = cv2.boundingRect(photo.mask)
        self._centre = np.array([x + w / 2, y + h / 2])
        self._side = max(w, h)
        self._leaves = clip.leaves
        self._phase = rng.uniform(0, 2 * np.pi, 5)
        self._speed = rng.uniform(0.6, 1.4, 5) * 2 * np.pi
        self._waves = np.column_stack(
            [
                rng.normal(0, 1, (4, 2)) * 2 * np.pi / self._side,
                rng.uniform(0, 2 * np.pi, 4),
                rng.normal(0, 0.008, (4, 2)) * self._side,
            ]
        )

    def at(self, time: float) -> _Place:
        """Return the position at a time, 0 to 1."""
        sway = np.sin(self._phase + self._speed * time)
        angle, zoom = 6 * sway[0], 1.06 + 0.08 * sway[1]
        matrix = cv2.getRotationMatrix2D(tuple(self._centre), angle, zoom)
        height, width = self._shape
        matrix[:, 2] += 0.06 * sway[2:4] * [width, height]
        if self._leaves:  # gone from 40 % to 60 %
            matrix[0, 2] += 1.9 * width * max(np.sin(np.pi * time) - 0.5, 0)
        waves = self._waves.copy()
        waves[:, 2] += self._speed[4] * 1.5 * time
        points = _grid(self._shape)
        inverse = cv2.invertAffineTransform(matrix).astype(np.float32)
        target = points @ inverse[:, :2].T + inverse[:, 2]
        source = target
        for _ in range(6):  # the warp is small, so this converges
            source = target - _warp(source, waves)
        return _Place(matrix, waves, source)


def _warp(points: Array, waves: Array) -> Array:
    shift = np.zeros_like(points)
    for *frequency, phase, across, down in waves.astype(np.float32):
        angle = points @ np.array(frequency, np.float32) + phase
        shift += np.sin(angle)[..., None] * np.array([across, down])
    return shift


def _grid(shape: tuple[int, ...]) -> Array:
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.stack([columns, rows], -1)
