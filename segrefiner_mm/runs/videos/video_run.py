"""A run over the frames of a video that can be stopped and resumed."""

import time
from collections import Counter
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.video_frames import Image, VideoFrames
from segrefiner_mm.reporting.reporter import Advance, Reporter
from segrefiner_mm.runs.run_journal import RunJournal
from segrefiner_mm.runs.videos.video_masks import Objects
from segrefiner_mm.runs.videos.video_state import (
    frame_of_state,
    load_state,
    remove_state,
    save_state,
)
from segrefiner_mm.runs.videos.video_task import VideoTask
from segrefiner_mm.video import FrameMasks, VideoRefiner

EVERY = 5.0  # seconds between two states


class VideoRun:
    """Refines the masks of a video frame by frame.

    The state that is carried from frame to frame is written every
    ``EVERY`` seconds, so that a stopped run resumes with unchanged results.

    Args:
        frames (VideoFrames): The frames.
        masks (dict[int, dict[str, Path]]): ``of_frame`` of
            :class:`VideoMasks`, with at least one frame.
        task (VideoTask): Reads and encodes the masks.
        journal (RunJournal): Journal of the output folder.
        folder (Path): Output folder.
        run (str): Text that identifies inputs and settings.
        reporter (Reporter): Receives the frames that fail.

    Attributes:
        verdicts (Counter[str]): Number of masks by verdict.
        ways (Counter[str]): Number of masks by ``how`` of
            :class:`ObjectResult`; ``'cut'`` is the number of cuts.
        done (int): Number of frames that this run has refined.
        done_before (int): Number of frames that earlier runs have refined.
    """

    def __init__(
        self,
        frames: VideoFrames,
        masks: dict[int, Objects],
        task: VideoTask,
        journal: RunJournal,
        folder: Path,
        run: str,
        reporter: Reporter,
    ) -> None:
        self.verdicts: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.done = 0
        self.done_before = 0
        self._frames = frames
        self._masks = masks
        self._task = task
        self._journal = journal
        self._folder = folder
        self._run = run
        self._reporter = reporter
        self._locked: set[int] = set()  # frames whose files are kept
        self._last = max(masks)

    def open(self, overwrite: bool) -> int | None:
        """Find the first frame to refine.

        Args:
            overwrite (bool): Whether to repeat finished frames, and to
                overwrite other files.

        Returns:
            int | None: Number of the frame; None if all frames are done.

        Raises:
            InputError: If files would be lost, or a file cannot be read.
        """
        if overwrite:
            return 0
        first = None
        for frame in self._masks:
            outputs = self._outputs(frame)
            self._journal.protect(outputs)
            if self._journal.is_done(self._inputs(frame), outputs):
                self.done_before += first is None
            elif edited := self._journal.edited(outputs):
                self._keep(frame, edited)
                self.done_before += first is None
            elif first is None:
                first = frame
        return first

    def write_from(self, first: int, refiner: VideoRefiner) -> None:
        """Refine all frames from the first that is not done, and write them.

        A frame that fails is reported, and the run goes on with the next.

        Args:
            first (int): From :meth:`open`.
            refiner (VideoRefiner): A refiner that has seen no frame yet.

        Raises:
            InputError: If the video cannot be read or has no frames, or the
                state file cannot be written or removed.
        """
        state = frame_of_state(self._folder, self._run)
        goes_on = 0 <= state < first and load_state(
            self._folder, self._run, refiner
        )
        start = state if goes_on else 0
        total = sum(frame >= first for frame in self._masks)
        saved, frame = time.monotonic(), -1
        with self._reporter.progress(total) as advance:
            for frame, image in self._frames.read(start):
                if frame > self._last:
                    break
                if goes_on and frame == state:
                    if isinstance(image, InputError):
                        refiner.forget()
                    else:
                        refiner.see(image)
                    continue
                self._do(frame, image, refiner, advance, frame >= first)
                if time.monotonic() - saved > EVERY:
                    save_state(self._folder, frame, self._run, refiner)
                    saved = time.monotonic()
        if frame < 0:
            raise InputError(f'{self._frames.path} has no frames')
        self._report_missing(frame)
        remove_state(self._folder)

    def _do(
        self,
        frame: int,
        image: Image | InputError,
        refiner: VideoRefiner,
        advance: Advance,
        write: bool,
    ) -> None:
        masks = self._masks.get(frame, {})
        done: list[str] = []
        try:
            if isinstance(image, InputError):
                raise image
            if masks and write:
                outputs = self._outputs(frame)
                self._journal.look(self._inputs(frame), outputs)
            coarse = self._task.load(masks, image)
            result = refiner.refine(image, coarse)
            if masks and write and frame not in self._locked:
                self._write(frame, masks, result)
            if masks and write:
                done = [part.verdict for part in result.objects.values()]
                self._count(result, done)
        except InputError as error:
            refiner.forget()
            if masks:
                self._reporter.error(error)
        if masks and write:
            advance(done)

    def _count(self, result: FrameMasks, verdicts: list[str]) -> None:
        self.done += 1
        self.verdicts.update(verdicts)
        self.ways.update(part.how for part in result.objects.values())
        self.ways['cut'] += result.is_cut

    def _write(self, frame: int, masks: Objects, result: FrameMasks) -> None:
        files = self._task.encode(masks, result)
        inputs, outputs = self._inputs(frame), self._outputs(frame)
        self._journal.write(outputs, files)
        notes = {
            str(key): dict(
                verdict=part.verdict, confidence=part.confidence, how=part.how
            )
            for key, part in result.objects.items()
        }
        self._journal.add(inputs, outputs, frame=frame, objects=notes)

    def _keep(self, frame: int, edited: list[Path]) -> None:
        names = ' and '.join(str(path) for path in edited)
        self._locked.add(frame)
        self._reporter.say(
            f'segrefiner: {names} was changed after it was written, and is '
            'kept: --overwrite refines it again'
        )

    def _report_missing(self, last: int) -> None:
        """Report the masks beyond the last frame of a video file."""
        for frame, masks in self._masks.items():
            if frame > last:
                for path in masks.values():
                    self._reporter.error(
                        f'no frame for the mask {path}: the last frame of '
                        f'{self._frames.path} is {last}, from 0; --first says '
                        'the number of the first frame'
                    )

    def _inputs(self, frame: int) -> list[Path]:
        picture = self._frames.file_of(frame)
        masks = list(self._masks[frame].values())
        return masks if picture is None else [picture, *masks]

    def _outputs(self, frame: int) -> list[Path]:
        return self._task.outputs(self._masks[frame])
