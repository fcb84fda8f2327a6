"""The parts that run inside Ray: the data source and the actor."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_worker import Job

_SCHEMA = pa.schema([('key', pa.string()), ('content', pa.binary())])
# An estimate, for Ray's memory planning.
_SHARD_BYTES = 2**18


class ShardActor:
    """An actor that keeps the model in memory and refines shards.

    Args:
        job (Job): The work to do.

    Raises:
        InputError: If the worker of the job cannot be built.
    """

    def __init__(self, job: Job) -> None:
        self._worker = job.worker()

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Refine the shards of a batch.

        Args:
            batch (pyarrow.Table): Shards, a row each, with the columns
                ``key`` (string) and ``content`` (binary).

        Returns:
            pyarrow.Table: The column ``summary`` (string) with a
            :class:`ShardSummary` as JSON per shard, in the given order.
        """
        shards = [Shard(row['key'], row['content']) for row in _rows(batch)]
        done = [self._worker.process(shard) for shard in shards]
        texts = [json.dumps(asdict(summary)) for summary in done]
        return pa.table({'summary': pa.array(texts, pa.string())})


class _ShardDatasource(Datasource):
    """A single read task that yields shards while it reads."""

    def __init__(self, shards: Callable[[], Iterable[Shard]]) -> None:
        super().__init__()
        self._shards = shards

    def estimate_inmemory_data_size(self) -> int | None:
        """Return None: the size is not known in advance."""
        return None

    def get_read_tasks(
        self, parallelism: int, *args: Any, **kwargs: Any
    ) -> list[ReadTask]:
        """Return the single task; ``parallelism`` is ignored."""
        shards = self._shards

        def read() -> Iterator[pa.Table]:
            for shard in shards():
                row = {'key': [shard.key], 'content': [shard.content]}
                yield pa.table(row, schema=_SCHEMA)

        metadata = BlockMetadata(None, _SHARD_BYTES, None)
        return [ReadTask(read, metadata, _SCHEMA)]


def shard_datasource(shards: Callable[[], Iterable[Shard]]) -> Datasource:
    """Return a data source of shards for Ray Data.

    Args:
        shards (Callable): Returns the shards; it can be pickled.

    Returns:
        Datasource: A source with one row per shard, with ``key`` and
        ``content``.
    """
    return _ShardDatasource(shards)


def _rows(batch: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.to_pylist()
    return rows
