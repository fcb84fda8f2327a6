"""The progress of a long command, for the user and for programs."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from segrefiner_mm.errors import reason_of

if TYPE_CHECKING:
    from segrefiner_mm.reporting.reporter import Reporter
    from segrefiner_mm.reporting.run_summary import RunSummary


def add_reporting_options(add: Callable[..., Any]) -> None:
    """Add the options for output on the terminal and in a log.

    Args:
        add (Callable): ``add_argument`` of a parser.
    """
    add('--quiet', action='store_true', help='print nothing but errors')
    add(
        '--json-log',
        metavar='FILE',
        help='append a json object per line to FILE: progress once a second, '
        'errors, notes, and the end',
    )


@contextmanager
def reporting(args: argparse.Namespace) -> Iterator['Reporter']:
    """Provide the reporter of a command; log an error that ends the block.

    The error is raised again.

    Args:
        args (argparse.Namespace): The parsed command line, with the options
            of :func:`add_reporting_options`.

    Yields:
        Reporter: The reporter.

    Raises:
        InputError: If the log cannot be opened.
    """
    from segrefiner_mm.reporting.reporter import terminal_reporter

    reporter = terminal_reporter(args.quiet, args.json_log)
    try:
        yield reporter
    except BaseException as error:
        ended = isinstance(error, Exception)
        message = reason_of(error) if ended else 'interrupted'
        reporter.note_end(message, done=0, failed=None)
        raise


def show_summary(
    args: argparse.Namespace, reporter: 'Reporter', summary: 'RunSummary'
) -> None:
    """Log the end of the run, and print its summary unless ``--quiet``.

    Args:
        args (argparse.Namespace): The parsed command line.
        reporter (Reporter): From :func:`reporting`.
        summary (RunSummary): Summary of the run.
    """
    reporter.note_end(summary.text, done=summary.done, failed=summary.failed)
    if not args.quiet:
        print(summary.text)
