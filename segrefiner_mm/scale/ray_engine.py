"""Refinement of a stream of shards by Ray Data, in actors with a model."""

import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.scale.options import DatasetOptions
from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_worker import Job, ShardSummary

# The last line of a traceback that the user's input has caused.
_SAID = re.compile(r'^segrefiner_mm\.errors\.\w+: (.*)$', re.MULTILINE)
# A block of Ray Data holds one shard, so that actors get work at once.
_BLOCK_BYTES = 1
# Resources of the reader: it must run beside actors that hold all cores.
_READER_CPUS = 0


def refined_by_ray(
    job: Job,
    shards: Callable[[], Iterable[Shard]],
    options: DatasetOptions,
) -> Iterator[ShardSummary]:
    """Refine shards on a Ray cluster.

    A worker that dies, alone or with its node, is replaced. Its shards are
    refined again, with byte-identical results.

    Args:
        job (Job): The work that the workers do.
        shards (Callable): Returns the shards; it runs in a task of Ray, and
            can be pickled.
        options (DatasetOptions): The cluster and its workers.

    Yields:
        ShardSummary: One per shard, in any order.

    Raises:
        InputError: If Ray is not installed or its cluster does not answer, or
            if the source cannot be read.
        ray.exceptions.RayError: If Ray fails for another reason.
    """
    ray = _import_ray()
    with _connected(ray, options):
        yield from _stream(ray, job, shards, options)


def _stream(
    ray: Any,
    job: Job,
    shards: Callable[[], Iterable[Shard]],
    options: DatasetOptions,
) -> Iterator[ShardSummary]:
    from ray.data import ActorPoolStrategy

    from segrefiner_mm.scale.ray_parts import ShardActor, shard_datasource

    with _context(ray):
        read = ray.data.read_datasource(
            shard_datasource(shards),
            override_num_blocks=1,
            num_cpus=_READER_CPUS,
        )
        refined = read.map_batches(
            ShardActor,
            fn_constructor_args=(job,),
            batch_size=1,
            batch_format='pyarrow',
            compute=ActorPoolStrategy(size=options.workers),
            num_cpus=options.cpus_per_worker,
            num_gpus=options.gpus_per_worker,
        )
        try:
            for row in refined.iter_rows():
                yield ShardSummary(**json.loads(row['summary']))
        except ray.exceptions.RayError as error:
            raise _plain(error) from error


@contextmanager
def _connected(ray: Any, options: DatasetOptions) -> Iterator[None]:
    """Connect to the cluster, unless the caller already has."""
    if ray.is_initialized():
        yield
        return
    settings: dict[str, Any] = dict(
        address=options.address or 'local',
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    if options.address is None:
        cores = math.ceil(options.workers * options.cpus_per_worker)
        settings.update(num_cpus=cores, include_dashboard=False)
    try:
        ray.init(**settings)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as e:
        raise InputError(
            f'no Ray cluster answers at {settings["address"]}: {reason_of(e)}'
        ) from e
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _context(ray: Any) -> Iterator[None]:
    """Change the settings of Ray Data, and restore them on exit."""
    before = ray.data.DataContext.get_current()
    own = before.copy()
    own.target_max_block_size = _BLOCK_BYTES
    own.enable_progress_bars = False
    logging.getLogger('ray.data').setLevel(logging.ERROR)
    ray.data.DataContext._set_current(own)
    try:
        yield
    finally:
        ray.data.DataContext._set_current(before)


def _import_ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError:
        raise InputError(
            "--engine ray needs Ray: pip install 'segrefiner_mm[ray]'"
        ) from None
    return ray


def _plain(error: BaseException) -> BaseException:
    """Return the :class:`InputError` that Ray has wrapped, else the error.

    The text of Ray's error contains the traceback of the task, whose last
    line has the message.
    """
    said = _SAID.findall(str(error))
    return InputError(said[-1].strip()) if said else error
