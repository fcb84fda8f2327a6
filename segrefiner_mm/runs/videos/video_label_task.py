"""Label maps of a video, one per frame, with one number per object."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.image_files.video_frames import Image
from segrefiner_mm.io.label_maps import (
    LabelMap,
    encode_label_map,
    has_32_bits,
    read_label_map,
)
from segrefiner_mm.runs.videos.video_masks import Objects
from segrefiner_mm.runs.videos.video_task import check_frame_size
from segrefiner_mm.video import FrameMasks
from segrefiner_mm.windows import CompactMask, compact_masks


class VideoLabelTask:
    """Reads and writes label maps, in which 0 is the background.

    Args:
        folder (Path): Folder of the label maps.
        out (Path): Folder of the results.
        ignore (Sequence[int]): Labels whose pixels are not changed.
    """

    def __init__(self, folder: Path, out: Path, ignore: Sequence[int]) -> None:
        self._folder = folder
        self._out = out
        self._ignore = list(ignore)
        self._map: LabelMap | None = None

    def outputs(self, masks: Objects) -> list[Path]:
        """List the file to write; see :meth:`VideoTask.outputs`."""
        [path] = masks.values()
        suffix = '.tif' if has_32_bits(path) else '.png'
        return [
            (self._out / path.relative_to(self._folder)).with_suffix(suffix)
        ]

    def load(self, masks: Objects, image: Image) -> dict[int, CompactMask]:
        """Read the label map of a frame; see :meth:`VideoTask.load`."""
        if not masks:
            return {}
        [path] = masks.values()
        self._map = read_label_map(path)
        labels = self._map.labels
        check_frame_size(path, (labels.shape[0], labels.shape[1]), image)
        objects = {}
        for label in np.unique(labels).tolist():
            if label != 0 and label not in self._ignore:
                own = torch.from_numpy(labels == label)
                [objects[label]] = compact_masks(own[None])
        return objects

    def encode(self, masks: Objects, result: FrameMasks) -> dict[Path, bytes]:
        """Encode the label map of a frame; see :meth:`VideoTask.encode`."""
        [source], [path] = masks.values(), self.outputs(masks)
        assert self._map is not None
        labels = merged(self._map.labels, result, self._ignore)
        with about(source):
            content = encode_label_map(path, self._map._replace(labels=labels))
        return {path: content}


def merged(
    labels: npt.NDArray[Any], result: FrameMasks, ignore: Sequence[int]
) -> npt.NDArray[Any]:
    """Draw refined objects into a label map.

    Where two objects overlap, a pixel belongs to the object whose edge is
    farther away.

    Args:
        labels (np.ndarray): (H, W) integers, the coarse label map.
        result (FrameMasks): The refined objects, by label.
        ignore (Sequence[int]): Labels whose pixels are not changed.

    Returns:
        np.ndarray: The refined label map, a new array with the shape and the
        dtype of ``labels``; pixels outside all objects are 0.
    """
    kept = np.isin(labels, ignore)
    refined = np.where(kept, labels, 0).astype(labels.dtype)
    depth = np.zeros(labels.shape, np.float32)
    for label, part in result.objects.items():
        window = part.box.slices()
        # An edge may be half a step from the centre of a pixel.
        own = np.where(part.pixels, part.distance.clip(0.01), 0)
        wins = (own > depth[window]) & ~kept[window]
        refined[window][wins] = label
        depth[window][wins] = own[wins]
    return refined


def check_flat(masks: dict[int, Objects]) -> None:
    """Reject label maps in subfolders.

    Args:
        masks (dict[int, dict[str, Path]]): ``of_frame`` of
            :class:`VideoMasks`.

    Raises:
        InputError: If a label map is in a subfolder.
    """
    for objects in masks.values():
        for name, path in objects.items():
            if name:
                raise InputError(
                    f'{path} is in a subfolder: a label map holds all objects '
                    'of a frame in one file'
                )
