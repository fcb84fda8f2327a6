"""Measure the gains of carrying evidence from frame to frame.

``python tools/benchmark_video.py DATA`` takes a folder with ``images/`` and
``masks/``, or ``--ann-file``, a path of each per line, separated by a tab. It
makes clips of these photographs, with known masks and motion. In every other
clip the camera moves; in the rest, an object moves over another photograph.
One clip has a cut, in one the object leaves and returns, and in one the motion
stops for a while. The coarse mask of every frame is damaged independently.

A row of the table is a clip, refined frame by frame and as a video: Boundary
IoU in points, boundary flicker in pixels along the true motion, warping error
in points, and processor seconds per frame. ``ways`` counts the origins of the
video's masks. ``right`` says whether cuts were found at the beginnings of
shots only, and whether empty masks stayed empty.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from video_clips import CAMERA, OBJECT, Clip, Frame, Photo, frames_of

from segrefiner_mm.datasets import FolderRefineDataset
from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    CORRUPTIONS,
)
from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.evaluation.functional import (
    boundary_flicker,
    boundary_iou,
    warping_error,
)
from segrefiner_mm.names import DEFAULT_MODEL
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.video import Steadying, VideoRefiner
from segrefiner_mm.windows import RefineJob, compact_masks

Array = npt.NDArray[Any]

KINDS = ('low_resolution', 'wobble', 'polygon')
PERFECT = 'perfect'  # the true masks
CUT, LEAVES, STOPS = 2, 5, 7  # clips with something special
HEADER = (
    *('clip', 'coarse masks', 'bIoU', 'flicker', 'warping', 's / frame'),
    *('ways', 'right'),
)


class Figures(NamedTuple):
    """The means over the frames of a clip.

    Attributes:
        boundary_iou (float): 0 to 1.
        flicker (float): Boundary flicker, in pixels.
        warping (float): Warping error, 0 to 1.
        seconds (float): Processor time per frame.
    """

    boundary_iou: float
    flicker: float
    warping: float
    seconds: float


def main() -> None:
    """Measure every clip frame by frame and as a video; print a table."""
    args = _parse_args()
    options = RefinerOptions(
        model=args.model, device=args.device, runtime=args.runtime
    )
    refiner = Refiner(options)
    photos = _load_photos(args)
    steadying = Steadying().scaled(args.steady)
    _show(HEADER)
    _show(['---'] * len(HEADER))
    rows = []
    for number in range(args.clips):
        clip, kind = (
            _clip(photos, number),
            args.kinds[number % len(args.kinds)],
        )
        single, video, ways, right = _compare(
            refiner, clip, kind, args.frames, steadying
        )
        rows.append((single, video))
        _show([_name(number), kind, *_pairs(single, video), ways, right])
    means = [
        Figures(*np.mean([row[way] for row in rows], axis=0)) for way in (0, 1)
    ]
    _show(['mean', '', *_pairs(*means), '', ''])


def _compare(
    refiner: Refiner, clip: Clip, kind: str, count: int, steadying: Steadying
) -> tuple[Figures, Figures, str, str]:
    """Refine the frames of a clip alone and as a video, in turns."""
    steady = VideoRefiner(refiner.model, refiner.settings, steadying)
    single, video = _Measure(), _Measure()
    ways: Counter[str] = Counter()
    cuts, empty_is_empty = [], True
    frames = _with_coarse(clip, kind, count)
    for index, (frame, coarse) in enumerate(frames):
        start = time.process_time()
        one = _refine_alone(refiner, frame.image, coarse)
        single.add(frame, one, time.process_time() - start)
        start = time.process_time()
        [mask] = compact_masks(torch.from_numpy(coarse)[None])
        result = steady.refine(frame.image, {0: mask})
        height, width = coarse.shape
        dense = result.objects[0].dense((height, width))
        video.add(frame, dense, time.process_time() - start)
        cuts += [index] if result.is_cut else []
        if coarse.any():
            ways[result.objects[0].how] += 1
        else:
            empty_is_empty &= not dense.any()
    wanted = np.linspace(0, count, len(clip.photos) + 1).astype(int)[:-1]
    right = cuts == wanted.tolist() and empty_is_empty
    listed = ', '.join(f'{n} {way}' for way, n in sorted(ways.items()))
    return single.figures(), video.figures(), listed, 'yes' if right else 'NO'


class _Measure:
    """Collects the measures of a clip."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float]] = []
        self._before: tuple[Array, Array] | None = None
        self._seconds: list[float] = []

    def add(self, frame: Frame, mask: Array, seconds: float) -> None:
        """Measure a frame; without the object, only its time."""
        self._seconds.append(seconds)
        before, self._before = self._before, (frame.mask, mask)
        if not frame.mask.any():
            return
        change = np.nan, np.nan
        if frame.flow is not None and before is not None and before[0].any():
            masks = before[1], mask, frame.flow
            change = boundary_flicker(*masks), warping_error(*masks)
        quality = boundary_iou(frame.mask.astype(bool), mask)
        self._rows.append((quality, *change))

    def figures(self) -> Figures:
        """Return the means over the frames."""
        quality, flicker, warping = np.nanmean(self._rows, axis=0).tolist()
        seconds = float(np.mean(self._seconds))
        return Figures(quality, flicker, warping, seconds)


