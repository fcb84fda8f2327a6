"""The base of the training data sets."""

import logging
from typing import Any

import cv2
import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from segrefiner_mm.errors import InputError

# Enough for a run to survive data of which two thirds are unusable.
TRIES = 100


class RefineDataset(BaseDataset):
    """Images with true masks, one object per sample.

    In training, index ``i`` may be any number from 0. It stands for the
    ``i``-th draw of an endless run, whose epochs are shuffled by ``seed``, and
    every random choice of the pipeline is derived from ``seed`` and ``i``. So
    a sample does not depend on workers, processes, or where a run was resumed.
    In test mode, index ``i`` is the ``i``-th sample, always with the same
    random choices.

    In training, an unusable sample is skipped with one line in the log, and
    replaced by another sample. In test mode it is an error, as the metrics
    would be measured on other samples.

    Args:
        seed (int): Seed of the order and of all random choices, 0 or more.
            Defaults to 0.
        draws_per_sample (int): Consecutive draws of the same sample, for
            pipelines with :class:`AlternatePipelines`. Defaults to 1.
        **kwargs: See :class:`mmengine.dataset.BaseDataset`.

    Raises:
        InputError: If there is no sample. When a sample is read: if it is
            unusable in test mode, or if 100 samples in a row are unusable in
            training.
        IndexError: When a sample is read in test mode: if the index is out of
            range.
    """

    METAINFO: dict[str, Any] = dict(classes=('object',))

    def __init__(
        self,
        *args: Any,
        seed: int = 0,
        draws_per_sample: int = 1,
        **kwargs: Any,
    ) -> None:
        self.seed = seed
        self.draws_per_sample = draws_per_sample
        self.skipped: set[tuple[int, Any]] = set()
        super().__init__(*args, **kwargs)

    def filter_data(self) -> list[dict[str, Any]]:
        """Reject a data set without samples.

        Returns:
            list[dict]: The samples, unchanged.

        Raises:
            InputError: If there are no samples.
        """
        if not self.data_list:
            raise InputError(self.nothing_found())
        return self.data_list

    def nothing_found(self) -> str:
        """Return the error message for a data set without samples.

        Returns:
            str: The message.
        """
        return f'{type(self).__name__} found no usable sample'

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not self._fully_initialized:
            self.full_init()
        if self.test_mode and not 0 <= index < len(self):
            raise IndexError(f'no sample {index} of {len(self)}')
        for attempt in range(TRIES):
            rng = np.random.default_rng([self.seed, index, attempt])
            if attempt:
                chosen = int(rng.integers(len(self)))
            elif self.test_mode:
                chosen = index
            else:
                chosen = self._place(index // self.draws_per_sample)
            data = self._usable(chosen, index, rng)
            if data is not None:
                return data
        raise InputError(
            f'{TRIES} samples in a row could not be used; the reasons are '
            'in the lines above'
        )

    def choose(
        self, data_info: dict[str, Any], rng: np.random.Generator
    ) -> dict[str, Any]:
        """Choose one object of an image; by default, an image has only one.

        Args:
            data_info (dict): An entry of :meth:`load_data_list`.
            rng (np.random.Generator): Source of randomness.

        Returns:
            dict: Image and object; ``ann_id``, if present, identifies the
            object in the image.
        """
        return data_info

    def skip(self, key: tuple[int, Any], reason: object) -> None:
        """Log once, in one line, why a sample is skipped.

        A skipped sample is tried again in later draws, so that a draw does not
        depend on earlier draws.

        Args:
            key (tuple): Index of the image and id of the object.
            reason (object): Reason for the log, an error or a text.
        """
        if key not in self.skipped:
            self.skipped.add(key)
            count = len(self.skipped)
            # Only errors appear in the log of every process.
            print_log(
                f'skipped ({count} so far): {reason}', 'current', logging.ERROR
            )

    def _place(self, index: int) -> int:
        """Return the sample at an index of the shuffled epochs."""
        epoch, place = divmod(index, len(self))
        if getattr(self, '_shuffled_epoch', None) != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self._order = rng.permutation(len(self))
            self._shuffled_epoch = epoch
        return int(self._order[place])

    def _usable(
        self, chosen: int, draw: int, rng: np.random.Generator
    ) -> dict[str, Any] | None:
        """Run the pipeline; if it fails in training, log why, return None."""
        data_info = self.choose(self.get_data_info(chosen), rng)
        key = chosen, data_info.get('ann_id')
        data_info.update(draw=draw, seed=int(rng.integers(2**62)))
        try:
            return self.pipeline(data_info)
        except (OSError, InputError, AssertionError, cv2.error) as error:
            # mmcv asserts that an image could be decoded.
            path = data_info['img_path']
            reason = str(error).strip() or f'cannot decode {path}'
            if self.test_mode:
                raise InputError(
                    f'{path} cannot be tested on, and no other sample may '
                    f'count in its place: {reason}'
                ) from error
            self.skip(key, reason)
            return None
