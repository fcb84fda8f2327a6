"""Progress and problems of a run, reported to the user."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console

from segrefiner_mm.reporting.json_log import JsonLog
from segrefiner_mm.reporting.progress import Tally, progress_bar


class Advance(Protocol):
    """Function to call after each image that is done."""

    def __call__(self, verdicts: Sequence[str] = ()) -> None:
        """Count an image as done.

        Args:
            verdicts (Sequence[str]): Verdicts of its masks. Defaults to ().
        """


class Reporter:
    """Collects the problems of one run, and prints them as they occur.

    Args:
        console (Console, optional): Console to print to. Defaults to None:
            nothing is printed.
        quiet (bool): Whether to print errors alone, without a bar and notes.
            Defaults to False.
        log (JsonLog, optional): Log that gets all events. Defaults to None:
            no log.

    Attributes:
        problems (list[str]): Messages about all failures.

    Raises:
        OSError: In all methods, if the log cannot be written.
    """

    def __init__(
        self,
        console: Console | None = None,
        quiet: bool = False,
        log: JsonLog | None = None,
    ) -> None:
        self.problems: list[str] = []
        self._console = console
        self._quiet = quiet
        self._log = log

    def error(self, problem: object) -> None:
        """Report an input that could not be processed.

        Args:
            problem (object): The message, or an exception with the message.
        """
        self.problems.append(str(problem))
        self._event('error', message=str(problem))
        self._print(f'segrefiner: error: {problem}')

    def say(self, text: str) -> None:
        """Print a note, unless the reporter is quiet, and log it.

        Args:
            text (str): The note; the log omits the prefix ``segrefiner:``.
        """
        self._event('note', message=text.removeprefix('segrefiner: '))
        if not self._quiet:
            self._print(text)

    def note_end(self, message: str, **fields: Any) -> None:
        """Log the end of the run; nothing is printed.

        Args:
            message (str): The summary, or why nothing could be done.
            **fields (Any): Further fields, of values that JSON can hold.
        """
        self._event('end', message=message, **fields)

    @contextmanager
    def progress(
        self, total: int | None, what: str = 'Refining'
    ) -> Iterator[Advance]:
        """Show a progress bar during a block, if the console is a terminal.

        The bar shows images and masks per second, the time left and the
        counts of the verdicts. The log gets these numbers at most once a
        second, and at the end.

        Args:
            total (int, optional): Number of images; None if it is not
                known.
            what (str): Text in front of the bar. Defaults to 'Refining'.

        Yields:
            Advance: Function to call after each image that is done.
        """
        console = self._console
        tally = Tally(total)
        bar: AbstractContextManager[Any] = nullcontext()
        if console is not None and console.is_terminal and not self._quiet:
            bar = progress_bar(console, what)
        with bar as shown:

            def advance(verdicts: Sequence[str] = ()) -> None:
                tally.add(verdicts)
                if shown is not None:
                    shown(tally)
                if self._log is not None:
                    self._log.progress(tally)

            if shown is not None:
                shown(tally)
            yield advance
        if self._log is not None:
            self._log.progress(tally, last=True)

    def _event(self, event: str, **fields: Any) -> None:
        if self._log is not None:
            self._log.write(event, **fields)

    def _print(self, text: str) -> None:
        if self._console is not None:
            self._console.print(text, markup=False)


def terminal_reporter(
    quiet: bool = False, json_log: str | Path | None = None
) -> Reporter:
    """Build a reporter that prints to stderr.

    Args:
        quiet (bool): Whether to print errors alone. Defaults to False.
        json_log (str | Path, optional): Log file to append to; see
            :class:`JsonLog`. Defaults to None: no log.

    Returns:
        Reporter: The reporter.

    Raises:
        InputError: If the log cannot be opened.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    log = None if json_log is None else JsonLog(Path(json_log))
    return Reporter(console, quiet, log)
