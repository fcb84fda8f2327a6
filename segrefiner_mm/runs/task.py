"""The interface between a folder run and a kind of annotation."""

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
            dict: Everything that results depend on; see
            :meth:`Refiner.fingerprint`.

        Raises:
            InputError: If the model or an option cannot be used.
            CheckpointError: If the weights cannot be used.
        """

    def load(self, job: PairJob) -> LoadedPair[Annotation, PairJob]:
        """Read a pair.

        Args:
            job (PairJob): The job of the pair.

        Returns:
            LoadedPair: The pair, with the job as its tag.

        Raises:
            InputError: If the image, the annotation or the part that may
                change cannot be used, or their sizes differ.
        """

    def refine(
        self, inputs: Iterable[LoadedPair[Annotation, PairJob]]
    ) -> Iterator[tuple[LoadedPair[Annotation, PairJob], Result]]:
        """Refine a stream of pairs, in order.

        Args:
            inputs (Iterable[LoadedPair]): Pairs from :meth:`load`.

        Yields:
            tuple[LoadedPair, Result]: A pair with its result.
        """

    def encode(
        self, loaded: LoadedPair[Annotation, PairJob], result: Result
    ) -> dict[Path, bytes]:
        """Encode a result.

        Args:
            loaded (LoadedPair): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            dict[Path, bytes]: Content of every file of ``job.outputs()``.

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
            dict: ``verdict``, a str, and further fields, of values that JSON
            can hold.
        """

    def summary(
        self, loaded: LoadedPair[Annotation, PairJob], result: Result
    ) -> str:
        """Describe a result for the user.

        Args:
            loaded (LoadedPair): The pair.
            result (Result): From :meth:`refine`.

        Returns:
            str: A text of one line.
        """
