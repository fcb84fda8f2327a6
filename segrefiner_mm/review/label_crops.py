"""Pictures of label maps for the review page: images, and layers on them."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.review.crops import Crop, Picture, jpeg, shrunk, thumb_jpeg
from segrefiner_mm.review.label_changes import Labels
from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
)
from segrefiner_mm.windows import Box

LONGEST = 1280  # pixels of the longer side of an image
# A small label map is enlarged to this longer side or more, so that outlines
# are thin.
LEAST = 640
FILL = 105  # opacity of segments, of 255
FILL_CHANGED = 200  # the same of changed pixels, where they are shown alone
SHARED_COLOUR = (255, 255, 255)  # outlines that did not change
GOLDEN = 0.618034  # neighbours in steps of this share of a circle differ most


def draw_labels(image: Picture, pair: LabelPair) -> Crop:
    """Draw an image and the segments before and after refinement.

    Args:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        pair (LabelPair): The label maps.

    Returns:
        Crop: The pictures, with the layers ``coarse``, ``refined`` and
        ``changes``. Its details are the segments that changed most: name,
        colour as ``#rrggbb``, area before, pixels gained and lost, and IoU.

    Raises:
        InputError: If a label map cannot be read.
    """
    before, after = pair.read()
    part = shrunk(image, LONGEST)
    height, width = part.shape[:2]
    scale = max(-(-LEAST // max(height, width)), 1)
    size = height * scale, width * scale
    moved = _any_within(before != after, size)
    small = [_nearest(labels, size) for labels in (before, after)]
    listed = [change.label for change in pair.changes.listed]
    table = _Colours([*small, np.array(listed, np.int64)], pair)
    fills = [table.of(labels) for labels in small]
    edges = [_edges(labels) for labels in small]
    layers = {
        'coarse': _layer(fills[0], edges[0], COARSE_COLOUR),
        'refined': _layer(fills[1], edges[1], REFINED_COLOUR),
        'changes': _changes(fills[1], moved, *edges),
    }
    details = [
        [
            pair.name_of(change.label),
            _hex(colour),
            *change[1:],
            round(change.iou, 4),
        ]
        for change, colour in zip(
            pair.changes.listed, table.of(listed), strict=True
        )
    ]
    return Crop(
        jpeg(part),
        (width, height),
        Box(0, 0, image.shape[1], image.shape[0]),
        thumb_jpeg(_on(part, layers['refined'], moved)),
        details,
        {name: _png(layer) for name, layer in layers.items()},
    )


class _Colours:
    """The colours of the labels of an image.

    The palette gives the colours of its labels. For other labels: if all are
    from 0 to 255, a label has the same colour in every image; else, as for
    the ids of segments, the colours are spread over the labels of the image.
    """

    def __init__(self, shown: list[Labels], pair: LabelPair) -> None:
        present = [np.unique(labels) for labels in shown]
        known = np.unique(np.concatenate(present)).astype(np.int64)
        small = bool(((known >= 0) & (known <= 255)).all())
        chosen = _sequence(known if small else np.arange(len(known)))
        if pair.palette:
            own = np.frombuffer(pair.palette, np.uint8).reshape(-1, 3)
            listed = (known >= 0) & (known < len(own))
            chosen[listed] = own[known[listed], ::-1]
        self._known = known
        self._table = np.full((len(known), 4), FILL, np.uint8)
        self._table[:, :3] = chosen
        self._table[np.isin(known, list(pair.ignore)), 3] = 0

    def of(self, labels: list[int] | Labels) -> Picture:
        """Return colours, (..., 4) BGRA; ignored labels are transparent."""
        places = np.searchsorted(self._known, np.asarray(labels, np.int64))
        return self._table[places]


def _sequence(places: Labels) -> Picture:
    """Return colours of a sequence whose neighbours differ, (N, 3) BGR."""
    hue = np.round(180 * ((places * GOLDEN) % 1)) % 180
    pale = np.where(places // 2 % 2, 150, 235)
    light = np.where(places // 3 % 2, 255, 205)
    hsv = np.stack([hue, pale, light], axis=1).astype(np.uint8)
    return cv2.cvtColor(hsv[None], cv2.COLOR_HSV2BGR)[0]


def _edges(labels: Labels) -> npt.NDArray[np.bool_]:
    """Find the pixels on both sides of a border between two labels."""
    edges = np.zeros(labels.shape, bool)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges


def _layer(
    fill: Picture, edges: npt.NDArray[np.bool_], colour: tuple[int, ...]
) -> Picture:
    layer = fill.copy()
    layer[edges] = (*colour, 255)
    return layer


def _changes(
    fill: Picture,
    moved: npt.NDArray[np.bool_],
    coarse: npt.NDArray[np.bool_],
    refined: npt.NDArray[np.bool_],
) -> Picture:
    """Draw changed pixels in their new colour, and both outlines."""
    layer = np.zeros_like(fill)
    layer[moved] = fill[moved]
    layer[moved, 3] = FILL_CHANGED
    layer[coarse & refined] = (*SHARED_COLOUR, FILL)
    layer[coarse & ~refined] = (*COARSE_COLOUR, 255)
    layer[refined & ~coarse] = (*REFINED_COLOUR, 255)
    return layer


def _on(
    image: Picture, layer: Picture, moved: npt.NDArray[np.bool_]
) -> Picture:
    """Lay a layer and the changed pixels over an image."""
    height, width = image.shape[:2]
    small = cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA)
    share = small[..., 3:].astype(np.float32) / 255
    mixed = image * (1 - share) + small[..., :3] * share
    mixed[_any_within(moved, (height, width))] = REFINED_COLOUR
    return mixed.round().astype(np.uint8)


def _nearest(labels: Labels, size: tuple[int, int]) -> Labels:
    rows, columns = (
        np.arange(new) * old // new
        for new, old in zip(size, labels.shape, strict=True)
    )
    return labels[rows][:, columns]


def _any_within(
    pixels: npt.NDArray[np.bool_], size: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Resize a mask; a pixel is set if any source pixel under it is set."""
    if max(size) >= max(pixels.shape):
        return _nearest(pixels, size)
    levels = pixels.astype(np.float32)
    small = cv2.resize(levels, size[::-1], interpolation=cv2.INTER_AREA)
    return small > 0


def _png(layer: Picture) -> bytes:
    # Most of a layer are runs of one colour.
    settings = [
        *(cv2.IMWRITE_PNG_COMPRESSION, 6),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
    ]
    return cv2.imencode('.png', layer, settings)[1].tobytes()


def _hex(colour: npt.NDArray[Any]) -> str:
    blue, green, red = colour[:3].tolist()
    return f'#{red:02x}{green:02x}{blue:02x}'
