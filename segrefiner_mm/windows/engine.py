"""The engine, which runs windows of many masks and images in batches."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from segrefiner_mm.windows.window_plan import (
    Plan,
    RefinedMask,
    WindowAnswer,
    WindowRequest,
)

Key = TypeVar('Key')
# Timesteps, the timestep they lead to, and whether a window runs alone.
Schedule = tuple[tuple[int, ...], int, bool]
Sample = Callable[[list[WindowRequest]], list[WindowAnswer]]


@dataclass
class _Open(Generic[Key]):
    """A plan that waits for answers."""

    key: Key
    plan: Plan
    answers: dict[int, WindowAnswer] = field(default_factory=dict)
    asked: int = 0


class WindowEngine(Generic[Key]):
    """Runs plans of many masks and batches their windows.

    Windows that run the same steps share a batch, whatever mask or image they
    come from, unless they ask to be alone. A batch runs when it is full, or
    when no further plan may be opened.

    Args:
        sample (Callable): Answers a list of requests that all run the same
            steps.
        batch_size (int): Maximum number of windows per call of ``sample``.
        has_room (Callable, optional): Called before a further plan is opened.
            If it returns False, partly filled batches run instead. Defaults
            to None: there is always room.

    Raises:
        ValueError: If ``batch_size`` is less than 1.
    """

    def __init__(
        self,
        sample: Sample,
        batch_size: int,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be >= 1, got {batch_size}')
        self.sample = sample
        self.batch_size = batch_size
        self.has_room = has_room or (lambda: True)
        self._queues: dict[
            Schedule, deque[tuple[_Open[Key], int, WindowRequest]]
        ] = {}

    def run(
        self, plans: Iterable[tuple[Key, Plan]]
    ) -> Iterator[tuple[Key, RefinedMask]]:
        """Run plans to completion.

        Args:
            plans (Iterable[tuple[Key, Plan]]): Pulled one by one, as late as
                possible.

        Yields:
            tuple[Key, RefinedMask]: Refined masks, in the order of completion.
        """
        source = iter(plans)
        exhausted = False
        while True:
            schedule = max(self._queues, key=self._fullness, default=None)
            fullness = self._fullness(schedule) if schedule else 0.0
            may_open = not exhausted and (not fullness or self.has_room())
            if fullness < 1 and may_open:
                try:
                    key, plan = next(source)
                except StopIteration:
                    exhausted = True
                    continue
                yield from self._advance(_Open(key, plan), None)
            elif schedule and fullness:
                yield from self._run_batch(schedule)
            else:
                return

    def _fullness(self, schedule: Schedule) -> float:
        """Return the number of waiting windows, relative to a batch."""
        return len(self._queues[schedule]) / self._batch_of(schedule)

    def _batch_of(self, schedule: Schedule) -> int:
        *_, alone = schedule
        return 1 if alone else self.batch_size

    def _run_batch(
        self, schedule: Schedule
    ) -> Iterator[tuple[Key, RefinedMask]]:
        queue = self._queues[schedule]
        count = min(self._batch_of(schedule), len(queue))
        batch = [queue.popleft() for _ in range(count)]
        answers = self.sample([request for _, _, request in batch])
        for (opened, index, _), answer in zip(batch, answers, strict=True):
            opened.answers[index] = answer
            if len(opened.answers) == opened.asked:
                ordered = [opened.answers[i] for i in range(opened.asked)]
                yield from self._advance(opened, ordered)

    def _advance(
        self, opened: _Open[Key], answers: list[WindowAnswer] | None
    ) -> Iterator[tuple[Key, RefinedMask]]:
        """Send a plan its answers and queue its next requests."""
        try:
            if answers is None:
                requests = next(opened.plan)
            else:
                requests = opened.plan.send(answers)
        except StopIteration as finished:
            yield opened.key, finished.value
            return
        opened.answers, opened.asked = {}, len(requests)
        for index, request in enumerate(requests):
            schedule = request.timesteps, request.until, request.alone
            queue = self._queues.setdefault(schedule, deque())
            queue.append((opened, index, request))
