"""``segrefiner refine``: one pair of files, or two folders."""

import argparse
from pathlib import Path
from typing import Any

from segrefiner_mm.cli.exit_status import DONE
from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.images import LOSSLESS_SUFFIXES
from segrefiner_mm.io.label_maps import TIFF_SUFFIXES, has_32_bits
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.runs.folder_matching import PairMatching
from segrefiner_mm.runs.folder_run import run_jobs
from segrefiner_mm.runs.jobs import PairJob, protect_inputs
from segrefiner_mm.runs.label_task import LabelWork
from segrefiner_mm.runs.mask_task import MaskWork

Work = MaskWork | LabelWork


def run_refine(args: argparse.Namespace) -> int:
    """Refine a pair or a folder; returns the exit status."""
    image, mask, out = Path(args.image), Path(args.mask), Path(args.out)
    for path in (image, mask):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
    if image.is_dir() != mask.is_dir():
        raise InputError('IMAGE and MASK must be two files or two folders')
    if args.labels and args.threshold is not None:
        raise InputError('--threshold is for masks, not for --labels')
    work = LabelWork(args, args.ignore) if args.labels else MaskWork(args)
    if image.is_dir():
        return _run_folder(args, work, image, mask, out)
    return _run_pair(args, work, image, mask, out)


def _run_pair(
    args: argparse.Namespace, work: Work, image: Path, mask: Path, out: Path
) -> int:
    if out.is_dir() or not out.suffix:
        out = out / f'{mask.stem}.png'
    suffixes = {'.png'} | TIFF_SUFFIXES if args.labels else LOSSLESS_SUFFIXES
    if out.suffix.lower() not in suffixes:
        listed = ', '.join(sorted(suffixes))
        raise InputError(f'a mask is written as {listed}, not {out.name}')
    overlay = out.with_name(f'{out.stem}_overlay.jpg')
    job = PairJob(image, mask, out, overlay if args.overlay else None)
    protect_inputs([job])
    # Before the model, so that a mistake shows at once.
    with about(mask):
        loaded: Any = work.load(job)
    work.prepare()
    with OutputLock(job.out, is_folder=False):
        results: Any = work.refine([loaded])
        [(_, result)] = results
        encoded: Any = work.encode(loaded, result)
        for path, content in encoded.items():
            write_whole(path, content)
    print(f'{job.out}: {work.summary(loaded, result)}')
    return DONE


def _run_folder(
    args: argparse.Namespace, work: Work, images: Path, masks: Path, out: Path
) -> int:
    if out.is_file():
        raise InputError(f'{out} is a file, but IMAGE and MASK are folders')
    above = out.resolve().parents if args.labels else ()
    if {images.resolve(), masks.resolve()} & {out.resolve(), *above}:
        raise InputError(
            f'{out} is an input: results in it would be inputs of the next '
            'run; choose another folder'
        )
    matching = PairMatching(
        images, masks, out, args.overlay, args.mask_suffix, args.labels
    )
    jobs = matching.jobs
    own = dict(overlay=args.overlay, threshold=args.threshold)
    if args.labels:
        own |= dict(labels=True, ignore=args.ignore)
        jobs = [_with_room(job) for job in jobs]
    nothing = f'no image in {images} has a mask of the same name in {masks}'
    return run_jobs(args, work, jobs, matching.problems, out, own, nothing)


def _with_room(job: PairJob) -> PairJob:
    """A file of 32 bits comes back as one."""
    wide = has_32_bits(job.mask)
    return job._replace(out=job.out.with_suffix('.tif')) if wide else job
