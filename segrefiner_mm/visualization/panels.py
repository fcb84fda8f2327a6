"""Pictures of refined masks: outlines, changes, confidence and errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.visualization.outlines import (
    COARSE_COLOUR,
    REFINED_COLOUR,
    TRUE_COLOUR,
    draw_outlines,
)

Picture = npt.NDArray[np.uint8]
Masks = Sequence[npt.NDArray[np.bool_]]
Colour = tuple[int, int, int]

# BGR. Blue against orange differs for any type of colour vision.
ADDED_COLOUR, REMOVED_COLOUR = (230, 160, 40), (0, 120, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
STRENGTH = 0.65  # opacity of a tint
BAR = 22  # pixels of the line with the legend


@dataclass
class DrawnMasks:
    """Masks to draw on one image.

    Attributes:
        coarse (Sequence[np.ndarray]): Coarse masks, (H, W) bool each. Defaults
            to ().
        refined (Sequence[np.ndarray]): Refined masks, (H, W) bool each.
            Defaults to ().
        true (Sequence[np.ndarray]): True masks, (H, W) bool each. Defaults to
            ().
        confidence (Sequence[float]): Confidence of each refined mask, 0 to 1.
            Defaults to ().
    """

    coarse: Masks = field(default_factory=tuple)
    refined: Masks = field(default_factory=tuple)
    true: Masks = field(default_factory=tuple)
    confidence: Sequence[float] = ()


def draw_panels(
    image: Picture, masks: DrawnMasks, names: Sequence[str]
) -> Picture:
    """Draw panels side by side, each with a legend above it.

    A panel whose masks or confidences are missing is left out.

    Args:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        masks (DrawnMasks): Masks of the size of the image.
        names (Sequence[str]): Keys of ``PANELS``, from left to right.

    Returns:
        np.ndarray: (H + BAR, N * W, 3) uint8 BGR for N panels; a copy of the
        image if all panels are left out.
    """
    drawn = [PANELS[name](image, masks) for name in names]
    panels = [panel for panel in drawn if panel is not None]
    return np.concatenate(panels, axis=1) if panels else image.copy()


def _outlines(image: Picture, masks: DrawnMasks) -> Picture | None:
    if not (len(masks.coarse) or len(masks.refined) or len(masks.true)):
        return None
    picture = draw_outlines(image, masks.coarse, masks.refined, masks.true)
    legend = [
        ('coarse', COARSE_COLOUR, masks.coarse),
        ('refined', REFINED_COLOUR, masks.refined),
        ('true', TRUE_COLOUR, masks.true),
    ]
    shown = [(name, colour) for name, colour, own in legend if len(own)]
    return _with_legend(picture, 'outlines', shown)


def _changes(image: Picture, masks: DrawnMasks) -> Picture | None:
    """Draw the pixels that refinement added to the masks or removed."""
    if not (len(masks.coarse) and len(masks.refined)):
        return None
    return _difference(
        image, masks.coarse, masks.refined, 'changes', ('added', 'removed')
    )


def _errors(image: Picture, masks: DrawnMasks) -> Picture | None:
    """Draw the pixels in which refined and true masks differ."""
    if not (len(masks.true) and len(masks.refined)):
        return None
    return _difference(
        image, masks.true, masks.refined, 'errors', ('too much', 'missing')
    )


def _difference(
    image: Picture,
    before: Masks,
    after: Masks,
    title: str,
    words: tuple[str, str],
) -> Picture:
    """Tint the pixels that only one of the two masks has."""
    old, new = (_union(part, image) for part in (before, after))
    picture = _dimmed(image)
    _tint(picture, new & ~old, ADDED_COLOUR, 0.85)
    _tint(picture, old & ~new, REMOVED_COLOUR, 0.85)
    colours = (ADDED_COLOUR, REMOVED_COLOUR)
    return _with_legend(picture, title, list(zip(words, colours, strict=True)))


def _confidence(image: Picture, masks: DrawnMasks) -> Picture | None:
    """Draw refined masks in the colour of their confidence, with its value."""
    if not len(masks.refined) or len(masks.confidence) != len(masks.refined):
        return None
    picture = _dimmed(image)
    for mask, value in zip(masks.refined, masks.confidence, strict=True):
        _tint(picture, mask, _colour_of(value), STRENGTH)
    for mask, value in zip(masks.refined, masks.confidence, strict=True):
        if mask.any():
            _write(picture, f'{value:.2f}', _inside(mask))
    ends = [('confidence 0', _colour_of(0.0)), ('1', _colour_of(1.0))]
    return _with_legend(picture, '', ends)


PANELS: dict[str, Callable[[Picture, DrawnMasks], Picture | None]] = {
    'outlines': _outlines,
    'changes': _changes,
    'confidence': _confidence,
    'errors': _errors,
}


def _union(masks: Masks, image: Picture) -> npt.NDArray[np.bool_]:
    union = np.zeros(image.shape[:2], bool)
    for mask in masks:
        union |= mask
    return union


def _dimmed(image: Picture) -> Picture:
    """Return the image in grey of medium brightness, to draw on."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    soft = (60 + grey * 0.45).astype(np.uint8)
    return cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR)


def _tint(
    picture: Picture,
    mask: npt.NDArray[np.bool_],
    colour: Colour,
    strength: float,
) -> None:
    mixed = picture[mask] * (1 - strength) + np.array(colour) * strength
    picture[mask] = mixed.astype(np.uint8)


def _colour_of(value: float) -> Colour:
    """Return the colour of a number from 0 to 1 in viridis, as BGR."""
    level = np.array([[round(255 * min(max(value, 0.0), 1.0))]], np.uint8)
    blue, green, red = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)[0, 0]
    return int(blue), int(green), int(red)


def _inside(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return column and row of the pixel farthest from the edge of a mask."""
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(column) - 1, int(row) - 1


def _write(picture: Picture, text: str, centre: tuple[int, int]) -> None:
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (width, height), _ = cv2.getTextSize(text, font, scale, 1)
    # Inside the picture, where it is large enough.
    x = min(max(centre[0] - width // 2, 1), picture.shape[1] - width - 1)
    y = min(max(centre[1] + height // 2, height), picture.shape[0] - 2)
    for colour, thickness in ((BLACK, 3), (WHITE, 1)):
        cv2.putText(
            picture, text, (x, y), font, scale, colour, thickness, cv2.LINE_AA
        )


def _with_legend(
    picture: Picture, title: str, legend: list[tuple[str, Colour]]
) -> Picture:
    """Put a line with the names of the colours above a picture."""
    bar = np.full((BAR, picture.shape[1], 3), 24, np.uint8)
    x = 4
    for text, colour in [(f'{title}:', None), *legend] if title else legend:
        if colour is not None:
            cv2.rectangle(bar, (x, 7), (x + 12, 15), colour, -1)
            cv2.rectangle(bar, (x, 7), (x + 12, 15), WHITE, 1)
            x += 16
        font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.4
        cv2.putText(bar, text, (x, 15), font, scale, WHITE, 1, cv2.LINE_AA)
        x += cv2.getTextSize(text, font, scale, 1)[0][0] + 10
    return np.concatenate([bar, picture])
