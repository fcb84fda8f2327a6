"""Refinement of an image and its mask or label map, or of two folders."""

from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.image_files.geotiff import file_georeference
from segrefiner_mm.io.image_with_masks import Annotation
from segrefiner_mm.io.images import LOSSLESS_SUFFIXES
from segrefiner_mm.io.label_maps import TIFF_SUFFIXES, has_32_bits
from segrefiner_mm.io.output_lock import OutputLock
from segrefiner_mm.matting.pymatting_package import pymatting_package
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.folder_matching import PairMatching
from segrefiner_mm.runs.folder_run import run_jobs
from segrefiner_mm.runs.jobs import CUTOUTS, PairJob, protect_inputs
from segrefiner_mm.runs.label_task import LabelTask
from segrefiner_mm.runs.mask_task import MaskTask
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.pair_options import LabelOptions, MaskOptions
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.runs.task import Result, Task

# Suffixes of labels and predictions, which another command refines.
PREDICTIONS = frozenset(['.json', '.txt', '.pkl', '.pickle'])


def refine_folder(
    images: str | Path,
    masks: str | Path,
    out: str | Path,
    options: MaskOptions | None = None,
    refiner: RefinerOptions | Refiner | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine a mask, or a folder of masks; the function behind ``refine``.

    A folder is written with a journal, so that a run that was stopped resumes
    where it left off.

    Args:
        images (str | Path): Folder of images, or one image.
        masks (str | Path): Folder of masks with the names of the images, see
            :class:`PairMatching`; or one mask.
        out (str | Path): Folder to write; for one mask, a file (.png, .bmp,
            .tif), or the folder of a .png.
        options (MaskOptions, optional): Options for reading and writing.
            Defaults to None: ``MaskOptions()``.
        refiner (RefinerOptions | Refiner, optional): The model and its
            settings. Defaults to None: ``RefinerOptions()``.
        reporter (Reporter, optional): Receives the failures in a folder.
            Defaults to None: nothing is printed; ``problems`` of the summary
            has the failures.

    Returns:
        RunSummary: Counts and failures; for one mask, a text about its
        result.

    Raises:
        InputError: If nothing can be refined, an option cannot be used, or
            files would be lost.
        CheckpointError: If the weights cannot be used.
    """
    options, reporter = options or MaskOptions(), reporter or Reporter()
    image, mask, out = Path(images), Path(masks), Path(out)
    is_folder = _is_folder(image, mask)
    extras = Extras(options.soft, OnlyParts(options.only))
    task = MaskTask(
        Refiner.of(refiner),
        options.threshold,
        extras.parts,
        extras.soft,
        options.alpha_band,
    )
    if options.alpha:
        _check_alpha(options)
    if not is_folder:
        out = _file_out(out, mask, LOSSLESS_SUFFIXES)
        job = _job(image, mask, out, options.overlay)
        if options.alpha:
            cutout = out.with_name(f'{out.stem}_cutout.png')
            job = job._replace(cutout=cutout)
        return _run_pair(task, extras.beside(job))
    _check_folders(image, mask, out, below=False)
    matching = PairMatching(
        image, mask, out, options.overlay, options.mask_suffix
    )
    own: dict[str, Any] = dict(
        overlay=options.overlay, threshold=options.threshold
    )
    own |= extras.described()
    if options.alpha:
        own |= dict(alpha=True, alpha_band=options.alpha_band)
    _report_unmatched(matching, reporter)
    jobs = [extras.below(_with_place(job)) for job in matching.jobs]
    if options.alpha:
        jobs = [_with_cutout(job) for job in jobs]
    return run_jobs(task, jobs, out, own, options.overwrite, reporter)


def refine_labels(
    images: str | Path,
    labels: str | Path,
    out: str | Path,
    options: LabelOptions | None = None,
    refiner: RefinerOptions | Refiner | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Refine label maps; the function behind ``refine --labels``.

    A run over a folder that was stopped resumes; see :func:`refine_folder`.

    Args:
        images (str | Path): Folder of images, or one image.
        labels (str | Path): Folder of label maps, subfolders included; or one
            label map.
        out (str | Path): Folder to write; for one label map, a file (.png,
            .tif), or the folder of a .png.
        options (LabelOptions, optional): Options for reading and writing.
            Defaults to None: ``LabelOptions()``.
        refiner (RefinerOptions | Refiner, optional): The model and its
            settings. Defaults to None: ``RefinerOptions()``.
        reporter (Reporter, optional): See :func:`refine_folder`. Defaults to
            None.

    Returns:
        RunSummary: Counts and failures; for one label map, a text about its
        result.

    Raises:
        InputError: If nothing can be refined, an option cannot be used, or
            files would be lost.
        CheckpointError: If the weights cannot be used.
    """
    options, reporter = options or LabelOptions(), reporter or Reporter()
    image, mask, out = Path(images), Path(labels), Path(out)
    is_folder = _is_folder(image, mask)
    extras = Extras(options.soft, OnlyParts(options.only), suffix='.npz')
    task = LabelTask(
        Refiner.of(refiner),
        options.ignore,
        extras.parts,
        extras.soft,
    )
    if not is_folder:
        out = _file_out(out, mask, frozenset({'.png'} | TIFF_SUFFIXES))
        job = _job(image, mask, out, options.overlay)
        return _run_pair(task, extras.beside(job))
    _check_folders(image, mask, out, below=True)
    matching = PairMatching(
        image, mask, out, options.overlay, options.mask_suffix, True
    )
    own: dict[str, Any] = dict(overlay=options.overlay, threshold=None)
    own |= dict(labels=True, ignore=list(options.ignore))
    own |= extras.described()
    _report_unmatched(matching, reporter)
    jobs = [
        extras.below(_with_room(_with_place(job))) for job in matching.jobs
    ]
    return run_jobs(task, jobs, out, own, options.overwrite, reporter)


def _is_folder(image: Path, mask: Path) -> bool:
    for path in (image, mask):
        if not path.exists():
            raise InputError(f'no such file or folder: {path}')
    if image.is_dir() != mask.is_dir():
        raise InputError('IMAGE and MASK must be two files or two folders')
    if hint := _other_command(mask) if mask.is_file() else '':
        raise InputError(f'{mask} is not a mask{hint}')
    return image.is_dir()


def _other_command(masks: Path) -> str:
    """Point to the command for labels and predictions, if these are some."""
    files = masks.iterdir() if masks.is_dir() else [masks]
    found = sorted({file.suffix for file in files} & PREDICTIONS)
    kinds = ' and '.join(found)
    return f'; segrefiner coco refines {kinds} files' if found else ''


def _file_out(out: Path, mask: Path, suffixes: frozenset[str]) -> Path:
    """Return the file to write; if ``out`` is a folder, a .png in it."""
    if out.is_dir() or not out.suffix:
        out = out / f'{mask.stem}.png'
    if out.suffix.lower() not in suffixes:
        listed = ', '.join(sorted(suffixes))
        raise InputError(f'a mask is written as {listed}, not {out.name}')
    return out


def _job(image: Path, mask: Path, out: Path, overlay: bool) -> PairJob:
    picture = out.with_name(f'{out.stem}_overlay.jpg')
    return PairJob(image, mask, out, picture if overlay else None)


def _run_pair(task: Task[Annotation, Result], job: PairJob) -> RunSummary:
    protect_inputs([job])
    # Load before the model, so that a mistake shows at once.
    with about(job.mask):
        loaded = task.load(job)
    task.prepare()
    with OutputLock(job.out, is_folder=False):
        [(_, result)] = task.refine([loaded])
        for path, content in task.encode(loaded, result).items():
            write_whole(path, content)
    return RunSummary(f'{job.out}: {task.summary(loaded, result)}', done=1)


def _check_folders(images: Path, masks: Path, out: Path, below: bool) -> None:
    """Reject an output folder that the next run would take for an input."""
    if out.is_file():
        raise InputError(f'{out} is a file, but IMAGE and MASK are folders')
    above = out.resolve().parents if below else ()
    if {images.resolve(), masks.resolve()} & {out.resolve(), *above}:
        raise InputError(
            f'{out} is an input: results in it would be inputs of the next '
            'run; choose another folder'
        )


def _report_unmatched(matching: PairMatching, reporter: Reporter) -> None:
    for problem in matching.problems:
        reporter.error(problem)
    if not matching.jobs:
        raise InputError(
            f'no image in {matching.images} has a mask of the same name in '
            f'{matching.masks}; --mask-suffix _mask matches a.jpg and '
            f'a_mask.png{_other_command(matching.masks)}'
        )


def _with_place(job: PairJob) -> PairJob:
    """Give a GeoTIFF a TIFF as output, which keeps the georeference."""
    placed = file_georeference(job.mask) is not None
    return job._replace(out=job.out.with_suffix('.tif')) if placed else job


def _with_cutout(job: PairJob) -> PairJob:
    cutout = job.out.parent / CUTOUTS / f'{job.out.stem}.png'
    return job._replace(cutout=cutout)


def _check_alpha(options: MaskOptions) -> None:
    """Reject a wrong band or a missing PyMatting before the network runs."""
    if options.alpha_band is not None and options.alpha_band < 1:
        raise InputError(
            f'the band must be 1 pixel or more, got {options.alpha_band}'
        )
    pymatting_package()


def _with_room(job: PairJob) -> PairJob:
    """Give a 32-bit label map a TIFF as output, as PNG has no 32 bits."""
    wide = has_32_bits(job.mask)
    return job._replace(out=job.out.with_suffix('.tif')) if wide else job
