"""A sampler that numbers the draws of an endless training run."""

from collections.abc import Iterator
from typing import Any

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from segrefiner_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class DrawSampler(Sampler[Any]):
    """Yields 0, 1, 2 and so on without end, divided among the processes.

    :class:`RefineDataset` maps these numbers to a shuffled order. Together,
    the batches of all processes contain the draws that a single process would
    make.

    Args:
        dataset (Sized): Data set, of which only the length is used.
        batch_size (int): Samples per batch of one process. Defaults to 1.
        seed (int, optional): Passed by mmengine and not used; the data set
            has its own seed. Defaults to None.
    """

    def __init__(
        self, dataset: object, batch_size: int = 1, seed: int | None = None
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.rank, self.world_size = get_dist_info()
        self.start = 0

    def __iter__(self) -> Iterator[int]:
        start = self.start + self.rank * self.batch_size
        while True:
            yield from range(start, start + self.batch_size)
            start += self.world_size * self.batch_size

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def skip(self, num_samples: int) -> None:
        """Skip the samples that a resumed run has seen already.

        Args:
            num_samples (int): Number of samples that this process has seen.
        """
        self.start = num_samples * self.world_size

    def set_epoch(self, epoch: int) -> None:
        """Do nothing, as the run has no epochs.

        Args:
            epoch (int): Not used.
        """
