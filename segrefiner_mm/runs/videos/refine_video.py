"""Refinement of the masks of a video."""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import file_state
from segrefiner_mm.io.image_files.video_frames import (
    FileFrames,
    VideoFrames,
    open_frames,
)
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.io.outputs import check_not_inputs
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.runs.run_journal import RunJournal
from segrefiner_mm.runs.videos.video_label_task import (
    VideoLabelTask,
    check_flat,
)
from segrefiner_mm.runs.videos.video_mask_task import VideoMaskTask
from segrefiner_mm.runs.videos.video_masks import VideoMasks
from segrefiner_mm.runs.videos.video_run import VideoRun
from segrefiner_mm.runs.videos.video_task import VideoTask
from segrefiner_mm.video import Steadying, VideoRefiner
from segrefiner_mm.windows import KEPT, REFINED, ROLLED_BACK


@dataclass(frozen=True)
class VideoOptions:
    """Options for reading and writing the masks of a video.

    Attributes:
        labels (bool): Whether masks are label maps, with one number per
            object and 0 for the background. Defaults to False.
        ignore (tuple[int, ...]): Labels whose pixels are not changed.
            Defaults to (255,).
        mask_suffix (str): Suffix that the name of a mask adds to the name
            of its frame, such as ``'_mask'``. Defaults to ''.
        threshold (float, optional): Value from which a soft mask is
            foreground; not used for label maps. Defaults to None: masks have
            two values.
        first (int, optional): Number that the names of the masks give to the
            first frame of a video file. Defaults to None: 0, which is an error
            if the lowest number of a mask is 1.
        steadying (Steadying): How much is carried from frame to frame.
            Defaults to ``Steadying()``.
        overwrite (bool): Whether to refine finished frames again, and to
            overwrite other files in the output folder. Defaults to False.
    """

    labels: bool = False
    ignore: tuple[int, ...] = (255,)
    mask_suffix: str = ''
    threshold: float | None = None
    first: int | None = None
    steadying: Steadying = field(default_factory=Steadying)
    overwrite: bool = False


def refine_video(
    frames: str | Path,
    masks: str | Path,
    out: str | Path,
    options: VideoOptions | None = None,
    refiner: RefinerOptions | Refiner | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine the masks of a video; the function behind ``video``.

    A journal and a state file in ``out`` let a run that was stopped resume.

    Args:
        frames (str | Path): Folder of frames, or video file.
        masks (str | Path): Folder of masks with the names of the frames; see
            :class:`VideoMasks`.
        out (str | Path): Folder to write, in the layout of the masks.
        options (VideoOptions, optional): Options for reading, writing and
            steadying. Defaults to None: ``VideoOptions()``.
        refiner (RefinerOptions | Refiner, optional): The model and its
            settings. Defaults to None: ``RefinerOptions()``.
        reporter (Reporter, optional): Receives the frames that fail. Defaults
            to None: nothing is printed; ``problems`` of the summary has the
            failures.

    Returns:
        RunSummary: Counts, where ``done`` is a number of frames, and the
        failures.

    Raises:
        InputError: If nothing can be refined, an option cannot be used, or
            files would be lost or cannot be written.
        CheckpointError: If the weights cannot be used.
    """
    options, reporter = options or VideoOptions(), reporter or Reporter()
    frames, masks, out = Path(frames), Path(masks), Path(out)
    _check_folders(frames, masks, out)
    video = open_frames(frames, options.first or 0)
    found = VideoMasks(masks, video, options.mask_suffix)
    if isinstance(video, FileFrames) and options.first is None:
        _check_numbers(found)
    task: VideoTask = VideoMaskTask(masks, out, options.threshold)
    if options.labels:
        check_flat(found.of_frame)
        task = VideoLabelTask(masks, out, options.ignore)
    _check_outputs(task, video, found)
    for problem in found.problems:
        reporter.error(problem)
    # Check this before a folder is made, so that a mistake leaves none behind.
    chosen = Refiner.of(refiner)
    settings = _settings(options, chosen, video, found)
    name = sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    with OutputLock(out, is_folder=True):
        journal = RunJournal(out, settings)
        run = VideoRun(
            video, found.of_frame, task, journal, out, name, reporter
        )
        first = run.open(options.overwrite)
        if first is not None:
            model = VideoRefiner(
                chosen.model, chosen.settings, options.steadying
            )
            run.write_from(first, model)
    return _summary(out, run, reporter)


def _check_folders(frames: Path, masks: Path, out: Path) -> None:
    if not frames.exists():
        raise InputError(f'no such file or folder: {frames}')
    if not masks.is_dir():
        raise InputError(f'no such folder of masks: {masks}')
    if out.is_file():
        raise InputError(f'{out} is a file: the output must be a folder')
    above = {out.resolve(), *out.resolve().parents}
    if above & {masks.resolve()} or out.resolve() == frames.resolve():
        raise InputError(
            f'{out} is an input: results in it would be inputs of the next '
            'run; choose another folder'
        )
    if frames.resolve() == masks.resolve():
        raise InputError(
            f'{frames} cannot hold frames and masks: give two folders'
        )


def _check_numbers(found: VideoMasks) -> None:
    """Reject masks that count from 1, as their first frame is ambiguous."""
    if min(found.of_frame) == 1:
        raise InputError(
            f'the names of the masks in {found.folder} count from 1: give '
            '--first 1 if that is the first frame, --first 0 if it is the '
            'second'
        )


def _check_outputs(
    task: VideoTask, video: VideoFrames, found: VideoMasks
) -> None:
    outputs: set[Path] = set()
    for frame, masks in found.of_frame.items():
        own = task.outputs(masks)
        picture = video.file_of(frame)
        check_not_inputs(own, [*masks.values(), picture or video.path])
        for path in own:
            if path in outputs:
                raise InputError(f'two masks would be written as {path}')
            outputs.add(path)


def _settings(
    options: VideoOptions,
    refiner: Refiner,
    video: VideoFrames,
    found: VideoMasks,
) -> dict[str, Any]:
    """Return what results depend on, except the files of their frames."""
    own = asdict(options)
    del own['overwrite']
    names = [
        [frame, *map(str, masks), str(video.file_of(frame))]
        for frame, masks in found.of_frame.items()
    ]
    # Frames without a mask matter too, as nothing is carried past them.
    files = sha256(json.dumps(names).encode()).hexdigest()
    film = file_state(video.path) if video.path.is_file() else None
    described: dict[str, Any] = json.loads(json.dumps(own))
    digest = film[-1] if film else None
    return {
        **refiner.fingerprint(),
        **described,
        'files': files,
        'film': digest,
    }


def _summary(out: Path, run: VideoRun, reporter: Reporter) -> RunSummary:
    failed = len(reporter.problems)
    done = run.done + run.done_before
    masks = {name: run.verdicts[name] for name in (REFINED, KEPT, ROLLED_BACK)}
    counts = {
        **masks,
        'of these reused': run.ways['reused'],
        'frames done before': run.done_before,
        'failed': failed,
    }
    listed = ', '.join(f'{n} {name}' for name, n in counts.items() if n)
    text = f'{out}: {done} frames: {listed}'
    return RunSummary(text, done, failed, tuple(reporter.problems))
