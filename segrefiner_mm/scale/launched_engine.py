"""Shards divided among the processes of torchrun, Slurm or MPI."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from mmengine.dist import get_dist_info, init_dist
from torch import distributed

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.scale.rows import Shard
from segrefiner_mm.scale.shard_worker import ShardSummary, Worker

# Processes finish at different times, and the others wait.
_PATIENCE = timedelta(days=7)


def join(launcher: str) -> tuple[int, int]:
    """Join the process group of a launcher, or the one that exists.

    Only counts and messages are exchanged, so gloo suffices, even with GPUs.
    With CUDA, each process gets a GPU; without, the environment variables of
    torchrun are set from those of Slurm or MPI.

    Args:
        launcher (str): ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Returns:
        tuple[int, int]: Rank of this process, from 0, and number of
        processes.

    Raises:
        InputError: If this launcher has not started this process, or the
            processes do not reach each other.
    """
    if distributed.is_initialized():
        return _numbers()
    try:
        if torch.cuda.is_available():
            init_dist(launcher, backend='gloo', timeout=_PATIENCE)
        else:
            _name_process(launcher)
            distributed.init_process_group('gloo', timeout=_PATIENCE)
    except (KeyError, ValueError, RuntimeError) as error:
        raise InputError(
            f'--engine {launcher} needs the variables that the launcher '
            f'sets for its processes: {reason_of(error)}'
        ) from error
    return _numbers()


def launched(
    worker: Worker, shards: Iterable[Shard]
) -> Iterator[ShardSummary]:
    """Process the shards of this process, and gather all summaries.

    The first process waits for the others. Call :func:`join` first.

    Args:
        worker (Worker): Refines and writes shards.
        shards (Iterable[Shard]): All shards, equal in every process.

    Yields:
        ShardSummary: In the first process, the summaries of all processes; in
        the other processes, nothing.

    Raises:
        InputError: If another process has ended early.
    """
    rank, count = _numbers()
    own = [
        worker.process(shard)
        for index, shard in enumerate(shards)
        if index % count == rank
    ]
    gathered: list[Any] | None = [None] * count if rank == 0 else None
    with _others_present():
        distributed.gather_object(own, gathered)
    for summaries in gathered or []:
        yield from summaries


@contextmanager
def joined(launcher: str) -> Iterator[int]:
    """Work together with the other processes of a launcher.

    On exit, the process waits for the others. If the block fails, the process
    leaves at once, and the others fail when they next wait for it.

    Args:
        launcher (str): See :func:`join`.

    Yields:
        int: Rank of this process, from 0.

    Raises:
        InputError: See :func:`join`; on exit, if another process has ended
            early.
    """
    joined_before = distributed.is_initialized()
    rank, _ = join(launcher)
    try:
        yield rank
        with _others_present():
            distributed.barrier()
    finally:
        if not joined_before:  # else the group is the caller's
            distributed.destroy_process_group()


@contextmanager
def _others_present() -> Iterator[None]:
    """Turn gloo's error about a lost process into a clear message."""
    try:
        yield
    except RuntimeError as error:
        raise InputError(
            'another process of this run has ended early or cannot be '
            f'reached, see its messages: {reason_of(error)}'
        ) from error


def _numbers() -> tuple[int, int]:
    rank, count = get_dist_info()
    return rank, count


def _name_process(launcher: str) -> None:
    """Set the variables of torchrun from those of another launcher."""
    names = dict(
        slurm=('SLURM_PROCID', 'SLURM_NTASKS'),
        mpi=('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'),
    )
    if launcher in names:
        rank, count = names[launcher]
        os.environ['RANK'] = os.environ[rank]
        os.environ['WORLD_SIZE'] = os.environ[count]
        os.environ.setdefault('MASTER_PORT', '29500')
        if os.environ[count] == '1':
            os.environ.setdefault('MASTER_ADDR', '127.0.0.1')
