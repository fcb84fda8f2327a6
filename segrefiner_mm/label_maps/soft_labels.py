"""The probability of every label of a refined label map."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.windows import Box

Labels = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
TOP = 65535


@dataclass(frozen=True)
class SoftLabels:
    """The probability of every label at every pixel, stored in boxes.

    At every pixel, the label of the refined label map has the highest
    probability; there are no ties.

    Attributes:
        size (tuple[int, int]): Height and width of the image.
        labels (list[int]): The C labels of the refined label map, ascending.
        boxes (list[Box]): Box of each label, outside which its probability is
            0.
        maps (list[np.ndarray]): Probability of each label inside its box,
            (h, w) uint16, 0 to 65,535 for 0 to 1.
    """

    size: tuple[int, int]
    labels: list[int]
    boxes: list[Box]
    maps: list[npt.NDArray[np.uint16]]

    def of(self, label: int) -> Floats:
        """Return the probability of a label.

        Args:
            label (int): One of ``labels``.

        Returns:
            np.ndarray: (H, W) float32, 0 to 1.

        Raises:
            ValueError: If the label is not one of ``labels``.
        """
        whole = self._dense(self.labels.index(label)).astype(np.float32)
        return whole / np.float32(TOP)

    def dense(self) -> Floats:
        """Return the probabilities of all labels.

        Returns:
            np.ndarray: (C, H, W) float32, 0 to 1, in the order of ``labels``.
        """
        return np.stack([self.of(label) for label in self.labels])

    def numbers(self, kind: str) -> npt.NDArray[Any]:
        """Return all probabilities in a dtype, without ties.

        Args:
            kind (str): ``'uint8'`` (0 to 255), ``'uint16'`` (0 to 65,535) or
                ``'float32'`` (0 to 1).

        Returns:
            np.ndarray: (C, H, W) of this dtype, in the order of ``labels``;
            their arg-max gives the refined label map.
        """
        if kind == 'float32':
            return self.dense()
        planes = range(len(self.labels))
        whole = np.stack([self._dense(index) for index in planes])
        if kind == 'uint16':
            return whole
        winner = whole.argmax(axis=0)
        bytes_ = ((whole.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return _without_ties(bytes_, winner)

    def labels_of_pixels(self) -> npt.NDArray[np.int32]:
        """Return the label with the highest probability at every pixel.

        Returns:
            np.ndarray: (H, W) int32.
        """
        best = self.numbers('uint16').argmax(axis=0)
        return np.array(self.labels, np.int32)[best]

    def _dense(self, index: int) -> npt.NDArray[np.uint16]:
        whole = np.zeros(self.size, np.uint16)
        whole[self.boxes[index].slices()] = self.maps[index]
        return whole


class SoftClaims:
    """Collects the claims of refined regions, and divides pixels among them.

    Args:
        size (tuple[int, int]): Height and width of the label map.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._claims: list[tuple[int, Box, Floats]] = []

    def add(self, label: int, box: Box, values: Floats) -> None:
        """Add the claim of a region.

        Args:
            label (int): Label of the region.
            box (Box): Box of the claimed pixels.
            values (np.ndarray): Probability of the region, (h, w) of the box,
                float32, 0 to 1.
        """
        self._claims.append((label, box, values))

    def shares(
        self, refined: Labels, rest: Labels, firm: npt.NDArray[np.bool_]
    ) -> SoftLabels:
        """Divide every pixel among the labels.

        Of several regions with the same label, only the strongest claim to a
        pixel counts. If the claims of all labels add up to more than 1, they
        are scaled to a sum of 1; else the label in ``rest`` gets the
        remainder. If another label than the one in ``refined`` would win, the
        two labels swap their probabilities.

        Args:
            refined (np.ndarray): Refined label map, (H, W) int.
            rest (np.ndarray): Labels that get unclaimed pixels, (H, W) int.
            firm (np.ndarray): Pixels in which the label in ``refined`` gets
                the probability 1, (H, W) bool.

        Returns:
            SoftLabels: The probabilities of the labels in ``refined``.
        """
        labels = [int(label) for label in np.unique(refined)]
        boxes = [self._box_of(label, refined, rest) for label in labels]
        maps = [
            self._claimed(label, box)
            for label, box in zip(labels, boxes, strict=True)
        ]
        total = np.zeros(self._size, np.float32)
        for box, values in zip(boxes, maps, strict=True):
            total[box.slices()] += values
        scale = 1 / np.maximum(total, 1)
        left = np.maximum(1 - total, 0)
        for label, box, values in zip(labels, boxes, maps, strict=True):
            here = box.slices()
            values *= scale[here]
            values += left[here] * (rest[here] == label)
            values[firm[here]] = (refined[here] == label)[firm[here]]
        _let_win(refined, labels, boxes, maps)
        whole = [np.round(v * TOP).astype(np.uint16) for v in maps]
        _lower_ties(refined, labels, boxes, whole)
        return SoftLabels(self._size, labels, boxes, whole)

    def _box_of(self, label: int, refined: Labels, rest: Labels) -> Box:
        """Return the box of all pixels that a label may get."""
        own = ((refined == label) | (rest == label)).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(own)
        box = Box(x, y, x + width, y + height)
        for other, place, _ in self._claims:
            if other == label:
                box = box.union(place)
        return box

    def _claimed(self, label: int, box: Box) -> Floats:
        values = np.zeros((box.height, box.width), np.float32)
        for other, place, claim in self._claims:
            if other == label:
                part = values[place.relative_to(box).slices()]
                np.maximum(part, claim, out=part)
        return values


def _let_win(
    refined: Labels, labels: list[int], boxes: list[Box], maps: list[Floats]
) -> None:
    """Swap probabilities so that the label of the label map wins."""
    highest = np.zeros(refined.shape, np.float32)
    own = np.zeros(refined.shape, np.float32)
    first = refined.copy()
    for label, box, values in zip(labels, boxes, maps, strict=True):
        here = box.slices()
        better = values > highest[here]
        highest[here][better] = values[better]
        first[here][better] = label
        mine = refined[here] == label
        own[here][mine] = values[mine]
    wrong = (first != refined) & (highest > own)
    for label, box, values in zip(labels, boxes, maps, strict=True):
        here = box.slices()
        winner = wrong[here] & (refined[here] == label)
        values[winner] = highest[here][winner]
        loser = wrong[here] & (first[here] == label)
        values[loser] = own[here][loser]


def _lower_ties(
    refined: Labels,
    labels: list[int],
    boxes: list[Box],
    maps: list[npt.NDArray[np.uint16]],
) -> None:
    """Lower the labels that tie with the label of the label map."""
    own = np.zeros(refined.shape, np.uint16)
    for label, box, values in zip(labels, boxes, maps, strict=True):
        mine = refined[box.slices()] == label
        own[box.slices()][mine] = values[mine]
    for label, box, values in zip(labels, boxes, maps, strict=True):
        here = box.slices()
        other = refined[here] != label
        np.minimum(values, own[here] - 1, out=values, where=other)


def _without_ties(
    planes: npt.NDArray[np.uint8], winner: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint8]:
    """Make the winner of every pixel unique."""
    own = np.take_along_axis(planes, winner[None], axis=0)
    own = np.maximum(own, 1)
    planes = np.minimum(planes, own - 1)
    np.put_along_axis(planes, winner[None], own, axis=0)
    return planes
