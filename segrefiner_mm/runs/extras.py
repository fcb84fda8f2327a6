"""The soft maps of a run, and the parts that it may change."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segrefiner_mm.io.soft_files import SUFFIXES, check_soft_type
from segrefiner_mm.runs.jobs import SOFT, PairJob
from segrefiner_mm.runs.only_parts import OnlyParts


@dataclass(frozen=True)
class Extras:
    """The soft maps of a run, and the parts of its images that may change.

    Attributes:
        soft (str, optional): Value type of the soft maps, see
            :func:`quantised`; None: no soft maps are written.
        parts (OnlyParts): Finds the part of an image that may change.
        suffix (str, optional): Suffix of the files of soft maps. Defaults to
            None: that of ``soft`` in ``SUFFIXES``.

    Raises:
        InputError: If the type is unknown.
    """

    soft: str | None
    parts: OnlyParts
    suffix: str | None = None

    def __post_init__(self) -> None:
        if self.soft is not None:
            check_soft_type(self.soft)

    def beside(self, job: PairJob) -> PairJob:
        """Name the soft map of a single pair: ``NAME_soft`` beside its result.

        Args:
            job (PairJob): The job.

        Returns:
            PairJob: The job, with the files of its soft map and of the part
            that may change, where they exist.
        """
        return self._with(job, f'{job.out.stem}_soft')

    def below(self, job: PairJob) -> PairJob:
        """Name the soft map of one of many pairs: ``soft/NAME``.

        Args:
            job (PairJob): The job.

        Returns:
            PairJob: See :meth:`beside`.
        """
        return self._with(job, f'{SOFT}/{job.out.stem}')

    def described(self) -> dict[str, Any]:
        """Return the settings that results depend on, as plain values.

        Returns:
            dict: Settings for a journal; empty by default. The contents of
            files of parts are absent, as the files are inputs of the jobs.
        """
        of_run = {} if self.soft is None else dict(soft=self.soft)
        if isinstance(self.parts.common, Path):
            return dict(of_run, only=str(self.parts.common))
        return {**of_run, **self.parts.described()}

    def _with(self, job: PairJob, name: str) -> PairJob:
        file = None
        if self.soft is not None:
            suffix = self.suffix or SUFFIXES[self.soft]
            file = job.out.parent / f'{name}{suffix}'
        return job._replace(
            soft=file, only=self.parts.file_of(job.mask, job.image)
        )
