"""The events of a run as lines of JSON, for programs that watch the run."""

import json
import math
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.reporting.progress import Tally

EVERY = 1.0  # seconds between two events of progress


class JsonLog:
    """Log file with a JSON object per event.

    Every object has ``time``, in UTC and ISO 8601, and ``event``, the kind.
    Further fields depend on the kind:

    - ``progress``: ``images`` and ``masks`` that are done, ``total`` (of the
      images), ``images_per_second``, ``masks_per_second``, ``seconds_left``
      and ``verdicts``, counts by verdict; ``total`` and ``seconds_left`` are
      null if not known;
    - ``error`` and ``note``: ``message``;
    - ``end``: ``message``, the summary, and the counts ``done`` (absent for
      an evaluation) and ``failed`` (null if an error ended the run). It is
      the last event, unless the run was killed.

    Args:
        path (Path): File to append to; its folder must exist.

    Raises:
        InputError: If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._last = -math.inf
        try:
            # Line by line, so that a reader sees every event at once.
            self._file = path.open('a', buffering=1, encoding='utf-8')
        except OSError as error:
            reason = reason_of(error)
            raise InputError(f'cannot write {path}: {reason}') from error

    def write(self, event: str, **fields: Any) -> None:
        """Write an event.

        Args:
            event (str): Kind of the event.
            **fields (Any): Further fields, of values that JSON can hold.

        Raises:
            OSError: If the file cannot be written.
        """
        now = datetime.now(timezone.utc).isoformat(timespec='milliseconds')
        line = dict(time=now, event=event, **fields)
        self._file.write(json.dumps(line) + '\n')

    def progress(self, tally: Tally, last: bool = False) -> None:
        """Write the progress of a run, unless the last was under 1 s ago.

        Args:
            tally (Tally): The counts.
            last (bool): Whether to write in any case, as at the end. Defaults
                to False.

        Raises:
            OSError: If the file cannot be written.
        """
        now = time.monotonic()
        if not last and now - self._last < EVERY:
            return
        self._last = now
        left = tally.seconds_left
        self.write(
            'progress',
            images=tally.images,
            total=tally.total,
            masks=tally.masks,
            images_per_second=round(tally.rate(tally.images), 3),
            masks_per_second=round(tally.rate(tally.masks), 3),
            seconds_left=None if left is None else round(left, 1),
            verdicts=dict(sorted(tally.verdicts.items())),
        )
