"""The command line: ``segrefiner COMMAND ...``.

Exit status: 0 done; 1 some inputs failed, each named on stderr, and the rest
is done; 2 bad usage, or nothing could be done; 130 stopped by Ctrl-C or
SIGTERM.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from segrefiner_mm.cli.exit_status import NOTHING_DONE, STOPPED
from segrefiner_mm.cli.parsers import build_parser
from segrefiner_mm.errors import SegRefinerError, reason_of
from segrefiner_mm.io.limits import set_max_pixels


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; errors of the user's input are printed to stderr.

    Args:
        argv (Sequence[str], optional): Arguments, without the name of the
            program. Defaults to None: the arguments of the process.

    Returns:
        int: Exit status, 0, 1, 2 or 130.

    Raises:
        SystemExit: From argparse: status 2 for bad usage, 0 after ``--help``
            and ``--version``.
    """
    parser = build_parser()
    if '_ARGCOMPLETE' in os.environ:
        _complete(parser)
    args = parser.parse_args(argv)
    try:
        with _stoppable():
            set_max_pixels(args.max_pixels)
            return args.run(args)
    except SegRefinerError as error:
        print(f'segrefiner: error: {error}', file=sys.stderr)
        return NOTHING_DONE
    except OSError as error:
        name = f'{error.filename}: ' if error.filename else ''
        reason = f'{name}{reason_of(error)}'
        print(f'segrefiner: error: {reason}', file=sys.stderr)
        return NOTHING_DONE
    except (MemoryError, RuntimeError) as error:
        # By name, as torch is not imported before a command needs it.
        if type(error).__name__ not in ('MemoryError', 'OutOfMemoryError'):
            raise
        print(
            'segrefiner: error: out of memory: try a smaller --batch-size',
            file=sys.stderr,
        )
        return NOTHING_DONE
    except KeyboardInterrupt:
        print('segrefiner: stopped', file=sys.stderr)
        return STOPPED
    finally:
        set_max_pixels(None)


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell's request for completions, and exit."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt in a block, as Ctrl-C does."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # where Python has no signals
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
