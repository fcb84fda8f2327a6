"""A worker that refines shards one by one, and writes each when it is done."""

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from segrefiner_mm.errors import InputError, SegRefinerError, reason_of
from segrefiner_mm.io.limits import set_max_pixels
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.scale.image_places import ImagePlaces
from segrefiner_mm.scale.places import Place
from segrefiner_mm.scale.refine_rows import FAILED, RefinedRows, refine_rows
from segrefiner_mm.scale.rows import Shard, ShardImage
from segrefiner_mm.scale.shard_files import read_shard, write_shard


@dataclass(frozen=True)
class ShardJob:
    """Everything that a worker needs to know; picklable.

    Attributes:
        refiner (RefinerOptions): The model and its settings.
        fingerprint (dict): Everything that results depend on, except the
            device; see :meth:`Refiner.fingerprint`. That of the worker must
            be equal.
        img_dir (str, optional): Folder or URL of the images; None: the names
            of the images are paths.
        shards (str): Folder or URL of the shards to write.
        source (str): File of the masks, for messages.
        max_pixels (int): Maximum number of pixels of an image.
    """

    refiner: RefinerOptions
    fingerprint: dict[str, Any]
    img_dir: str | None
    shards: str
    source: str
    max_pixels: int

    def worker(self) -> 'ShardWorker':
        """Return a worker for this job.

        Returns:
            ShardWorker: The worker.

        Raises:
            InputError: See :class:`ShardWorker`.
        """
        return ShardWorker(self)


@dataclass(frozen=True)
class ShardSummary:
    """The outcome of a shard.

    Attributes:
        key (str): Key of the shard.
        images (int): Number of images; 0 for a table that failed or was done
            before.
        verdicts (dict[str, int]): Number of masks by verdict.
        done_before (bool): Whether an earlier run has written the shard.
            Defaults to False.
        errors (list[str]): Messages about masks that failed. Defaults to [].
        notes (list[str]): Remarks about masks. Defaults to [].
    """

    key: str
    images: int
    verdicts: dict[str, int]
    done_before: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def without_messages(self) -> 'ShardSummary':
        """Drop the messages, so that millions of summaries fit in memory.

        Returns:
            ShardSummary: A copy without errors and notes.
        """
        return replace(self, errors=[], notes=[])


class Worker(Protocol):
    """Processes shards one by one."""

    def process(self, shard: Shard) -> ShardSummary:
        """Refine a shard and write the result, unless it is done.

        Args:
            shard (Shard): The shard.

        Returns:
            ShardSummary: Counts and messages; a failure is not raised.
        """


class Job(Protocol):
    """Everything that a worker needs to know; picklable."""

    def worker(self) -> Worker:
        """Return a worker for this job.

        Returns:
            Worker: The worker.

        Raises:
            InputError: If the images or the shards cannot be reached.
        """


class ShardWorker:
    """Refines shards; builds the model for the first unfinished shard.

    It sets the limit of pixels for its process.

    Args:
        job (ShardJob): The work to do.

    Raises:
        InputError: If there is no folder of images, or no installed package
            handles a URL.
    """

    def __init__(self, job: ShardJob) -> None:
        set_max_pixels(job.max_pixels)
        self._job = job
        self._places = ImagePlaces(job.img_dir)
        self._shards = Place(job.shards)

    @cached_property
    def _refiner(self) -> Refiner:
        return agreed_refiner(self._job.refiner, self._job.fingerprint)

    def process(self, shard: Shard) -> ShardSummary:
        """Refine a shard and write the result, unless it is done.

        A shard is refined again if an image has changed or a mask failed.

        Args:
            shard (Shard): The shard.

        Returns:
            ShardSummary: Counts and messages; a failure is not raised.
        """
        images = shard.images()
        try:
            before = self._done_before(shard.key, images)
            if before is not None:
                return _summary(shard.key, images, before, True)
            names = {i.entry.name for i in images if i.entry.name is not None}
            states = {name: self._places.state(name) for name in sorted(names)}
            done = refine_rows(
                images, self._refiner, self._places, self._job.source
            )
            write_shard(self._shards, shard.key, done, states)
        except (SegRefinerError, OSError, MemoryError) as error:
            return _lost(shard.key, images, reason_of(error))
        return _summary(shard.key, images, done, False)

    def _done_before(
        self, key: str, images: list[ShardImage]
    ) -> RefinedRows | None:
        try:
            read = read_shard(self._shards, key)
        except InputError as error:
            log = logging.getLogger(__name__)
            log.warning('%s; refining it again', error)
            return None
        if read is None:
            return None
        done, states = read
        names = {i.entry.name for i in images if i.entry.name is not None}
        unchanged = states.keys() == names and all(
            self._places.is_unchanged(name, state)
            for name, state in states.items()
        )
        # Masks that failed are retried.
        failed = any(row['verdict'] == FAILED for row in done.rows)
        return done if unchanged and not failed else None


def chosen_refiner(
    options: RefinerOptions, on_gpus: bool = False
) -> tuple[RefinerOptions, dict[str, Any]]:
    """Choose, on the driver, the runtime that all workers use.

    The driver is the process that starts the run.

    Args:
        options (RefinerOptions): The model and its settings.
        on_gpus (bool): Whether the workers have GPUs, which only PyTorch
            uses; the driver may have none. Defaults to False.

    Returns:
        tuple[RefinerOptions, dict]: The options with the runtime that this
        machine has chosen, and the fingerprint that workers must have.

    Raises:
        InputError: If the model or an option cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    if on_gpus and options.runtime == 'auto':
        options = replace(options, runtime='torch')
    fingerprint = Refiner(options).fingerprint()
    del fingerprint['device']  # workers may have another than the driver
    return replace(options, runtime=fingerprint['runtime']), fingerprint


def agreed_refiner(
    options: RefinerOptions, fingerprint: dict[str, Any]
) -> Refiner:
    """Build a refiner that gives the results of the driver's refiner.

    Args:
        options (RefinerOptions): The model and its settings.
        fingerprint (dict): Fingerprint from :func:`chosen_refiner`.

    Returns:
        Refiner: The refiner.

    Raises:
        InputError: If a value of the fingerprint differs here, such as the
            version or the weights, or the model cannot be used.
        CheckpointError: If the weights cannot be used.
    """
    refiner = Refiner(options)
    own = refiner.fingerprint()
    for name, wanted in fingerprint.items():
        if own.get(name) != wanted:
            raise InputError(
                f'this worker has a different {name} ({own.get(name)}) from '
                f'the driver ({wanted}): install the same on all machines'
            )
    return refiner


def _summary(
    key: str, images: list[ShardImage], done: RefinedRows, before: bool
) -> ShardSummary:
    verdicts = Counter(row['verdict'] for row in done.rows)
    return ShardSummary(
        key, len(images), dict(verdicts), before, done.errors, done.notes
    )


def _lost(key: str, images: list[ShardImage], reason: str) -> ShardSummary:
    """Describe a shard that could not be refined or written."""
    labels = [label for image in images for label in image.labels.values()]
    error = f'{labels[0]} and {len(labels) - 1} more: {reason}'
    return ShardSummary(
        key, len(images), {FAILED: len(labels)}, errors=[error]
    )
