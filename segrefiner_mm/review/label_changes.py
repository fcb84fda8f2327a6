"""The changes of a label map by refinement, segment by segment."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import by

Labels = npt.NDArray[Any]

MOST_LISTED = 12  # segments of an image that the page lists


class SegmentChange(NamedTuple):
    """The change of one label, in pixels.

    Attributes:
        label (int): The label.
        before (int): Area in the coarse label map.
        gained (int): Number of pixels that have this label only after
            refinement.
        lost (int): Number of pixels that have this label only before
            refinement.
    """

    label: int
    before: int
    gained: int
    lost: int

    @property
    def iou(self) -> float:
        """IoU of the label before and after, 0 to 1."""
        return (self.before - self.lost) / (self.before + self.gained)


class LabelChanges(NamedTuple):
    """The change of a label map.

    Attributes:
        size (tuple[int, int]): Height and width.
        pixels (int): Number of pixels whose label changed.
        labels (int): Number of labels in the coarse label map, without
            ignored ones.
        changed (int): Number of labels that gained or lost pixels, without
            ignored ones.
        least_iou (float): Lowest IoU of a label before and after, 0 to 1; 1
            if no label changed.
        listed (tuple[SegmentChange, ...]): At most ``MOST_LISTED`` labels,
            those with the most gained and lost pixels first.
    """

    size: tuple[int, int]
    pixels: int
    labels: int
    changed: int
    least_iou: float
    listed: tuple[SegmentChange, ...]

    @property
    def share(self) -> float:
        """Changed pixels relative to all pixels, 0 to 1."""
        return self.pixels / (self.size[0] * self.size[1])


def label_changes(
    before: Labels, after: Labels, ignore: Sequence[int] = ()
) -> LabelChanges:
    """Compare a coarse label map with the refined one.

    Args:
        before (np.ndarray): (H, W) integers, the coarse label map.
        after (np.ndarray): (H, W) integers, the refined label map.
        ignore (Sequence[int]): Labels that are not segments, such as void.
            Defaults to ().

    Returns:
        LabelChanges: The changes.

    Raises:
        InputError: If the sizes differ.
    """
    if before.shape != after.shape:
        raise InputError(
            'the sizes differ: the coarse label map has '
            f'{by(before.shape)} pixels, the refined one {by(after.shape)}'
        )
    moved = before != after
    areas, gained, lost = map(_counts, (before, after[moved], before[moved]))
    changed = [
        SegmentChange(
            label,
            areas.get(label, 0),
            gained.get(label, 0),
            lost.get(label, 0),
        )
        for label in sorted((gained.keys() | lost.keys()) - set(ignore))
    ]
    listed = sorted(changed, key=lambda c: -c.gained - c.lost)
    height, width = before.shape
    return LabelChanges(
        (height, width),
        int(np.count_nonzero(moved)),
        len(areas.keys() - set(ignore)),
        len(changed),
        min((change.iou for change in changed), default=1.0),
        tuple(listed[:MOST_LISTED]),
    )


def _counts(labels: Labels) -> dict[int, int]:
    names, counts = np.unique(labels, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))
