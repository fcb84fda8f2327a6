"""What a folder run asks of the kind of data that it refines."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from segrefiner_mm.runs.jobs import PairJob

Loaded = TypeVar('Loaded')
Result = TypeVar('Result')


class Task(Protocol[Loaded, Result]):
    """Loads, refines and encodes pairs of an image and its annotation."""

    def prepare(self) -> dict[str, Any]:
        """Build the model, so that a wrong option is reported now.

        Returns:
            dict: Everything that results depend on; see
            :meth:`Refiner.fingerprint`.
        """

    def load(self, job: PairJob) -> Loaded:
        """Read a pair; an InputError says why it cannot be used."""

    def job_of(self, loaded: Loaded) -> PairJob:
        """The job that a pair was loaded for."""

    def refine(
        self, inputs: Iterable[Loaded]
    ) -> Iterator[tuple[Loaded, Result]]:
        """Refine a stream of pairs, in order."""

    def encode(self, loaded: Loaded, result: Result) -> dict[Path, bytes]:
        """Encode the result: the content of every file to write."""

    def notes(self, loaded: Loaded, result: Result) -> dict[str, Any]:
        """Describe the result for the journal: ``verdict`` and more."""

    def summary(self, loaded: Loaded, result: Result) -> str:
        """Describe the result in one line for the user."""
