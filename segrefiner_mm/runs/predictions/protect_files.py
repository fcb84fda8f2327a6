"""Protection of the user's files from the outputs of a run."""

from collections.abc import Collection
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import (
    RESULT_SUFFIXES,
    partial_prefix,
    result_files,
)
from segrefiner_mm.io.outputs import (
    check_free,
    check_not_inputs,
    is_empty_file,
)
from segrefiner_mm.runs.predictions.mask_rows import is_table
from segrefiner_mm.runs.predictions.prediction_options import (
    PredictionOptions,
)
from segrefiner_mm.runs.predictions.prediction_run import soft_folder


def protect_files(
    source: Path,
    out: Path,
    options: PredictionOptions,
    suffixes: Collection[str] = RESULT_SUFFIXES,
) -> None:
    """Reject outputs that are inputs, and an output that already exists.

    A table of an earlier run is replaced by the new ``options.report``.

    Args:
        source (Path): File or folder of the predictions.
        out (Path): File or folder to write.
        options (PredictionOptions): Options with further files.
        suffixes (Collection[str]): Suffixes of the files in a folder that
            may not be overwritten. Defaults to ``RESULT_SUFFIXES``.

    Raises:
        InputError: If an output is an input, ``out`` is in the input folder,
            two outputs are one file, ``out`` is not of the kind of
            ``source``, the report is a folder, or an output exists and may
            not be overwritten.
    """
    outputs = [path for path in (out, options.report) if path]
    check_not_inputs(outputs, [path for path in (source, options.ann) if path])
    if source.is_dir() and source.resolve() in out.resolve().parents:
        raise InputError(
            f'{out} is in {source}: the next run would take it for an input; '
            'choose another folder'
        )
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise InputError(f'--report must not be the output {out}')
    if out.is_dir() != source.is_dir() and out.exists():
        raise InputError(
            f'{out} must be a {"folder" if source.is_dir() else "file"}'
        )
    filled = out.is_file() or (
        out.is_dir() and any(result_files(out, suffixes))
    )
    check_free(out, filled, options.overwrite)
    if options.report is not None:
        inputs = result_files(source, suffixes) if source.is_dir() else []
        _protect_report(options.report, inputs, options.overwrite)
    if options.soft is not None:
        _protect_soft(soft_folder(out), out, options.overwrite)


def _protect_report(report: Path, inputs: list[Path], overwrite: bool) -> None:
    """Reject a folder, an input, and a file that is no table of a run."""
    if report.is_dir():
        raise InputError(f'--report must be a file, and {report} is a folder')
    check_not_inputs([report], inputs)
    is_other = report.exists() and not is_table(report)
    check_free(report, is_other and not is_empty_file(report), overwrite)


def _protect_soft(folder: Path, out: Path, overwrite: bool) -> None:
    """Reject a folder of soft maps that no stopped run has begun."""
    begun = any(out.parent.glob(f'{partial_prefix(out)}*'))
    filled = folder.exists() and not (folder.is_dir() and begun)
    check_free(folder, filled, overwrite)
