"""The choice of the engine that refines all shards of a run."""

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
        options (DatasetOptions): Options that name the engine.

    Returns:
        AbstractContextManager[int]: Context whose value is the rank of this
        process, 0 without a launcher; rank 0 writes the output. On exit, the
        processes wait for each other.

    Raises:
        InputError: On entry, if this launcher has not started this process;
            on exit, if another process has ended early.
    """
    if options.engine not in LAUNCHERS:
        return nullcontext(0)
    from segrefiner_mm.scale import launched_engine

    return launched_engine.joined(options.engine)


def refine_shards(
    job: Job, shards: Shards, options: DatasetOptions, reporter: Reporter
) -> list[ShardSummary]:
    """Refine all shards that are not done.

    With a launcher, call this inside :func:`joined`.

    Args:
        job (Job): The work that the workers do.
        shards (Callable): Returns the shards; it can be pickled.
        options (DatasetOptions): Options that name the engine.
        reporter (Reporter): Receives progress, notes and failures.

    Returns:
        list[ShardSummary]: One per shard, without messages, in any order.
        With a launcher, the first process gets all, and the other processes
        get an empty list.

    Raises:
        InputError: If the source or the images cannot be read, the engine is
            not installed or does not answer, or another process of the
            launcher has ended early.
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
