"""What the training datasets have in common."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from segrefiner_mm.errors import InputError

TRIES = 20


class RefineDataset(BaseDataset):
    """Images with true masks, one object per sample.

    In training, index ``i`` may be any number: it stands for the ``i``-th
    draw of an endless run, whose epochs are shuffled by ``seed``, and every
    random choice of the pipeline comes from it. A sample therefore does not
    depend on workers, processes, or where a run was resumed.

    A sample that cannot be used is skipped with one line of explanation and
    another one takes its place.

    Args:
        seed (int): Seed of the order and of all random choices. Defaults to
            0.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.
    """

    METAINFO: dict = dict(classes=('object',))

    def __init__(self, *args: Any, seed: int = 0, **kwargs: Any) -> None:
        self.seed = seed
        self.skipped: set[int] = set()
        super().__init__(*args, **kwargs)
        if not len(self):
            raise InputError(f'{type(self).__name__} found no usable sample')

    def __getitem__(self, index: int) -> dict:
        if self.test_mode:
            return super().__getitem__(index)
        for attempt in range(TRIES):
            rng = np.random.default_rng([self.seed, index, attempt])
            chosen = rng.integers(len(self)) if attempt else self._place(index)
            data = self._usable(int(chosen), int(rng.integers(2**62)))
            if data is not None:
                return data
        raise InputError(
            f'{TRIES} samples in a row could not be used; the reasons are '
            'in the lines above'
        )

    def _place(self, index: int) -> int:
        """Where the index falls in the shuffled epochs."""
        epoch, place = divmod(index, len(self))
        if getattr(self, '_shuffled_epoch', None) != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self._order = rng.permutation(len(self))
            self._shuffled_epoch = epoch
        return int(self._order[place])

    def _usable(self, index: int, seed: int) -> dict | None:
        """Run the pipeline; None, after a line in the log, if it fails."""
        if index in self.skipped:
            return None
        data_info = self.get_data_info(index)
        data_info['seed'] = seed
        try:
            data = self.pipeline(data_info)
        except (OSError, InputError, AssertionError) as error:
            # mmcv asserts that an image could be decoded.
            self.skipped.add(index)
            print_log(
                f'skipped ({len(self.skipped)} so far): {error}', 'current'
            )
            return None
        return data
