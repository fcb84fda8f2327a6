"""COCO's ways to write a mask, checked before pycocotools sees them.

pycocotools crashes on some faulty encodings, and fills what others do not
cover with whatever is in memory.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from segrefiner_mm.errors import InputError
from segrefiner_mm.run_table import decode_runs

Size = tuple[int, int]


def decode_mask(
    segmentation: Any, size: Size | None = None
) -> npt.NDArray[np.uint8]:
    """Decode a run-length encoding or the polygons of one object.

    Args:
        segmentation (dict | list): See :func:`run_lengths`.
        size (tuple[int, int], optional): See :func:`run_lengths`.

    Returns:
        np.ndarray: (H, W) uint8, values 0 and 1.

    Raises:
        InputError: If it is faulty or of another size.
    """
    encoded = run_lengths(segmentation, size)
    return np.ascontiguousarray(coco_mask.decode(encoded))


def run_lengths(segmentation: Any, size: Size | None = None) -> dict[str, Any]:
    """Turn any of COCO's encodings into the one that pycocotools works on.

    Args:
        segmentation (dict | list): ``size`` and ``counts``, a list or
            compressed; or a list of polygons x1, y1, x2, y2, ... in pixels.
        size (tuple[int, int], optional): Height and width of the image, which
            polygons need. Defaults to None: those of the encoding.

    Returns:
        dict: ``size`` and compressed ``counts``.

    Raises:
        InputError: If it is faulty or of another size.
    """
    try:
        if isinstance(segmentation, dict):
            return _from_runs(segmentation, size)
        return _from_polygons(segmentation, size)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            'a mask is neither a valid run-length encoding nor a list of '
            f'polygons: {type(error).__name__}: {error}'
        ) from None


def _from_runs(encoded: dict[str, Any], size: Size | None) -> dict[str, Any]:
    height, width = (int(side) for side in encoded['size'])
    if height < 1 or width < 1:
        raise InputError(f'a mask cannot have {height} x {width} pixels')
    if size is not None and (height, width) != tuple(size):
        raise InputError(
            f'a run-length encoding is of {height} x {width} pixels, its '
            f'image has {size[0]} x {size[1]}'
        )
    counts = encoded['counts']
    if isinstance(counts, (str, bytes)):
        counts = counts.encode() if isinstance(counts, str) else counts
        checked = dict(size=[height, width], counts=counts)
        decode_runs([checked])
        return checked
    runs = np.array(counts, np.int64)
    if runs.min(initial=0) < 0 or runs.sum() != height * width:
        raise InputError(
            f'a run-length encoding covers {runs.sum()} pixels, not the '
            f'{height} x {width} that it names'
        )
    given = dict(size=[height, width], counts=runs.tolist())
    return coco_mask.frPyObjects(given, height, width)


def _from_polygons(polygons: Any, size: Size | None) -> dict[str, Any]:
    if size is None:
        raise InputError('polygons need the size of their image')
    corners = [np.asarray(polygon, float) for polygon in polygons]
    if not corners:
        raise InputError('there is no polygon')
    for polygon in corners:
        if polygon.ndim != 1 or len(polygon) < 6 or len(polygon) % 2:
            raise InputError(
                'a polygon is a list x1, y1, x2, y2, ... of at least 3 points'
            )
        # Far away corners would be traced pixel by pixel.
        if not (np.abs(polygon) < 10 * max(size) + 100).all():
            raise InputError('a polygon has corners far outside of its image')
    lists = [polygon.tolist() for polygon in corners]
    return coco_mask.merge(coco_mask.frPyObjects(lists, *size))


def encode_mask(mask: npt.NDArray[Any]) -> dict[str, Any]:
    """Encode a mask as json can hold it.

    Args:
        mask (np.ndarray): (H, W), bool or 0 and 1.

    Returns:
        dict: ``size`` and compressed ``counts``, a str.
    """
    encoded = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return dict(encoded, counts=encoded['counts'].decode())


def colours_to_ids(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Ids of the segments in a picture of COCO panoptic.

    Args:
        colours (np.ndarray): (H, W, 3) uint8, RGB.

    Returns:
        np.ndarray: (H, W) int32.
    """
    red, green, blue = np.moveaxis(colours.astype(np.int32), 2, 0)
    return red + (green << 8) + (blue << 16)


def has_holes(encoded: dict[str, Any]) -> bool:
    """Whether polygons, which have none, could not say the same."""
    contours, hierarchy = cv2.findContours(
        decode_mask(encoded), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    return bool(contours) and bool((hierarchy[0, :, 3] >= 0).any())


def outlines_of(encoded: dict[str, Any]) -> list[list[float]]:
    """Polygons along the outer edges of the pixels of a mask.

    Args:
        encoded (dict): See :func:`run_lengths`.

    Returns:
        list[list[float]]: x1, y1, x2, y2, ... per connected part; holes are
        filled.
    """
    # At twice the size a contour lies a quarter of a pixel inside the edge.
    large = decode_mask(encoded).repeat(2, axis=0).repeat(2, axis=1)
    contours, _ = cv2.findContours(
        large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = [(c[:, 0] + 0.5) / 2 for c in contours if len(c) > 2]
    return [polygon.ravel().tolist() for polygon in polygons]
