"""``segrefiner report``: a page to review refined masks."""

import argparse
from pathlib import Path

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.cli.exit_status import status_of
from segrefiner_mm.cli.reporting import reporting, show_summary


def run_report(args: argparse.Namespace) -> int:
    """Write the page, and print the summary.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.

    Raises:
        InputError: See :func:`write_report`.
    """
    options = ReportOptions(
        coarse=_path(args.coarse),
        img_dir=_path(args.img_dir),
        ann=_path(args.ann),
        evidence=_path(args.evidence),
        limit=args.limit,
        overwrite=args.overwrite,
    )
    with reporting(args) as reporter:
        summary = write_report(args.refined, args.out, options, reporter)
        show_summary(args, reporter, summary)
    return status_of(summary)


def _path(given: str | None) -> Path | None:
    return Path(given) if given else None
