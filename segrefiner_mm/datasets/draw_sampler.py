"""Numbers the draws of an endless training run."""

from collections.abc import Iterator

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from segrefiner_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class DrawSampler(Sampler):
    """Yields 0, 1, 2 and so on, for ever, shared out among the processes.

    :class:`RefineDataset` makes a shuffled order of it. Each batch of all
    processes together holds the draws that one process alone would have had.

    Args:
        dataset (Sized): Only its length is used.
        batch_size (int): Samples of one process in a batch. Defaults to 1.
        seed (int, optional): Given by mmengine; the dataset has its own.
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
        """Begin after what a resumed run has seen already.

        Args:
            num_samples (int): Samples that this process has seen.
        """
        self.start = num_samples * self.world_size

    def set_epoch(self, epoch: int) -> None:
        """The run has no epochs."""