def _refine_alone(refiner: Refiner, image: Array, coarse: Array) -> Array:
    masks = compact_masks(torch.from_numpy(coarse)[None])
    job = RefineJob(torch.from_numpy(image).permute(2, 0, 1), masks, None)
    job = job.to(refiner.model.device)
    [(_, [refined])] = refiner.model.refine([job], refiner.settings)
    height, width = coarse.shape
    return refined.dense((height, width)).cpu().numpy()


def _with_coarse(
    clip: Clip, kind: str, count: int
) -> Iterator[tuple[Frame, Array]]:
    perfect = kind == PERFECT
    synthesizer = SynthesizeCoarseMask(
        corruptions=CORRUPTIONS if perfect else [kind],
        iou_range=(0.6, 0.95),
        identity_prob=0.0,
        reference_prob=0.0,
        max_kinds=1,
    )
    for index, frame in enumerate(frames_of(clip, count)):
        seed = clip.seed * 10_000 + index
        mask = frame.mask
        yield frame, mask if perfect else synthesizer.synthesize(mask, seed)


def _clip(photos: list[Photo], number: int) -> Clip:
    def photo(place: int) -> Photo:
        return photos[place % len(photos)]

    shown = [photo(2 * number)]
    if number == CUT:
        shown.append(photo(2 * number + len(photos) // 2))
    moves = OBJECT if number % 2 else CAMERA
    return Clip(
        tuple(shown),
        photo(2 * number + 1).image,
        moves,
        leaves=number == LEAVES,
        stops=number == STOPS,
        seed=number,
    )


def _name(number: int) -> str:
    special = {CUT: 'cut', LEAVES: 'leaves', STOPS: 'stops'}.get(number, '')
    moves = OBJECT if number % 2 else CAMERA
    return f'{number} {moves} {special}'.strip()


def _load_photos(args: argparse.Namespace) -> list[Photo]:
    """Load photographs from all over the list, with an object inside."""
    dataset = FolderRefineDataset(
        data_root=args.data,
        ann_file=args.ann_file,
        test_mode=True,
        pipeline=[],
    )
    wanted = 2 * args.clips
    step = max(len(dataset) // (2 * wanted), 1)
    photos: list[Photo] = []
    for index in range(0, len(dataset), step):
        info = dataset.get_data_info(index)
        image = cv2.imread(info['img_path'])
        if image is None:
            raise InputError(f'cannot read the image {info["img_path"]}')
        mask = read_mask(info['mask_path'], image.shape[:2])
        x, y, width, _ = cv2.boundingRect(mask)
        inside = x > 1 and y > 1 and x + width < mask.shape[1] - 1
        if inside and 0.02 < mask.mean() < 0.5 and len(photos) < wanted:
            photos.append(Photo(image, mask))
    if not photos:
        raise InputError('no picture has an object of a fitting size')
    return photos


def _pairs(single: Figures, video: Figures) -> list[str]:
    gain = 100 * (video.boundary_iou - single.boundary_iou)
    less = 100 * (video.flicker / single.flicker - 1)
    return [
        f'{100 * single.boundary_iou:.1f} {gain:+.2f}',
        f'{single.flicker:.3f} -> {video.flicker:.3f} ({less:+.0f} %)',
        f'{100 * single.warping:.2f} -> {100 * video.warping:.2f}',
        f'{single.seconds:.3f} x {video.seconds / single.seconds:.2f}',
    ]


def _show(columns: Any) -> None:
    print('| ' + ' | '.join(columns) + ' |', flush=True)


def _parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('data', help='folder with images/ and masks/')
    add('--ann-file', default='', help='list of pairs, instead of the folders')
    add('--clips', type=int, default=10)
    add('--frames', type=int, default=50, help='frames of a clip')
    add('--kinds', nargs='+', default=KINDS, metavar='KIND',
        choices=[PERFECT, *CORRUPTIONS],
        help='coarse masks, in turn (default: %(default)s)')  # fmt: skip
    add('--steady', type=float, default=1.0, help='see segrefiner video')
    add('--model', default=DEFAULT_MODEL)
    add('--device')
    add('--runtime', default='auto')
    args = parser.parse_args()
    if args.clips < 1 or args.frames < 2:
        parser.error('at least 1 clip of 2 frames')
    if not 0 <= args.steady <= 1:
        parser.error(f'--steady must be 0 to 1, got {args.steady}')
    return args


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
