"""COCO's encodings of a mask, checked before pycocotools decodes them.

pycocotools crashes on some invalid encodings. If an encoding does not cover
all pixels, pycocotools returns uninitialised memory for the missing ones.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.run_table import decode_runs
from segrefiner_mm.io.encodings.segmentation import (
    Corners,
    Segmentation,
    Size,
    read_segmentation,
)
from segrefiner_mm.io.limits import MAX_OUTLINE, check_pixels

MERGED = 16  # polygons of one object merged at a time


def decode_mask(
    segmentation: Any, size: Size | None = None
) -> npt.NDArray[np.uint8]:
    """Decode a run-length encoding or the polygons of one object.

    Args:
        segmentation (dict | list): See :func:`run_lengths`.
        size (tuple[int, int], optional): See :func:`run_lengths`. Defaults to
            None.

    Returns:
        np.ndarray: (H, W) uint8, values 0 and 1.

    Raises:
        InputError: If the encoding is invalid, of another size, or too large.
    """
    encoded = run_lengths(segmentation, size)
    return np.ascontiguousarray(coco_mask.decode(encoded))


def run_lengths(segmentation: Any, size: Size | None = None) -> dict[str, Any]:
    """Convert any of COCO's encodings to compressed run lengths.

    Args:
        segmentation (dict | list): ``size`` and ``counts``, a list or
            compressed; or a list of polygons x1, y1, x2, y2, ... in pixels.
            See :func:`read_segmentation` for variants.
        size (tuple[int, int], optional): Height and width of the image, which
            polygons need. Defaults to None: those of the encoding.

    Returns:
        dict: ``size``, height and width, and compressed ``counts``, bytes, as
        the functions of pycocotools take them.

    Raises:
        InputError: If there is no mask, or the encoding is invalid, of
            another size, or too large.
    """
    read = read_segmentation(segmentation)
    if read is None:
        raise InputError('there is no polygon and no run-length encoding')
    return encode_segmentation(read, size)


def encode_segmentation(
    mask: Segmentation, size: Size | None = None
) -> dict[str, Any]:
    """Compress a parsed segmentation.

    Args:
        mask (Segmentation): From :func:`read_segmentation`.
        size (tuple[int, int], optional): See :func:`run_lengths`. Defaults to
            None.

    Returns:
        dict: See :func:`run_lengths`.

    Raises:
        InputError: If the encoding is invalid, of another size, or too large,
            or if ``size`` is missing for polygons.
    """
    if mask.size is None:
        if size is None:
            raise InputError('polygons need the size of their image')
        return _from_polygons(mask.polygons, (int(size[0]), int(size[1])))
    height, width = mask.size
    if size is not None and mask.size != tuple(size):
        raise InputError(
            f'a run-length encoding is of {height} x {width} pixels, its '
            f'image has {size[0]} x {size[1]}'
        )
    check_pixels(height, width, 'a mask')
    if isinstance(mask.counts, bytes):
        checked = dict(size=[height, width], counts=mask.counts)
        decode_runs([checked])
        return checked
    assert mask.counts is not None
    runs = mask.counts
    # Check each length too, as the sum of large ones may overflow.
    pixels, most = height * width, int(runs.max(initial=0))
    covered = sum(runs.tolist()) if most > pixels else int(runs.sum())
    if runs.min(initial=0) < 0 or most > pixels or covered != pixels:
        raise InputError(
            f'a run-length encoding covers {covered} pixels, not the '
            f'{height} x {width} that it names'
        )
    return from_runs(runs, (height, width))


def from_runs(runs: npt.NDArray[np.int64], size: Size) -> dict[str, Any]:
    """Compress run lengths.

    Args:
        runs (np.ndarray): (N,) int64, of background and foreground in turn,
            column by column; their sum is height times width.
        size (tuple[int, int]): Height and width.

    Returns:
        dict: See :func:`run_lengths`.
    """
    given = dict(size=list(size), counts=runs.tolist())
    return coco_mask.frPyObjects(given, *size)


def _from_polygons(polygons: Sequence[Corners], size: Size) -> dict[str, Any]:
    check_pixels(*size, 'an image')
    outline = 0.0
    for polygon in polygons:
        # The path to distant corners would be traced pixel by pixel.
        if not (np.abs(polygon) < 10 * max(size) + 100).all():
            raise InputError('a polygon has corners far outside its image')
        steps = np.abs(np.diff(polygon, axis=0, append=polygon[:1]))
        outline += float(steps.max(axis=1).sum())
    if outline > MAX_OUTLINE:
        raise InputError(
            f'a polygon has an outline of {outline:,.0f} pixels, more than '
            f'the {MAX_OUTLINE:,} that are allowed'
        )
    lists = [polygon.ravel().tolist() for polygon in polygons]
    parts = coco_mask.frPyObjects(lists, *size)
    # A few at a time, as each merge reads all that was merged before.
    while len(parts) > 1:
        parts = [
            coco_mask.merge(parts[first : first + MERGED])
            for first in range(0, len(parts), MERGED)
        ]
    return parts[0]


def encode_mask(mask: npt.NDArray[Any]) -> dict[str, Any]:
    """Encode a mask for JSON.

    Args:
        mask (np.ndarray): (H, W), bool or values 0 and 1.

    Returns:
        dict: ``size``, height and width, and compressed ``counts``, a str.
    """
    return with_text(coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8)))


def with_text(encoded: dict[str, Any]) -> dict[str, Any]:
    """Convert compressed run lengths to types that JSON can hold.

    Args:
        encoded (dict): ``size`` and compressed ``counts``, bytes or a str.

    Returns:
        dict: ``size``, a list, and ``counts``, a str.
    """
    counts = encoded['counts']
    counts = counts.decode() if isinstance(counts, bytes) else counts
    return dict(size=list(encoded['size']), counts=counts)


def colours_to_ids(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Convert the colours of a COCO panoptic PNG to segment ids.

    Args:
        colours (np.ndarray): (H, W, 3) uint8, RGB.

    Returns:
        np.ndarray: (H, W) int32, 0 to 2^24 - 1.
    """
    red, green, blue = np.moveaxis(colours.astype(np.int32), 2, 0)
    return red + (green << 8) + (blue << 16)
