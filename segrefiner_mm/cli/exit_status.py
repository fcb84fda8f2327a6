"""The exit statuses of the commands."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segrefiner_mm.reporting.run_summary import RunSummary

# All is done; some inputs failed, each named on stderr, and the rest is done;
# bad usage, or nothing could be done; stopped by Ctrl-C or SIGTERM.
DONE, SOME_FAILED, NOTHING_DONE, STOPPED = 0, 1, 2, 130


def status_of(summary: 'RunSummary') -> int:
    """Return the exit status of a run.

    Args:
        summary (RunSummary): Summary of the run.

    Returns:
        int: ``DONE`` if nothing failed, ``SOME_FAILED`` if something was
        done, else ``NOTHING_DONE``.
    """
    if not summary.failed:
        return DONE
    return SOME_FAILED if summary.done else NOTHING_DONE
