"""Refinement of panoptic segmentation: a JSON file and its PNG files."""

from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.io.formats.panoptic_json import (
    VOID,
    PanopticRecord,
    image_names,
    read_panoptic,
)
from segrefiner_mm.io.formats.panoptic_picture import (
    encode_segment_ids,
    read_segment_ids,
    update_segments,
)
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.images import check_same_size
from segrefiner_mm.io.json_files.json_file import json_bytes, shown
from segrefiner_mm.io.label_maps import LabelMap
from segrefiner_mm.io.outputs import check_free
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.runs.extras import Extras
from segrefiner_mm.runs.folder_run import run_jobs
from segrefiner_mm.runs.jobs import PairJob
from segrefiner_mm.runs.label_task import Labels, LabelTask, Pair
from segrefiner_mm.runs.refiner import Refiner


def refine_panoptic(
    content: dict[str, Any],
    source: Path,
    img_dir: Path,
    out: Path,
    overwrite: bool,
    refiner: Refiner,
    reporter: Reporter,
    extras: Extras,
) -> RunSummary:
    """Refine a panoptic JSON file with its folder of PNG files.

    PNG files that cannot be refined are copied. If none can be refined, no
    JSON file is written.

    Args:
        content (dict): Content of the JSON file; areas and boxes are updated
            in place.
        source (Path): The JSON file; its PNG files are in the folder of the
            same name without suffix.
        img_dir (Path): Folder of the images.
        out (Path): JSON file to write, with a folder of the same name without
            suffix.
        overwrite (bool): Whether existing files may be overwritten.
        refiner (Refiner): The model and its settings.
        reporter (Reporter): Receives the failures.
        extras (Extras): Soft maps to write, and the parts that may change.

    Returns:
        RunSummary: Counts over the PNG files.

    Raises:
        InputError: If the JSON is invalid, no label map has an image, or
            files would be lost or cannot be written.
        CheckpointError: If the weights cannot be used.
    """
    if out.suffix != '.json':
        raise InputError(f'panoptic results are written as .json, not {out}')
    pictures, folder = source.with_suffix(''), out.with_suffix('')
    check_free(out, out.exists(), overwrite)
    if not pictures.is_dir():
        raise InputError(
            f'no folder {pictures} with the PNG files of {source}'
        )
    records = read_panoptic(content, source)
    jobs = _jobs(content, source, records, img_dir, out, reporter)
    if not jobs:
        raise InputError(f'no label map of {source} can be refined')
    jobs = [extras.below(job) for job in jobs]
    task = PanopticTask(refiner, [VOID], extras.parts, extras.soft)
    own = dict(panoptic=True, **extras.described())
    summary = run_jobs(task, jobs, folder, own, overwrite, reporter)
    if not summary.done:
        return summary
    for record in records:
        before, after = record.picture(pictures), record.picture(folder)
        if after.is_file():
            update_segments(record.segments, read_segment_ids(after))
        elif before.is_file():  # copy those that failed
            write_whole(after, before.read_bytes())
    write_whole(out, json_bytes(content, out))
    return summary


class PanopticTask(LabelTask):
    """Task for PNG files whose colours are the ids of segments."""

    def load(self, job: PairJob) -> Pair:
        """Read a pair; see :meth:`Task.load`."""
        check_same_size(job.image, job.mask)
        ids = read_segment_ids(job.mask)
        return self._pair(job, LabelMap(ids))

    def _encode_map(self, loaded: Pair, labels: Labels) -> bytes:
        return encode_segment_ids(loaded.tag.out, labels)


def _jobs(
    content: dict[str, Any],
    source: Path,
    records: list[PanopticRecord],
    img_dir: Path,
    out: Path,
    reporter: Reporter,
) -> list[PairJob]:
    pictures, folder = source.with_suffix(''), out.with_suffix('')
    finder = ImageFinder(img_dir)
    jobs = []
    names = image_names(records, content, source)
    for record, name in zip(records, names, strict=True):
        before, after = record.picture(pictures), record.picture(folder)
        try:
            jobs.append(PairJob(finder.find(name), before, after, None))
        except InputError as error:
            where = f'{source}: image {shown(record.image_id)}'
            reporter.error(f'{where}: {error}')
    return jobs
