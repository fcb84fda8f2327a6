"""A store on disk for the results of all shards, by index of the mask."""

import json
import os
import tempfile
from array import array
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.runs.predictions.mask_rows import LEFT, MaskRow, mask_row
from segrefiner_mm.scale.refine_rows import FAILED
from segrefiner_mm.scale.rows import ResultRow

# The order of rows with the same IoU, as in a run without shards.
_KINDS = _FAULTY, _REFINED, _LEFT = range(3)


class ResultStore:
    """Results in a temporary file, at 18 bytes of memory per mask.

    Sorting takes 22 more. The file is removed when the context ends.

    Args:
        folder (Path): Folder of the temporary file, which must exist.

    Raises:
        InputError: If the file cannot be created.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError as error:
            raise InputError(
                f'cannot write in {folder}: {reason_of(error)}'
            ) from error
        self._end = self._done = 0
        # By index of the mask; size 0 is a mask without a result.
        self._start, self._size = array('q'), array('I')
        # The keys by which a table is sorted: IoU and kind in one number, and
        # the first mask of the image.
        self._rank, self._first = array('H'), array('I')

    def __enter__(self) -> 'ResultStore':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, row: ResultRow) -> None:
        """Store the result of a mask.

        Args:
            row (dict): Row of a shard; see :class:`RefinedRows`.

        Raises:
            InputError: If the row cannot be written.
        """
        faulty = row['image'].startswith('#')
        kind = _FAULTY if faulty else _REFINED
        self._done += row['verdict'] != FAILED
        self._append(row['mask'], row, row['first'], kind)

    def add_left(self, index: int, label: str, why: str) -> None:
        """Store a mask that is never refined.

        Args:
            index (int): Index of the mask in the JSON file.
            label (str): Name of the mask for the user.
            why (str): Reason why the mask is left unchanged.

        Raises:
            InputError: If the row cannot be written.
        """
        row = dict(label=label, verdict=f'{LEFT}{why}', iou=1.0)
        self._append(index, row, index, _LEFT)

    def get(self, index: int) -> ResultRow | None:
        """Return the result of a mask.

        Call :meth:`flush` first: it makes the stored results readable.

        Args:
            index (int): Index of the mask in the JSON file.

        Returns:
            dict | None: The stored row; None if there is none.
        """
        if index >= len(self._size) or not self._size[index]:
            return None
        content = os.pread(
            self._file.fileno(), self._size[index], self._start[index]
        )
        row: ResultRow = json.loads(content)
        return row

    def has_results(self) -> bool:
        """Return whether any mask was refined, kept or rolled back.

        Returns:
            bool: False if all masks from shards have failed.
        """
        return self._done > 0

    def flush(self) -> None:
        """Write buffered results to the file, so that they can be read.

        Raises:
            InputError: If the results cannot be written.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise InputError(
                f'cannot store results: {reason_of(error)}'
            ) from error

    def most_changed(self) -> npt.NDArray[np.int64]:
        """Return the masks in the order of the CSV, the most changed first.

        Returns:
            np.ndarray: (N,) int64, indices of all masks in the JSON file.
        """
        # A stable sort, so masks of one image stay in order.
        order = np.lexsort([np.asarray(self._first), np.asarray(self._rank)])
        stored = np.asarray(self._size)
        return order if stored.all() else order[stored[order] > 0]

    def table_row(self, index: int) -> MaskRow:
        """Return the row of a mask for the CSV; call :meth:`flush` first.

        Args:
            index (int): Index in the JSON file of a mask that is stored.

        Returns:
            MaskRow: The row.
        """
        row = self.get(index)
        assert row is not None
        if row['verdict'] == FAILED or row['verdict'].startswith('left'):
            return MaskRow(row['label'], row['verdict'], 1.0)
        return mask_row(row['label'], row)

    def _append(
        self, index: int, row: dict[str, Any], first: int, kind: int
    ) -> None:
        content = json.dumps(row).encode()
        missing = index + 1 - len(self._size)
        if missing > 0:
            for values in (self._start, self._size, self._rank, self._first):
                values.frombytes(bytes(missing * values.itemsize))
        try:
            self._file.write(content)
        except OSError as error:
            raise InputError(
                f'cannot store results: {reason_of(error)}'
            ) from error
        self._start[index], self._size[index] = self._end, len(content)
        self._end += len(content)
        rounded = round(round(row['iou'], 4) * 1e4)
        self._rank[index] = rounded * len(_KINDS) + kind
        self._first[index] = first
