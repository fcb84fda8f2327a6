"""The interface between a folder run and a kind of data."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from segrefiner_mm.runs.jobs import PairJob

Loaded = TypeVar('Loaded')
Result = TypeVar('Result')


class Task(Protocol[Loaded, Result]):
    """Loads, refines and encodes pairs of an image and its annotation."""

    def prepare(self) -> dict[str, Any]:
        """Build the model, so that a wrong option is reported early.

        Returns:
            dict: All that results depend on; see
            :meth:`Refiner.fingerprint`.
        """

    def load(self, job: PairJob) -> Loaded:
        """Read a pair.

        Args:
            job (PairJob): Its job.

        Returns:
            Loaded: The pair.

        Raises:
            InputError: If it cannot be used.
        """

    def job_of(self, loaded: Loaded) -> PairJob:
        """Return the job of a pair.

        Args:
            loaded (Loaded): From :meth:`load`.

        Returns:
            PairJob: Its job.
        """

    def refine(
        self, inputs: Iterable[Loaded]
    ) -> Iterator[tuple[Loaded, Result]]:
        """Refine a stream of pairs, in order.

        Args:
            inputs (Iterable[Loaded]): Pairs from :meth:`load`.

        Yields:
            tuple[Loaded, Result]: Every pair with its result.
        """

    def encode(self, loaded: Loaded, result: Result) -> dict[Path, bytes]:
        """Encode a result.

        Args:
            loaded (Loaded): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            dict[Path, bytes]: Content of every file to write.
        """

    def notes(self, loaded: Loaded, result: Result) -> dict[str, Any]:
        """Describe a result for the journal.

        Args:
            loaded (Loaded): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            dict: ``verdict`` and more.
        """

    def summary(self, loaded: Loaded, result: Result) -> str:
        """Describe a result for the user.

        Args:
            loaded (Loaded): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            str: One line.
        """
