"""The options for a run over a data set in shards."""

from dataclasses import dataclass

from segrefiner_mm.errors import InputError
from segrefiner_mm.names import ENGINES
from segrefiner_mm.runs.predictions.prediction_options import PredictionOptions

LOCAL, RAY = ENGINES[:2]
# Launchers of mmengine, which start the processes.
LAUNCHERS = ENGINES[2:]
SHARD_MASKS = 256


@dataclass(frozen=True)
class DatasetOptions(PredictionOptions):
    """Options for data sets that are too large for one process.

    They extend :class:`PredictionOptions`, except that shards do not support
    ``soft`` and ``only``.

    Attributes:
        images (str, optional): Folder or fsspec URL of the images, such as
            ``'s3://bucket/train'``; instead of ``img_dir``. Defaults to None.
        engine (str): Engine that refines the shards: ``'local'``, this
            process; ``'ray'``, Ray Data; ``'pytorch'``, ``'slurm'`` or
            ``'mpi'``, the processes that this launcher has started. Defaults
            to 'local'.
        address (str, optional): Address of a Ray cluster; ``'auto'`` is the
            cluster that runs on this machine. Defaults to None: a new cluster
            on this machine.
        workers (int): Number of Ray workers, 1 or more. Defaults to 1.
        gpus_per_worker (float): GPUs per Ray worker, 0 or more; it may be a
            fraction. Defaults to 0.
        cpus_per_worker (float): CPU cores per Ray worker, above 0. Defaults
            to 1.
        shards (str, optional): Folder or fsspec URL of the shards, which
            are kept; all workers must be able to reach it. Defaults to None:
            a folder beside the output, which is removed at the end unless
            masks have failed.
        shard_masks (int): Minimum number of masks per shard, 1 or more.
            Defaults to 256.

    Raises:
        InputError: If an option is out of its range, or does not apply to
            shards or to the engine.
    """

    images: str | None = None
    engine: str = LOCAL
    address: str | None = None
    workers: int = 1
    gpus_per_worker: float = 0.0
    cpus_per_worker: float = 1.0
    shards: str | None = None
    shard_masks: int = SHARD_MASKS

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.soft is not None or self.only is not None:
            raise InputError(
                '--soft and --only are not for data sets in shards: refine '
                'without --engine'
            )
        if self.engine not in ENGINES:
            raise InputError(
                f'--engine must be one of {", ".join(ENGINES)}, got '
                f'{self.engine}'
            )
        if self.workers < 1:
            raise InputError(f'--workers must be 1 or more: {self.workers}')
        if not 0 <= self.gpus_per_worker < float('inf'):
            raise InputError(
                f'--gpus-per-worker must be 0 or more: {self.gpus_per_worker}'
            )
        if not 0 < self.cpus_per_worker < float('inf'):
            raise InputError(
                f'--cpus-per-worker must be above 0: {self.cpus_per_worker}'
            )
        if self.shard_masks < 1:
            raise InputError(
                f'--shard-masks must be 1 or more: {self.shard_masks}'
            )
        if self.engine != RAY and self.address:
            raise InputError('--address is for --engine ray')

    @property
    def place(self) -> str | None:
        """``images``, else the absolute path of ``img_dir``, else None."""
        if self.images is not None:
            return self.images
        return None if self.img_dir is None else str(self.img_dir.absolute())
