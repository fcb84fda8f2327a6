"""Pictures of masks for the review page: crops, thumbnails and outlines."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
)
from segrefiner_mm.windows import Box, CompactMask

Picture = npt.NDArray[np.uint8]
Contours = list[npt.NDArray[np.int64]]

LONGEST = 480  # pixels of the longer side of a crop
THUMB = 96  # pixels of the longer side of a thumbnail
PAD = 0.15  # surroundings on every side, relative to the longer side
LEAST_PAD = 12  # the same in pixels
SIDE = 5  # thumbnails in a row of a sheet, and rows
QUALITY = 82  # quality of the JPEG files
THUMB_QUALITY = 95  # quality of thumbnails that wait for their sheet
# A small crop is shown enlarged, so its outlines follow every pixel. In a
# larger one, points that move an outline by less than this are left out.
EXACT, TOLERANCE = 160, 0.6


class Crop(NamedTuple):
    """The pictures of a pair of masks, or of label maps.

    Attributes:
        jpeg (bytes): JPEG of the image around both masks, or of the whole
            image for label maps, without outlines.
        size (tuple[int, int]): Width and height of ``jpeg``, in pixels.
        box (Box): Part of the image that ``jpeg`` shows, in pixels of the
            image.
        thumb (bytes): JPEG with the outlines or the changes drawn, at most
            ``THUMB`` pixels wide and high.
        details (list): Values that the page loads when the pair is selected.
            For masks: their outlines, the coarse mask first, as SVG paths in
            pixels of ``jpeg``. For label maps: see :func:`draw_labels`.
        layers (Mapping[str, bytes]): PNG files to lay over the image, by
            name. Defaults to {}.
    """

    jpeg: bytes
    size: tuple[int, int]
    box: Box
    thumb: bytes
    details: list[Any]
    layers: Mapping[str, bytes] = {}


def draw_crop(
    image: Picture, coarse: CompactMask, refined: CompactMask
) -> Crop:
    """Draw the surroundings of a pair of masks.

    Args:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        coarse (CompactMask): The coarse mask of the image, on the CPU.
        refined (CompactMask): The refined mask, on the CPU.

    Returns:
        Crop: The pictures.
    """
    masks = [coarse, refined]
    box = _surroundings([m.box for m in masks if m.area], image.shape)
    part = shrunk(image[box.slices()], LONGEST)
    height, width = part.shape[:2]
    inside = [_shrunk_mask(m.crop(box).numpy(), width, height) for m in masks]
    return Crop(
        jpeg(part),
        (width, height),
        box,
        thumb_jpeg(_thumb(part, inside)),
        [_path(outlines) for outlines in map(trace, inside)],
    )


def trace(mask: Picture) -> Contours:
    """Trace the outlines of a mask, holes included, along its pixel edges.

    For a mask with a side above 160 pixels, points that move an outline by
    less than 0.6 pixels are left out.

    Args:
        mask (np.ndarray): (H, W) uint8, 0 and 1.

    Returns:
        list[np.ndarray]: Closed outlines, (N, 2) int64 each, x and y of pixel
        corners.
    """
    # At twice the size, a contour passes through every pixel corner on it.
    large = mask.repeat(2, axis=0).repeat(2, axis=1)
    traced, _ = cv2.findContours(
        large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    fine = max(mask.shape) <= EXACT
    outlines = []
    for contour in traced:
        corners = (contour + 1) // 2
        if not fine:
            corners = cv2.approxPolyDP(corners, TOLERANCE, True)
        corners = corners[:, 0].astype(np.int64)
        kept = (corners != np.roll(corners, 1, axis=0)).any(axis=1)
        if kept.sum() > 1:
            outlines.append(corners[kept])
    return outlines


def _path(outlines: Contours) -> str:
    """Write outlines as an SVG path: a start, then steps."""
    parts = []
    for corners in outlines:
        steps = np.diff(corners, axis=0).ravel().tolist()
        x, y = corners[0].tolist()
        parts.append(f'M{x} {y}l{" ".join(map(str, steps))}z')
    return ''.join(parts)


def _surroundings(boxes: list[Box], shape: tuple[int, ...]) -> Box:
    """Return the box to show; the whole image if both masks are empty."""
    if not boxes:
        return Box(0, 0, shape[1], shape[0])
    both = boxes[0].union(boxes[-1])
    pad = max(round(PAD * max(both.width, both.height)), LEAST_PAD)
    return both.grow(pad, shape[0], shape[1])


def shrunk(picture: Picture, longest: int) -> Picture:
    """Shrink a picture so that its longer side has at most a given length.

    Args:
        picture (np.ndarray): (H, W, C) uint8.
        longest (int): Maximum length of the longer side, in pixels.

    Returns:
        np.ndarray: (h, w, C) uint8; the given array if it is small enough.
    """
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _shrunk_mask(
    mask: npt.NDArray[np.bool_], width: int, height: int
) -> Picture:
    if mask.shape == (height, width):
        return mask.astype(np.uint8)
    levels = mask.astype(np.uint8) * 255
    small = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    return (small >= 128).astype(np.uint8)


def _thumb(part: Picture, masks: list[Picture]) -> Picture:
    """Draw a thumbnail with both outlines."""
    thumb = shrunk(part, THUMB).copy()
    height, width = thumb.shape[:2]
    for mask, colour in zip(
        masks, (COARSE_COLOUR, REFINED_COLOUR), strict=True
    ):
        small = _shrunk_mask(mask > 0, width, height)
        contours, _ = cv2.findContours(
            small, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(thumb, contours, -1, colour, 1)
    return thumb


def draw_sheet(thumbs: Mapping[int, bytes]) -> bytes:
    """Draw thumbnails as one picture, ``SIDE`` in a row.

    Args:
        thumbs (Mapping[int, bytes]): Thumbnails of one sheet as JPEG, by
            their places, which count from 0 over all sheets.

    Returns:
        bytes: The sheet as JPEG.
    """
    side = SIDE * THUMB
    sheet = np.full((side, side, 3), 128, np.uint8)
    for place, encoded in thumbs.items():
        buffer = np.frombuffer(encoded, np.uint8)
        thumb = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
        assert thumb is not None  # it was encoded by draw_crop
        height, width = thumb.shape[:2]
        row, column = divmod(place % SIDE**2, SIDE)
        top, left = row * THUMB, column * THUMB
        sheet[top : top + height, left : left + width] = thumb
    return jpeg(sheet)


def thumb_jpeg(picture: Picture) -> bytes:
    """Encode a thumbnail for a sheet.

    Args:
        picture (np.ndarray): (H, W, 3) uint8 BGR, of any size.

    Returns:
        bytes: JPEG, at most ``THUMB`` pixels wide and high.
    """
    return jpeg(shrunk(picture, THUMB), THUMB_QUALITY)


def jpeg(picture: Picture, quality: int = QUALITY) -> bytes:
    """Encode a picture as JPEG.

    Args:
        picture (np.ndarray): (H, W, 3) uint8 BGR.
        quality (int): 0 to 100. Defaults to ``QUALITY``.

    Returns:
        bytes: Content of the JPEG file.
    """
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imencode('.jpg', picture, settings)[1].tobytes()
