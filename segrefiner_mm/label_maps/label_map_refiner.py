"""Refining label maps, semantic or panoptic."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.label_maps.label_merge import UNKNOWN, LabelMerge, Region
from segrefiner_mm.label_maps.label_tiles import tiles_of
from segrefiner_mm.label_maps.soft_labels import SoftLabels
from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.windows import (
    KEPT,
    Box,
    CompactMask,
    Only,
    RefinedMask,
    RefineJob,
)
from segrefiner_mm.windows.only_here import only_in
from segrefiner_mm.windows.refine_job import Tag

# Image, label map, tag, and the part that may change if not everything may.
LabelJob = (
    tuple[Tensor, npt.NDArray[Any], Tag]
    | tuple[Tensor, npt.NDArray[Any], Tag, Only | None]
)
# In a good label map, regions with this belief or more are kept.
DOUBT = 0.5


@dataclass(frozen=True)
class _Part(Generic[Tag]):
    """Regions that are refined in one part of an image.

    Attributes:
        at (Box): Position of the part in the image.
        core (Box): Area of the part for which the result is valid.
        regions (list[Region]): Regions, relative to ``at``.
        merge (LabelMerge): Shared by all parts of the image.
        tag (Tag): Tag of the image.
        only (CompactMask | str, optional): The area that may change, relative
            to ``at``. Defaults to None: everything.
        last (bool): Whether the part is the last of the image. Defaults to
            False.
    """

    at: Box
    core: Box
    regions: list[Region]
    merge: LabelMerge
    tag: Tag
    only: Only | None = None
    last: bool = False


class LabelMapRefiner:
    """Refines the regions of a label map, and merges them by probability.

    Every connected region of a label is refined as a mask of its own: whole in
    a window around it, or in tiles if it is large. A label is background if
    one of its regions fills more than half of the image or touches three of
    its sides; if this is true of all labels, only the label of the largest
    region is background. The network is trained on objects, so background
    regions are not refined; they get pixels that objects give up. If a guard
    keeps most regions of a label map, only regions of low belief are changed.
    No label appears detached from its own coarse region, and no label is lost.

    Args:
        refiner (SegRefiner): The refiner of the regions.
        settings (RefineSettings): From :meth:`SegRefiner.settings`.
        tile_size (int): Regions with a longer side, in pixels, are refined in
            tiles of this side. Defaults to 640.
        margin (int): Context on every side of a tile, in pixels, 0 or more.
            Defaults to 64.
        min_area (int): Regions of fewer pixels are kept. Defaults to 64.
        ignore (Sequence[int]): Labels whose pixels are not changed. Defaults
            to (255,).
        background (Sequence[int], optional): Labels of the background; all
            other labels are objects. Defaults to None: determined for each
            image.

    Raises:
        InputError: If ``margin`` is negative, or ``tile_size`` is not more
            than twice the margin.
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
        self, jobs: Iterable[LabelJob[Tag]]
    ) -> Iterator[tuple[npt.NDArray[Any], Tag]]:
        """Refine a stream of label maps, whose windows share batches.

        Args:
            jobs (Iterable[tuple]): Image, (3, H, W) uint8; label map, (H, W)
                int; a tag, which is returned with the result; and optionally
                ``only``, the part that may change, see :class:`RefineJob`.

        Yields:
            tuple[np.ndarray, Any]: Refined label map, a new array with shape
            and dtype of the label map, and the tag, in the order of the jobs.

        Raises:
            InputError: While results are pulled, if an image and its label map
                differ in size, or ``only`` is ``'errors'`` and the network
                predicts no errors.
        """
        for refined, _, tag in self.refine_soft(jobs):
            yield refined, tag

    def refine_soft(
        self, jobs: Iterable[LabelJob[Tag]]
    ) -> Iterator[tuple[npt.NDArray[Any], SoftLabels | None, Tag]]:
        """Refine a stream of label maps, with the probability of every label.

        Args:
            jobs (Iterable[tuple]): See :meth:`refine`.

        Yields:
            tuple[np.ndarray, SoftLabels | None, Any]: Refined label map, as
            from :meth:`refine`; the probabilities of its labels, or None if
            ``soft`` of the settings is False; and the tag, in the order of
            the jobs.

        Raises:
            InputError: See :meth:`refine`.
        """
        settings = replace(self.settings, keep_probs=True)
        results = self.refiner.refine(self._jobs(jobs), settings)
        done: list[tuple[_Part[Tag], list[RefinedMask]]] = []
        for job, refined in results:
            part = job.tag
            done.append((part, refined))
            if not part.last:
                continue
            firm = is_good_map([o for _, refined in done for o in refined])
            for part, refined in done:
                for region, outcome in zip(part.regions, refined, strict=True):
                    if firm and outcome.evidence.get('belief', 0.0) >= DOUBT:
                        outcome = replace(outcome, verdict=KEPT)
                    part.merge.add(region, outcome, part.at, part.core)
            after, soft = part.merge.result(), None
            if self.settings.soft:
                soft = part.merge.soft_result(after)
            yield after, soft, part.tag
            done.clear()

    def _jobs(
        self, jobs: Iterable[LabelJob[Tag]]
    ) -> Iterator[RefineJob[_Part[Tag]]]:
        for image, labels, tag, *rest in jobs:
            only = rest[0] if rest else None
            if image.shape[1:] != labels.shape:
                raise InputError(
                    f'the image is {image.shape[1]} x {image.shape[2]}, its '
                    f'label map {labels.shape[0]} x {labels.shape[1]}'
                )
            for part in self._parts(labels, tag, only):
                masks = [region.mask for region in part.regions]
                crop = image[(slice(None), *part.at.slices())]
                yield RefineJob(crop, masks, part, part.only)

    def _parts(
        self, labels: npt.NDArray[Any], tag: Tag, only: Only | None
    ) -> list[_Part[Tag]]:
        """Return the part with regions refined whole, and the tiles."""
        merge = LabelMerge(labels, self.ignore, only)
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
        parts = [_Part(whole, whole, small, merge, tag, only)]
        for tile in tiles_of(whole, self.tile_size, self.margin):
            pieces = self._pieces(large, *tile, merge)
            if pieces:
                own = only_in(only, tile[0])
                parts.append(_Part(*tile, pieces, merge, tag, own))
        parts[-1] = replace(parts[-1], last=True)
        return parts

    def _behind(self, regions: list[Region]) -> set[int]:
        """Return the labels of the background."""
        if self.background is not None:
            return set(self.background)
        # A small region of a background label may be a gap between objects.
        behind = {region.label for region in regions if not region.is_object}
        if regions and len(behind) == len({r.label for r in regions}):
            return {max(regions, key=lambda region: region.mask.area).label}
        return behind

    def _regions(self, labels: npt.NDArray[Any]) -> list[Region]:
        """List the connected regions of at least ``min_area`` pixels."""
        present = np.unique(labels)
        if len(present) < 2:
            return []
        return [
            Region(int(label), mask)
            for label in present[~np.isin(present, self.ignore)]
            for mask in self._connected(labels == label)
        ]

    def _connected(self, pixels: npt.NDArray[Any]) -> list[CompactMask]:
        """List connected parts of a mask of at least ``min_area`` pixels."""
        _, parts, stats, _ = cv2.connectedComponentsWithStats(
            pixels.astype(np.uint8)
        )
        height, width = pixels.shape
        masks = []
        for part, (x, y, w, h, area) in enumerate(stats.tolist()):
            if part and area >= self.min_area:
                box = Box(x, y, x + w, y + h)
                inside = torch.from_numpy(parts[box.slices()] == part)
                masks.append(CompactMask((height, width), box, inside, area))
        return masks

    def _pieces(
        self, regions: list[Region], at: Box, core: Box, merge: LabelMerge
    ) -> list[Region]:
        """Return object-like pieces of large regions in a tile."""
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
    """Return whether a guard has kept most of the regions that it has judged.

    All regions of a label map have the same origin. So in a good label map,
    the network is wrong about a region more often than the label map.

    Args:
        outcomes (Iterable[RefinedMask]): Results for the regions.

    Returns:
        bool: True if at least three quarters of the judged regions were kept;
        False if no region was judged.
    """
    kept = [o.verdict == KEPT for o in outcomes if 'belief' in o.evidence]
    return sum(kept) >= 0.75 * len(kept) > 0
