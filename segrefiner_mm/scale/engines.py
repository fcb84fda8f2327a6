"""The engines, one of which refines all shards of a run."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.scale.options import LAUNCHERS, RAY, DatasetOptions
from segrefiner_mm.scale.refine_rows import FAILED
from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_worker import Job, ShardSummary

Shards = Callable[[], Iterable[Shard]]


def joined(options: DatasetOptions) -> AbstractContextManager[int]:
    """Work together with the processes of a launcher, if the engine is one.

    Args:
        options (DatasetOptions): The engine.

    Returns:
        AbstractContextManager[int]: Gives the rank of this process; rank 0
        writes the output. At its end, the processes wait for each other.

    Raises:
        InputError: On entry, if no such launcher has started this process; at
            the end, if another process has ended early.
    """
    if options.engine not in LAUNCHERS:
        return nullcontext(0)
    from segrefiner_mm.scale import launched_engine

    return launched_engine.joined(options.engine)


def refine_shards(
    job: Job, shards: Shards, options: DatasetOptions, reporter: Reporter
) -> list[ShardSummary]:
    """Refine all shards that are not done.

    Args:
        job (Job): The work that the workers do.
        shards (Callable): Returns the shards; it can be pickled.
        options (DatasetOptions): The engine.
        reporter (Reporter): Receives progress and failures.

    Returns:
        list[ShardSummary]: One per shard, without messages. Empty in all
        processes of a launcher but the first.

    Raises:
        InputError: If the source cannot be read, or the engine does not
            answer.
    """
    summaries, before = [], 0
    with reporter.progress(None) as advance:
        for summary in _summaries(job, shards, options):
            before += summary.done_before
            for problem in summary.errors:
                reporter.error(problem)
            for note in summary.notes:
                reporter.say(f'segrefiner: note: {note}')
            advance(_verdicts(summary))
            for _ in range(summary.images - 1):
                advance()
            summaries.append(summary.without_messages())
    if before:
        reporter.say(f'{before} shards were done before')
    return summaries


def _verdicts(summary: ShardSummary) -> list[str]:
    return [
        name
        for name, count in summary.verdicts.items()
        if name != FAILED
        for _ in range(count)
    ]


def _summaries(
    job: Job, shards: Shards, options: DatasetOptions
) -> Iterable[ShardSummary]:
    if options.engine == RAY:
        from segrefiner_mm.scale.ray_engine import refined_by_ray

        return refined_by_ray(job, shards, options)
    worker = job.worker()
    if options.engine in LAUNCHERS:
        from segrefiner_mm.scale.launched_engine import launched

        return launched(worker, shards())
    return map(worker.process, shards())
