"""The progress of a run: counts, rates, and a bar that shows them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

WIDE = 125  # columns of a terminal that has room for all in one line


class Tally:
    """Counts the images and masks that are done.

    Args:
        total (int, optional): Number of images; None if it is not known.
        clock (Callable[[], float]): Returns the time in seconds. Defaults to
            ``time.monotonic``.

    Attributes:
        total (int, optional): Number of images; None if it is not known.
        images (int): Number of images that are done.
        verdicts (Counter[str]): Number of masks that are done, by verdict.
    """

    def __init__(
        self, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.images = 0
        self.verdicts: Counter[str] = Counter()
        self._clock = clock
        self._begin = clock()

    @property
    def masks(self) -> int:
        """int: Number of masks that are done."""
        return self.verdicts.total()

    @property
    def seconds(self) -> float:
        """float: Seconds since the start."""
        return self._clock() - self._begin

    @property
    def seconds_left(self) -> float | None:
        """float, optional: Seconds left at the mean rate; None if unknown."""
        if not self.images or self.total is None:
            return None
        left = max(self.total - self.images, 0)
        return self.seconds / self.images * left

    def add(self, verdicts: Sequence[str] = ()) -> None:
        """Count an image as done.

        Args:
            verdicts (Sequence[str]): Verdicts of its masks. Defaults to ().
        """
        self.images += 1
        self.verdicts.update(verdicts)

    def rate(self, count: int) -> float:
        """Return a count per second.

        Args:
            count (int): A count, such as :attr:`images`.

        Returns:
            float: The count, divided by the seconds since the start; 0 at the
            start.
        """
        seconds = self.seconds
        return count / seconds if seconds > 0 else 0.0

    def text(self, before_verdicts: str = ', ') -> str:
        """Return counts, rates and time left as text.

        Args:
            before_verdicts (str): Separator before the verdicts. Defaults to
                ', '.

        Returns:
            str: A text such as ``'12/40 images, 3.1 images/s, 9.8 masks/s,
            0:09 left, 8 kept, 30 refined'``.
        """
        of_all = '' if self.total is None else f'/{self.total}'
        parts = [f'{self.images}{of_all} images']
        left = self.seconds_left
        if self.images:
            parts.append(f'{_short(self.rate(self.images))} images/s')
            if self.masks:
                parts.append(f'{_short(self.rate(self.masks))} masks/s')
        if left is not None:
            parts.append(f'{_clock_text(left)} left')
        text, counts = ', '.join(parts), sorted(self.verdicts.items())
        if not counts:
            return text
        listed = ', '.join(f'{number} {name}' for name, number in counts)
        return f'{text}{before_verdicts}{listed}'


@contextmanager
def progress_bar(
    console: Console, what: str
) -> Iterator[Callable[[Tally], None]]:
    """Show a progress bar on a terminal during a block.

    Args:
        console (Console): The terminal.
        what (str): Text in front of the bar.

    Yields:
        Callable[[Tally], None]: Updates the bar to the counts of a tally.
    """
    columns = (
        TextColumn('{task.description}', markup=False),
        BarColumn(bar_width=12),
        TextColumn('{task.fields[text]}', markup=False),
    )
    separator = ', ' if console.width >= WIDE else '\n'
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, text='')

        def show(tally: Tally) -> None:
            bar.update(
                task,
                total=tally.total,
                completed=tally.images,
                text=tally.text(separator),
            )

        yield show


def _short(rate: float) -> str:
    return f'{rate:.0f}' if rate >= 10 else f'{rate:.1f}'


def _clock_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours}:{minutes:02d}:{rest:02d}'
    return f'{minutes}:{rest:02d}'
