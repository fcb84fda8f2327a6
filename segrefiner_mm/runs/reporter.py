"""Progress and problems of a run, reported to the user."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import Progress


class Reporter:
    """Collects the problems of one run, and prints them as they occur.

    Args:
        console (Console, optional): Console to print to. Defaults to None:
            nothing is printed.

    Attributes:
        problems (list[str]): Messages about all failures.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.problems: list[str] = []
        self._console = console

    def error(self, problem: object) -> None:
        """Report an input that could not be processed.

        Args:
            problem (object): The message or the error.
        """
        self.problems.append(str(problem))
        self.say(f'segrefiner: error: {problem}')

    def say(self, text: str) -> None:
        """Print a line.

        Args:
            text (str): The line.
        """
        if self._console is not None:
            self._console.print(text, markup=False)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[], None]]:
        """Show a progress bar on a terminal.

        Args:
            total (int): Number of steps.

        Yields:
            Callable: To be called after a step.
        """
        console = self._console
        hidden = console is None or not console.is_terminal
        with Progress(console=console, disable=hidden) as bar:
            task = bar.add_task('Refining', total=total)
            yield partial(bar.advance, task)


def terminal_reporter() -> Reporter:
    """Build a reporter that prints to stderr.

    Returns:
        Reporter: The reporter.
    """
    return Reporter(Console(stderr=True, highlight=False, soft_wrap=True))
