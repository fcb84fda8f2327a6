"""Inputs and outputs of a run, and protection of the inputs."""

from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError

OVERLAYS = 'overlays'  # folder of the overlays beside the results
SOFT = 'soft'  # folder of the soft maps beside the results
CUTOUTS = 'cutouts'  # folder of the objects that are cut out


class PairJob(NamedTuple):
    """A pair to read and the files to write.

    Attributes:
        image (Path): Image file.
        mask (Path): Mask or label map.
        out (Path): File of the result.
        overlay (Path, optional): File of the overlay; None for no overlay.
        soft (Path, optional): File of the soft map. Defaults to None: none.
        only (Path, optional): File of the part that may change. Defaults to
            None: no such file.
        cutout (Path, optional): File of the object, cut out with alpha.
            Defaults to None: no such file.
    """

    image: Path
    mask: Path
    out: Path
    overlay: Path | None
    soft: Path | None = None
    only: Path | None = None
    cutout: Path | None = None

    def inputs(self) -> list[Path]:
        """Return the files to read."""
        files = self.image, self.mask, self.only
        return [path for path in files if path is not None]

    def outputs(self) -> list[Path]:
        """Return the files to write."""
        files = self.out, self.overlay, self.soft, self.cutout
        return [path for path in files if path is not None]


def protect_inputs(jobs: list[PairJob]) -> None:
    """Refuse outputs that are inputs.

    Args:
        jobs (list[PairJob]): The jobs.

    Raises:
        InputError: If an output is an input.
    """
    inputs = {path.resolve() for job in jobs for path in job.inputs()}
    for job in jobs:
        for path in job.outputs():
            if path.resolve() in inputs:
                raise InputError(
                    f'{path} is an input and would be overwritten: choose '
                    'another output'
                )
