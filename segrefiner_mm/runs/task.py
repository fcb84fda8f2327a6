"""The interface between a folder run and a kind of data."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from segrefiner_mm.io.image_with_masks import Annotation, LoadedPair
from segrefiner_mm.runs.jobs import PairJob

Result = TypeVar('Result')


class Task(Protocol[Annotation, Result]):
    """Loads, refines and encodes pairs of an image and its annotation."""

    def prepare(self) -> dict[str, Any]:
        """Build the model, so that a wrong option is reported early.

        Returns:
            dict: All that results depend on; see
            :meth:`Refiner.fingerprint`.

        Raises:
            InputError: If the model or an option cannot be used.
            CheckpointError: If the weights cannot be used.
        """

    def load(self, job: PairJob) -> LoadedPair[Annotation, PairJob]:
        """Read a pair.

        Args:
            job (PairJob): Its job.

        Returns:
            LoadedPair: The pair, with the job as its tag.

        Raises:
            InputError: If it cannot be used.
        """

    def refine(
        self, inputs: Iterable[LoadedPair[Annotation, PairJob]]
    ) -> Iterator[tuple[LoadedPair[Annotation, PairJob], Result]]:
        """Refine a stream of pairs, in order.

        Args:
            inputs (Iterable[LoadedPair]): Pairs from :meth:`load`.

        Yields:
            tuple[LoadedPair, Result]: Every pair with its result.
        """

    def encode(
        self, loaded: LoadedPair[Annotation, PairJob], result: Result
    ) -> dict[Path, bytes]:
        """Encode a result.

        Args:
            loaded (LoadedPair): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            dict[Path, bytes]: Content of every file to write.

        Raises:
            InputError: If a format cannot hold the result.
        """

    def notes(
        self, loaded: LoadedPair[Annotation, PairJob], result: Result
    ) -> dict[str, Any]:
        """Describe a result for the journal.

        Args:
            loaded (LoadedPair): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            dict: ``verdict`` and further fields of the journal.
        """

    def summary(
        self, loaded: LoadedPair[Annotation, PairJob], result: Result
    ) -> str:
        """Describe a result for the user.

        Args:
            loaded (LoadedPair): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            str: One line.
        """
