"""The functions behind ``report`` and ``coco --decisions``."""

from pathlib import Path

from segrefiner_mm.review.decisions import apply_decision_file
from segrefiner_mm.review.report_options import DecisionOptions, ReportOptions
from segrefiner_mm.review.write_report import write_report_files
from segrefiner_mm.runs.reporter import Reporter
from segrefiner_mm.runs.run_summary import RunSummary


def write_report(
    refined: str | Path,
    out: str | Path,
    options: ReportOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Write a page to review refined masks; the function behind ``report``.

    Args:
        refined (str | Path): JSON file of :func:`refine_predictions`, which
            needs ``coarse`` and ``img_dir`` of the options, or output folder
            of :func:`refine_folder`.
        out (str | Path): Folder to write; the page is ``index.html`` in it.
        options (ReportOptions, optional): Inputs and limits.
        reporter (Reporter, optional): Is told how the run goes. Defaults to
            None: nothing is printed, see ``problems`` of the summary.

    Returns:
        RunSummary: Counts of the masks, and what could not be shown.

    Raises:
        InputError: If nothing can be shown, or files would be lost.
    """
    return write_report_files(
        Path(refined),
        Path(out),
        options or ReportOptions(),
        reporter or Reporter(),
    )


def apply_decisions(
    refined: str | Path,
    decisions: str | Path,
    out: str | Path,
    options: DecisionOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Take back rejected masks; the function behind ``coco --decisions``.

    A rejected mask is exactly what it was before refinement, with its box and
    area; all others, and all else, are as in ``refined``.

    Args:
        refined (str | Path): See :func:`write_report`.
        decisions (str | Path): JSON file that the page exported.
        out (str | Path): File or folder to write.
        options (DecisionOptions, optional): Further inputs; ``coarse`` is
            needed for a JSON file.
        reporter (Reporter, optional): See :func:`write_report`.

    Returns:
        RunSummary: Counts of the masks.

    Raises:
        InputError: If the decisions are about other masks, or files would be
            lost.
    """
    return apply_decision_file(
        Path(refined),
        Path(decisions),
        Path(out),
        options or DecisionOptions(),
        reporter or Reporter(),
    )
