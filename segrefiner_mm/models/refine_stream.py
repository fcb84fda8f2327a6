"""Refinement of a stream of images with masks, in order."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

from segrefiner_mm.models.refine_settings import RefineSettings
from segrefiner_mm.models.window_sampler import WindowSampler
from segrefiner_mm.windows import (
    CompactMask,
    Plan,
    RefinedMask,
    RefineTask,
    WindowEngine,
)

# Most pixels in progress, of images or of masks that take as much memory.
PIXELS_IN_WORK = 2**26
# Most images in progress, however small they are.
JOBS_IN_WORK = 256


class RefineJob(NamedTuple):
    """An image with its coarse masks.

    Attributes:
        image (Tensor): (3, H, W) uint8, on the model's device.
        masks (Sequence[CompactMask]): Masks of the same size and device.
        tag (object): Value that is passed back with the result. Defaults to
            None.
    """

    image: Tensor
    masks: Sequence[CompactMask]
    tag: Any = None


@dataclass
class _Work:
    """A job whose masks are being refined."""

    job: RefineJob
    opened: int = 0
    outcomes: dict[int, RefinedMask] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == len(self.job.masks)

    def result(self) -> tuple[RefineJob, list[RefinedMask]]:
        count = len(self.job.masks)
        return self.job, [self.outcomes[index] for index in range(count)]


class RefineStream:
    """Refines jobs whose windows share batches; results keep their order.

    Args:
        sampler (WindowSampler): Answers the requests.
        settings (RefineSettings): Settings of the run.
    """

    def __init__(
        self, sampler: WindowSampler, settings: RefineSettings
    ) -> None:
        self.sampler = sampler
        self.settings = settings
        self._in_work: deque[_Work] = deque()

    def run(
        self, jobs: Iterable[RefineJob]
    ) -> Iterator[tuple[RefineJob, list[RefinedMask]]]:
        """Refine jobs in order.

        Args:
            jobs (Iterable[RefineJob]): Pulled one by one, as late as possible.

        Yields:
            tuple[RefineJob, list[RefinedMask]]: Every job with its refined
            masks.
        """
        in_work = self._in_work
        engine: WindowEngine[Any] = WindowEngine(
            self.sampler, self.sampler.batch_size, self._has_room
        )
        for (work, index), refined in engine.run(self._plans(jobs)):
            if index is not None:
                work.outcomes[index] = refined
            while in_work and in_work[0].complete:
                yield in_work.popleft().result()
        yield from (work.result() for work in in_work)

    def _plans(
        self, jobs: Iterable[RefineJob]
    ) -> Iterator[tuple[tuple[_Work, int | None], Plan]]:
        for job in jobs:
            work = _Work(job)
            self._in_work.append(work)
            if not job.masks:  # it is done and need not wait for others
                yield (work, None), _nothing()
            for index, mask in enumerate(job.masks):
                work.opened += 1
                yield (work, index), self._plan(job.image, mask)

    def _plan(self, image: Tensor, mask: CompactMask) -> Plan:
        windows, guard = self.settings.windows, self.settings.guard
        steps = tuple(self.sampler.timesteps)
        task = RefineTask(image, mask, steps, self.settings.model_size)
        if guard is None:
            return windows.refine(task)
        return guard.refine(windows, task)

    def _has_room(self) -> bool:
        """Tell whether one more mask may be opened before a batch is full."""
        large_masks = self.settings.windows.whole_image
        if self._in_work and not large_masks:
            newest = self._in_work[-1]
            if newest.opened < len(newest.job.masks):
                return True  # its image is in memory already
        pixels = 0
        for work in self._in_work:
            height, width = work.job.image.shape[-2:]
            waiting = work.opened - len(work.outcomes) if large_masks else 1
            # A finished job may wait for its turn, with its image.
            pixels += height * width * max(waiting, 1)
        return pixels < PIXELS_IN_WORK and len(self._in_work) < JOBS_IN_WORK


def _nothing() -> Generator[Any, Any, Any]:
    """A plan that requests no window, and whose result is not used."""
    yield from ()
