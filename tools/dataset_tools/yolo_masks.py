"""Masks of the objects that a YOLO segmentation network finds.

A module of ``predict_masks.py``, not a command. The networks are exports for
TensorFlow Lite with two outputs: a row per box, and prototypes whose weighted
sums are the masks (Bolya et al., YOLACT, section 3.1).
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError

Array = npt.NDArray[Any]
# A batch of one, float32, to the outputs of the network.
Run = Callable[[Array], list[Array]]

MIN_CONFIDENCE = 0.25
# Of two boxes that overlap by more, the surer one counts.
MAX_OVERLAP = 0.7
GREY = 114


class YoloMasks:
    """Objects of a photograph, by a YOLO network with prototypes.

    Args:
        run (Callable): Takes a batch, (1, S, S, 3) float32 RGB, 0 to 1.
            Returns the rows, (1, M, 4 + C + P) or (1, 4 + C + P, M), and the
            prototypes, (1, h, w, P) or (1, P, h, w). A row is a box (centre,
            width and height, on a scale of 0 to 1), C class scores and P
            weights; in YOLOv5, the score of the box follows the box.
        side (int): Side S of the input, in pixels.
        box_score (bool): Whether the network is YOLOv5. Defaults to False.
    """

    def __init__(self, run: Run, side: int, box_score: bool = False) -> None:
        self.run = run
        self.side = side
        self.box_score = box_score

    def __call__(self, image: Array) -> list[npt.NDArray[np.bool_]]:
        """Find the objects in a photograph.

        Args:
            image (np.ndarray): (H, W, 3) uint8 BGR.

        Returns:
            list[np.ndarray]: A mask per object, (H, W) bool.
        """
        height, width = image.shape[:2]
        scale = self.side / max(height, width)
        inner = round(width * scale), round(height * scale)
        left, top = (self.side - inner[0]) // 2, (self.side - inner[1]) // 2
        seen = np.full((self.side, self.side, 3), GREY, np.uint8)
        seen[top : top + inner[1], left : left + inner[0]] = cv2.resize(
            image[:, :, ::-1], inner, interpolation=cv2.INTER_LINEAR
        )
        rows, prototypes = self._outputs((seen / np.float32(255))[None])
        boxes, weights = self._chosen(rows, prototypes.shape[-1])
        cell = self.side / prototypes.shape[0]
        inside = np.array([left, top, inner[0], inner[1]]) / cell
        x, y, w, h = np.round(inside).astype(int)
        masks = []
        for box, weight in zip(boxes, weights, strict=True):
            soft = prototypes @ weight
            soft = 1 / (1 + np.exp(-np.clip(soft, -50, 50)))
            soft = cropped(soft, box * prototypes.shape[0])
            soft = np.ascontiguousarray(soft[y : y + h, x : x + w])
            masks.append(cv2.resize(soft, (width, height)) > 0.5)
        return masks

    def _outputs(self, batch: Array) -> tuple[Array, Array]:
        """Return rows (M, 4 + C + P) and prototypes (h, w, P)."""
        rows, prototypes = sorted(self.run(batch), key=lambda out: out.ndim)
        prototypes = prototypes[0]
        if prototypes.shape[0] < prototypes.shape[-1]:
            prototypes = prototypes.transpose(1, 2, 0)
        rows = rows[0]
        return (rows if rows.shape[0] > rows.shape[1] else rows.T), prototypes

    def _chosen(self, rows: Array, count: int) -> tuple[Array, Array]:
        """Choose boxes; return corners (N, 4), 0 to 1, and weights (N, P)."""
        first = 5 if self.box_score else 4
        scores = rows[:, first:-count].max(1)
        if self.box_score:
            scores = scores * rows[:, 4]
        centre, size = rows[:, :2], rows[:, 2:4]
        boxes = np.concatenate([centre - size / 2, centre + size / 2], 1)
        kept = cv2.dnn.NMSBoxes(
            np.concatenate([boxes[:, :2], size], 1).tolist(),
            scores.tolist(),
            MIN_CONFIDENCE,
            MAX_OVERLAP,
        )
        chosen = np.asarray(kept, int).ravel()
        return boxes[chosen], rows[chosen, -count:]


def cropped(soft: Array, box: Array) -> Array:
    """Return a soft mask, (h, w), with 0 outside a box x1, y1, x2, y2."""
    left, top = np.floor(box[:2]).clip(0).astype(int)
    right, bottom = np.ceil(box[2:]).clip(0).astype(int)
    inside = np.zeros_like(soft)
    inside[top:bottom, left:right] = soft[top:bottom, left:right]
    return inside


def open_yolo(
    run: Run, shape: list[int], outputs: list[list[int]]
) -> YoloMasks:
    """Open a YOLO network; the shapes of its outputs tell its version.

    In YOLOv5, the boxes are along the first axis of the rows, three per cell;
    in later versions they are along the second axis, one per cell.

    Args:
        run (Callable): See :class:`YoloMasks`; the order of the axes of its
            input is that of ``shape``.
        shape (list[int]): Shape of the input, (1, S, S, 3) or (1, 3, S, S).
        outputs (list[list[int]]): Shapes of the two outputs.

    Returns:
        YoloMasks: The model.

    Raises:
        InputError: If the outputs are not those of a YOLO network.
    """
    rows, *others = [out for out in outputs if len(out) == 3] or [[]]
    if not rows or others:
        raise InputError(
            f'not a YOLO segmentation network: its outputs have the shapes '
            f'{outputs}, but rows with 3 and prototypes with 4 axes are needed'
        )
    if shape[1] != 3:
        return YoloMasks(run, shape[1], rows[1] > rows[2])

    def channels_first(batch: Array) -> list[Array]:
        return run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))

    return YoloMasks(channels_first, shape[2], rows[1] > rows[2])
