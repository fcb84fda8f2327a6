"""Refinement of the masks of a video, frame by frame."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.video.cuts import colours_of, is_cut
from segrefiner_mm.video.object_track import (
    CARRIED,
    FIRST,
    REUSED,
    Glance,
    ObjectResult,
    ObjectTrack,
    Proposal,
)
from segrefiner_mm.video.optical_flow import Motion, find_motion, small_grey
from segrefiner_mm.video.steadying import Steadying
from segrefiner_mm.windows import (
    KEPT,
    Box,
    CompactMask,
    KeepingGuard,
    RefinedMask,
    RefineJob,
)

__all__ = ['CARRIED', 'FIRST', 'REUSED', 'FrameMasks', 'VideoRefiner']

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class FrameMasks:
    """The masks of a frame.

    Attributes:
        objects (dict[Hashable, ObjectResult]): Results by key, in the given
            order; an empty coarse mask has an empty result.
        is_cut (bool): Whether the frame begins a shot; True for the first
            frame.
    """

    objects: dict[Hashable, ObjectResult]
    is_cut: bool


class VideoRefiner:
    """Refines the masks of one video, frame by frame.

    It keeps a small copy of the previous frame, and for each object arrays of
    the size of its box.

    Args:
        model (SegRefiner): The model.
        settings (RefineSettings): Settings of the run.
        steadying (Steadying, optional): Settings for carrying evidence.
            Defaults to None: the defaults of :class:`Steadying`.

    Attributes:
        tracks (dict[Hashable, ObjectTrack]): Tracks of the objects of the
            previous frame, by key.
    """

    def __init__(
        self,
        model: SegRefiner,
        settings: RefineSettings,
        steadying: Steadying | None = None,
    ) -> None:
        self._model = model
        self._settings = settings
        self._steadying = steadying or Steadying()
        self.tracks: dict[Hashable, ObjectTrack] = {}
        self._before: tuple[Array, Array] | None = None
        self._size: tuple[int, int] | None = None

    def refine(
        self, image: Array, masks: Mapping[Hashable, CompactMask]
    ) -> FrameMasks:
        """Refine the masks of the next frame.

        A frame of another size than the previous one begins a shot.

        Args:
            image (np.ndarray): (H, W, 3) uint8, BGR.
            masks (Mapping[Hashable, CompactMask]): Coarse masks of the size
                of the image; an object has the same key in all frames. An
                object without a mask, or with an empty one, is absent from
                the frame, and its track ends.

        Returns:
            FrameMasks: The results.
        """
        motion, cut = self._motion(image)
        if cut:
            self.tracks.clear()
        shown = {key: mask for key, mask in masks.items() if mask.area}
        # An object that returns after an absence starts anew.
        self.tracks = {
            key: self.tracks.get(key) or self.new_track() for key in shown
        }
        results: dict[Hashable, ObjectResult] = {}
        for key, mask in shown.items():
            track = self.tracks[key]
            if track.last and track.holds(image, mask):
                # A copy, as the caller holds the result of its frame.
                results[key] = replace(track.last, how=REUSED)
        todo = [key for key in shown if key not in results]
        proposals = [
            self.tracks[key].propose(shown[key], motion) for key in todo
        ]
        refined = self._refined(image, [shown[key] for key in todo], proposals)
        for key, proposal, part in zip(todo, proposals, refined, strict=True):
            track = self.tracks[key]
            results[key] = track.take(proposal, part)
            track.glance = Glance.at(image, shown[key])
        ordered = {key: results.get(key, _absent()) for key in masks}
        return FrameMasks(ordered, cut)

    def see(self, image: Array) -> None:
        """Treat a frame as the previous frame, without refining it.

        Args:
            image (np.ndarray): (H, W, 3) uint8, BGR.
        """
        self._size = image.shape[0], image.shape[1]
        self._before = small_grey(image), colours_of(image)

    def forget(self) -> None:
        """Drop the previous frame and all tracks; the next frame is a cut."""
        self.tracks.clear()
        self._before = None

    def new_track(self) -> ObjectTrack:
        """Create the track of a new object; it is not added to ``tracks``.

        Returns:
            ObjectTrack: The track.
        """
        return ObjectTrack(self._steadying)

    def _motion(self, image: Array) -> tuple[Motion | None, bool]:
        before, old_size = self._before, self._size
        self.see(image)
        now, size = self._before, self._size
        assert now is not None
        assert size is not None
        if before is None or size != old_size:
            return None, True
        motion = find_motion(now[0], before[0], size)
        if is_cut(now[1], before[1], motion, self._steadying.cut):
            return None, True
        return motion, False

    def _refined(
        self,
        image: Array,
        masks: Sequence[CompactMask],
        proposals: Sequence[Proposal],
    ) -> list[RefinedMask]:
        """Refine masks; where frames vote, a guard undoes nothing.

        It judges a frame alone, and would hide what the network sees in this
        one. But it keeps good masks.
        """
        refined: dict[int, RefinedMask] = {}
        alone = replace(self._settings, soft=True)
        voting = alone
        if alone.guard is not None:
            voting = replace(alone, guard=KeepingGuard(alone.guard))
        for settings, voted in ((alone, False), (voting, True)):
            places = [
                place
                for place, proposal in enumerate(proposals)
                if (proposal.carried is not None) == voted
            ]
            parts = self._run(image, [masks[i] for i in places], settings)
            refined.update(zip(places, parts, strict=True))
        return [refined[place] for place in range(len(masks))]

    def _run(
        self, image: Array, masks: list[CompactMask], settings: RefineSettings
    ) -> list[RefinedMask]:
        if not masks:
            return []
        picture = torch.from_numpy(image).permute(2, 0, 1)
        job = RefineJob(picture, masks, None)
        [(_, refined)] = self._model.refine([job], settings)
        return list(refined)


def _absent() -> ObjectResult:
    box = Box(0, 0, 0, 0)
    nothing = np.zeros((0, 0), bool)
    return ObjectResult(box, nothing, KEPT, 0.0, FIRST)
