"""The engine, which refines the masks of many images in shared batches."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic

from segrefiner_mm.windows.compact_mask import CompactMask
from segrefiner_mm.windows.refine_job import RefineJob, Tag
from segrefiner_mm.windows.window_plan import (
    Plan,
    RefinedMask,
    WindowAnswer,
    WindowRequest,
)

# Maximum number of pixels in progress, of images or of large masks.
PIXELS_IN_WORK = 2**26
# Maximum number of images in progress, however small they are.
JOBS_IN_WORK = 256

# Timesteps, the timestep they lead to, and whether a window runs alone.
Schedule = tuple[tuple[int, ...], int, bool]
MakePlan = Callable[[RefineJob[Any], CompactMask], Plan]
Sample = Callable[[list[WindowRequest]], list[WindowAnswer]]
Collect = Callable[[], list[WindowAnswer]]
Submit = Callable[[list[WindowRequest]], Collect]
# Batches that a device works on while the next one is prepared.
IN_FLIGHT = 2


@dataclass
class _Work(Generic[Tag]):
    """A job in progress."""

    job: RefineJob[Tag]
    opened: int = 0
    outcomes: dict[int, RefinedMask] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == len(self.job.masks)

    def result(self) -> tuple[RefineJob[Tag], list[RefinedMask]]:
        count = len(self.job.masks)
        return self.job, [self.outcomes[index] for index in range(count)]


@dataclass
class _OpenMask(Generic[Tag]):
    """A mask whose plan waits for answers."""

    work: _Work[Tag]
    index: int
    plan: Plan
    answers: dict[int, WindowAnswer] = field(default_factory=dict)
    requested: int = 0


@dataclass
class _Window(Generic[Tag]):
    """A window that waits for its answer, and its place among the answers."""

    mask: _OpenMask[Tag]
    index: int
    request: WindowRequest


class WindowEngine(Generic[Tag]):
    """Refines the masks of a stream of images; their windows share batches.

    Windows that run the same steps share a batch, whatever mask or image they
    come from, unless they ask to be alone. A batch runs when it is full, when
    the memory does not allow a further mask, or at the end of the stream.

    Args:
        make_plan (Callable): Given a job and one of its masks, returns the
            plan of the mask.
        sample (Callable): Given a list of requests that all run the same
            steps, returns their answers in order.
        batch_size (int): Maximum number of windows per call of ``sample``, 1
            or more.
        large_masks (bool): Whether a mask in progress takes as much memory as
            its image. Defaults to False.
        submit (Callable, optional): Given the requests, returns at once a
            function that waits for the answers and returns them. Further
            windows are prepared meanwhile; which windows share a batch does
            not depend on timing. Defaults to None: ``sample`` is used.

    Raises:
        ValueError: If ``batch_size`` is less than 1.
    """

    def __init__(
        self,
        make_plan: MakePlan,
        sample: Sample,
        batch_size: int,
        large_masks: bool = False,
        submit: Submit | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be >= 1, got {batch_size}')
        self.make_plan = make_plan
        self.sample = sample
        self.batch_size = batch_size
        self.large_masks = large_masks
        self.submit = submit
        self._in_flight: deque[tuple[list[_Window[Tag]], Collect]] = deque()
        self._works: deque[_Work[Tag]] = deque()
        self._queues: dict[Schedule, deque[_Window[Tag]]] = {}

    def run(
        self, jobs: Iterable[RefineJob[Tag]]
    ) -> Iterator[tuple[RefineJob[Tag], list[RefinedMask]]]:
        """Refine the masks of jobs.

        The iterator must be exhausted before the next call. Errors of
        ``jobs``, of a plan or of ``sample`` are raised while it is read.

        Args:
            jobs (Iterable[RefineJob]): Pulled one by one, as late as possible.

        Yields:
            tuple[RefineJob, list[RefinedMask]]: Every job and its refined
            masks, in the order of the jobs and of their masks.
        """
        source, exhausted = iter(jobs), False
        while True:
            schedule = max(self._queues, key=self._fullness, default=None)
            fullness = self._fullness(schedule) if schedule else 0.0
            idle = not fullness and not self._in_flight
            may_open = not exhausted and (idle or self._has_room())
            if fullness < 1 and may_open:
                exhausted = not self._open_mask(source)
            elif fullness < 1 and self._in_flight:
                self._collect()  # it may fill the batch
            elif schedule and fullness:
                self._submit(schedule)
            else:
                return
            while self._works and self._works[0].complete:
                yield self._works.popleft().result()

    def _open_mask(self, source: Iterator[RefineJob[Tag]]) -> bool:
        """Open the next mask of the newest job, or of the next job.

        Returns:
            bool: False if there is no further job.
        """
        work = self._works[-1] if self._works else None
        if work is None or work.opened == len(work.job.masks):
            job = next(source, None)
            if job is None:
                return False
            work = _Work(job)
            self._works.append(work)
        index, masks = work.opened, work.job.masks
        if masks:
            work.opened += 1
            plan = self.make_plan(work.job, masks[index])
            self._advance(_OpenMask(work, index, plan), None)
        return True

    def _has_room(self) -> bool:
        """Return whether the memory allows one more open mask."""
        if self._works and not self.large_masks:
            newest = self._works[-1]
            if newest.opened < len(newest.job.masks):
                return True  # its image is in memory already
        pixels = 0
        for work in self._works:
            height, width = work.job.image.shape[-2:]
            waiting = (
                work.opened - len(work.outcomes) if self.large_masks else 1
            )
            # A finished job may wait for its turn, with its image.
            pixels += height * width * max(waiting, 1)
        return pixels < PIXELS_IN_WORK and len(self._works) < JOBS_IN_WORK

    def _fullness(self, schedule: Schedule) -> float:
        """Return the number of waiting windows, relative to a batch."""
        return len(self._queues[schedule]) / self._batch_of(schedule)

    def _batch_of(self, schedule: Schedule) -> int:
        *_, alone = schedule
        return 1 if alone else self.batch_size

    def _submit(self, schedule: Schedule) -> None:
        """Start a batch; if too many are in flight, finish the oldest."""
        queue = self._queues[schedule]
        count = min(self._batch_of(schedule), len(queue))
        batch = [queue.popleft() for _ in range(count)]
        requests = [window.request for window in batch]
        if self.submit is None:
            self._distribute(batch, self.sample(requests))
            return
        self._in_flight.append((batch, self.submit(requests)))
        if len(self._in_flight) > IN_FLIGHT:
            self._collect()

    def _collect(self) -> None:
        batch, collect = self._in_flight.popleft()
        self._distribute(batch, collect())

    def _distribute(
        self, batch: list[_Window[Tag]], answers: list[WindowAnswer]
    ) -> None:
        """Store the answers of a batch; advance plans that have them all."""
        for window, answer in zip(batch, answers, strict=True):
            mask = window.mask
            mask.answers[window.index] = answer
            if len(mask.answers) == mask.requested:
                ordered = [mask.answers[i] for i in range(mask.requested)]
                self._advance(mask, ordered)

    def _advance(
        self, mask: _OpenMask[Tag], answers: list[WindowAnswer] | None
    ) -> None:
        """Send a plan its answers; queue its next requests, or its outcome."""
        try:
            if answers is None:
                requests = next(mask.plan)
            else:
                requests = mask.plan.send(answers)
        except StopIteration as finished:
            mask.work.outcomes[mask.index] = finished.value
            return
        mask.answers, mask.requested = {}, len(requests)
        for index, request in enumerate(requests):
            schedule = request.timesteps, request.until, request.alone
            queue = self._queues.setdefault(schedule, deque())
            queue.append(_Window(mask, index, request))
