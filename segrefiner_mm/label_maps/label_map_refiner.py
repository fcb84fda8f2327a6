"""Refines maps with one label per pixel: semantic and panoptic."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.label_maps.label_merge import UNKNOWN, LabelMerge, Region
from segrefiner_mm.models import RefineJob, RefineSettings, SegRefiner
from segrefiner_mm.windows import KEPT, Box, CompactMask, RefinedMask

LabelJob = tuple[Tensor, np.ndarray, Any]
# In a good map, regions with this belief stay.
DOUBT = 0.5


class _Part(NamedTuple):
    """Regions that are refined in one part of an image.

    Attributes:
        at (Box): The part.
        core (Box): What of it the outcome is good for.
        regions (list[Region]): Inside ``at``.
        merge (LabelMerge): Of the whole image.
        tag (object): Of the whole image.
        last (bool): Whether it is the last part of the image.
    """

    at: Box
    core: Box
    regions: list[Region]
    merge: LabelMerge
    tag: Any
    last: bool = False


class LabelMapRefiner:
    """Refines the regions of a label map, and merges by probability.

    Every connected region of a label is refined as a mask of its own: whole
    in a window around it, or in tiles if it is large. A label with a region
    that fills the picture or reaches around it is what objects stand before,
    which the network does not know; it gets what objects give up. Where a
    guard keeps most regions of a map, only those stay in work that it plainly
    disbelieves. Every pixel ends with one label, and none comes up where its
    own region is not.

    Args:
        refiner (SegRefiner): The network.
        settings (RefineSettings): From :meth:`SegRefiner.settings`.
        tile_size (int): Regions that are larger, in pixels, are refined in
            tiles of this side. Defaults to 640.
        margin (int): Context on every side of a tile. Defaults to 64.
        min_area (int): Regions of fewer pixels stay as they are. Defaults to
            64.
        ignore (Sequence[int]): Labels that stay as they are. Defaults to
            (255,).
        background (Sequence[int], optional): Labels that objects stand
            before; all others are objects. Defaults to None: found per
            picture.

    Raises:
        InputError: If a size does not make sense.
    """

    def __init__(
        self,
        refiner: SegRefiner,
        settings: RefineSettings,
        tile_size: int = 640,
        margin: int = 64,
        min_area: int = 64,
        ignore: Sequence[int] = (255,),
        background: Sequence[int] | None = None,
    ) -> None:
        if not 0 <= 2 * margin < tile_size:
            raise InputError(
                'tile_size must be more than twice the margin, got '
                f'{tile_size} and {margin}'
            )
        self.refiner = refiner
        self.settings = settings
        self.tile_size = tile_size
        self.margin = margin
        self.min_area = min_area
        self.ignore = tuple(ignore)
        self.background = background

    def refine(
        self, jobs: Iterable[LabelJob]
    ) -> Iterator[tuple[np.ndarray, Any]]:
        """Refine a stream of label maps; windows of several share batches.

        Args:
            jobs (Iterable[tuple]): Images (3, H, W) uint8, label maps (H, W)
                of integers, and what comes back with the result.

        Yields:
            tuple[np.ndarray, Any]: Refined map, a new array of the same
            dtype; and the third of the job. In order.

        Raises:
            InputError: If an image and its map differ in size.
        """
        results = self.refiner.refine(self._jobs(jobs), self.settings)
        done: list[tuple[_Part, list[RefinedMask]]] = []
        for job, refined in results:
            part: _Part = job.tag
            done.append((part, refined))
            if not part.last:
                continue
            firm = is_good_map([o for _, refined in done for o in refined])
            for part, refined in done:
                for region, outcome in zip(part.regions, refined, strict=True):
                    if firm and outcome.evidence.get('belief', 0.0) >= DOUBT:
                        outcome = replace(outcome, verdict=KEPT)
                    part.merge.add(region, outcome, part.at, part.core)
            yield part.merge.result(), part.tag
            done.clear()

    def _jobs(self, jobs: Iterable[LabelJob]) -> Iterator[RefineJob]:
        device = self.refiner.device
        for image, labels, tag in jobs:
            if image.shape[1:] != labels.shape:
                raise InputError(
                    f'the image is {image.shape[1]} x {image.shape[2]}, its '
                    f'label map {labels.shape[0]} x {labels.shape[1]}'
                )
            image = image.to(device)
            for part in self._parts(labels, tag):
                masks = [region.mask.to(device) for region in part.regions]
                crop = image[(slice(None), *part.at.slices())]
                yield RefineJob(crop, masks, part)

    def _parts(self, labels: np.ndarray, tag: Any) -> list[_Part]:
        """What is refined in one piece, and the tiles of what is not."""
        merge = LabelMerge(labels, self.ignore)
        whole = Box(0, 0, labels.shape[1], labels.shape[0])
        small, large = [], []
        regions = self._regions(labels)
        behind = self._behind(regions)
        for region in regions:
            box = region.mask.box
            if region.label in behind:
                merge.stays(region, UNKNOWN, whole)
            elif max(box.width, box.height) <= self.tile_size:
                small.append(region)
            else:
                large.append(region)
        parts = [_Part(whole, whole, small, merge, tag)]
        for tile in tiles_of(whole, self.tile_size, self.margin):
            pieces = self._pieces(large, *tile, merge)
            if pieces:
                parts.append(_Part(*tile, pieces, merge, tag))
        parts[-1] = parts[-1]._replace(last=True)
        return parts

    def _behind(self, regions: list[Region]) -> set[int]:
        """The labels that objects stand before."""
        if self.background is not None:
            return set(self.background)
        # What is background in one place is seen through holes in another.
        behind = {region.label for region in regions if not region.is_object}
        if regions and len(behind) == len({r.label for r in regions}):
            return {max(regions, key=lambda region: region.mask.area).label}
        return behind

    def _regions(self, labels: np.ndarray) -> list[Region]:
        """The connected regions of a map that are large enough."""
        present = np.unique(labels)
        if len(present) < 2:
            return []
        return [
            Region(int(label), mask)
            for label in present[~np.isin(present, self.ignore)]
            for mask in self._connected(labels == label)
        ]

    def _connected(self, pixels: np.ndarray) -> list[CompactMask]:
        """The connected parts of a mask that are large enough."""
        _, parts, stats, _ = cv2.connectedComponentsWithStats(
            pixels.astype(np.uint8)
        )
        masks = []
        for part, (x, y, w, h, area) in enumerate(stats.tolist()):
            if part and area >= self.min_area:
                box = Box(x, y, x + w, y + h)
                inside = torch.from_numpy(parts[box.slices()] == part)
                masks.append(CompactMask(pixels.shape, box, inside, area))
        return masks

    def _pieces(
        self, regions: list[Region], at: Box, core: Box, merge: LabelMerge
    ) -> list[Region]:
        """The pieces of large regions in a tile that look like objects."""
        pieces = []
        for label, mask in regions:
            inside = mask.crop(at).numpy()
            if inside.all():  # no edge to refine
                continue
            for piece in self._connected(inside):
                region = Region(label, piece)
                if region.is_object:
                    pieces.append(region)
                else:
                    merge.stays(region, UNKNOWN, at)
        return pieces


def is_good_map(outcomes: Iterable[RefinedMask]) -> bool:
    """Whether a guard has kept most of what it has judged of a label map.

    The regions of a map come from one hand, so in a map that is good the
    network errs more often about a region than the map does.

    Args:
        outcomes (Iterable[RefinedMask]): Of the regions.

    Returns:
        bool: True if three of four were kept.
    """
    kept = [o.verdict == KEPT for o in outcomes if 'belief' in o.evidence]
    return sum(kept) >= 0.75 * len(kept) > 0


def tiles_of(whole: Box, size: int, margin: int) -> list[tuple[Box, Box]]:
    """Cover an image with tiles whose cores do not overlap.

    Args:
        whole (Box): The image.
        size (int): Largest side of a tile.
        margin (int): Context around a core.

    Returns:
        list[tuple[Box, Box]]: Tile and core, row by row.
    """
    rows = _cuts(whole.height, size, margin)
    columns = _cuts(whole.width, size, margin)
    cores = [
        Box(x1, y1, x2, y2)
        for y1, y2 in pairwise(rows)
        for x1, x2 in pairwise(columns)
    ]
    height, width = whole.height, whole.width
    return [(core.grow(margin, height, width), core) for core in cores]


def _cuts(length: int, size: int, margin: int) -> list[int]:
    if length <= size:
        return [0, length]
    count = -(-length // (size - 2 * margin))
    return [round(length * index / count) for index in range(count + 1)]
