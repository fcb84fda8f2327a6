"""What a run reads and writes, and what it must not overwrite."""

from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError

OVERLAYS = 'overlays'  # folder of the overlays beside the results


class PairJob(NamedTuple):
    """What to read and what to write."""

    image: Path
    mask: Path
    out: Path
    overlay: Path | None

    def inputs(self) -> list[Path]:
        return [self.image, self.mask]

    def outputs(self) -> list[Path]:
        return [self.out] if self.overlay is None else [self.out, self.overlay]


def protect_inputs(jobs: list[PairJob]) -> None:
    """Refuse to write where something is read."""
    inputs = {path.resolve() for job in jobs for path in job.inputs()}
    for job in jobs:
        for path in job.outputs():
            if path.resolve() in inputs:
                raise InputError(
                    f'{path} is an input and would be overwritten: choose '
                    'another output'
                )
