"""The options of ``segrefiner coco`` for data sets in shards.

Nothing heavy is imported here, so that ``--help`` answers at once.
"""

import argparse
from collections.abc import Callable
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.names import ENGINES

# Options that need an engine, with their defaults.
_DEFAULTS = dict(
    address=None,
    workers=1,
    gpus_per_worker=0.0,
    cpus_per_worker=1.0,
    shards=None,
    shard_masks=256,
)


def add_engine_options(add: Callable[..., Any]) -> None:
    """Add ``--engine`` and the options that need it.

    Args:
        add (Callable): ``add_argument`` of a parser or group.
    """
    add(
        '--engine',
        choices=ENGINES,
        help='refine in shards, for COCO or LVIS json of any size: in this '
        'process, on Ray Data, or in the processes started by torchrun '
        '(pytorch), slurm or mpi; --img-dir may be a URL such as '
        's3://bucket/images',
    )
    add(
        '--address',
        help='Ray cluster to use, or auto for the one on this machine '
        '(default: a new one on this machine)',
    )
    add(
        '--workers',
        type=int,
        default=_DEFAULTS['workers'],
        metavar='N',
        help='number of Ray workers (default: %(default)s)',
    )
    add(
        '--gpus-per-worker',
        type=float,
        default=_DEFAULTS['gpus_per_worker'],
        metavar='F',
        help='GPUs per Ray worker, such as 0.5 (default: %(default)g)',
    )
    add(
        '--cpus-per-worker',
        type=float,
        default=_DEFAULTS['cpus_per_worker'],
        metavar='F',
        help='CPU cores per Ray worker (default: %(default)g)',
    )
    add(
        '--shards',
        metavar='DIR',
        help='folder or URL of the shards, Parquet files, which are kept '
        '(default: a folder beside OUT, removed when the run is complete)',
    )
    add(
        '--shard-masks',
        type=int,
        default=_DEFAULTS['shard_masks'],
        metavar='N',
        help='minimum number of masks per shard (default: %(default)s)',
    )


def engine_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the engine, from the command line.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        dict: ``engine`` and its options, fields of :class:`DatasetOptions`.
    """
    return {name: getattr(args, name) for name in ('engine', *_DEFAULTS)}


def refuse_engine_options(args: argparse.Namespace) -> None:
    """Reject options that do nothing without an engine.

    Args:
        args (argparse.Namespace): The parsed command line, without
            ``--engine``.

    Raises:
        InputError: If an option differs from its default.
    """
    for name, default in _DEFAULTS.items():
        if getattr(args, name) != default:
            option = f'--{name.replace("_", "-")}'
            raise InputError(f'{option} needs --engine')
