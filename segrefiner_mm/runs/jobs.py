"""The files that a job reads and writes, and protection of the inputs."""

from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError

OVERLAYS = 'overlays'  # folder of the overlays beside the results
SOFT = 'soft'  # folder of the soft maps beside the results
CUTOUTS = 'cutouts'  # folder of the objects that are cut out


class PairJob(NamedTuple):
    """A pair to read and the files to write.

    Attributes:
        image (Path): Image file to read.
        mask (Path): Mask or label map to read.
        out (Path): File to write the refined mask or label map to.
        overlay (Path, optional): Overlay to write; None: no overlay.
        soft (Path, optional): Soft map to write. Defaults to None: no soft
            map.
        only (Path, optional): Mask of the part that may change, to read.
            Defaults to None: no file gives the part.
        cutout (Path, optional): Image to write of the object, cut out with
            alpha. Defaults to None: no cut-out.
    """

    image: Path
    mask: Path
    out: Path
    overlay: Path | None
    soft: Path | None = None
    only: Path | None = None
    cutout: Path | None = None

    def inputs(self) -> list[Path]:
        """List the files to read.

        Returns:
            list[Path]: Image, mask and part, without those that are None.
        """
        files = self.image, self.mask, self.only
        return [path for path in files if path is not None]

    def outputs(self) -> list[Path]:
        """List the files to write.

        Returns:
            list[Path]: Result, overlay, soft map and cut-out, without those
            that are None.
        """
        files = self.out, self.overlay, self.soft, self.cutout
        return [path for path in files if path is not None]


def protect_inputs(jobs: list[PairJob]) -> None:
    """Refuse jobs that would overwrite an input.

    Args:
        jobs (list[PairJob]): The jobs.

    Raises:
        InputError: If an output of a job is an input of any job, all links
            resolved.
    """
    inputs = {path.resolve() for job in jobs for path in job.inputs()}
    for job in jobs:
        for path in job.outputs():
            if path.resolve() in inputs:
                raise InputError(
                    f'{path} is an input and would be overwritten: choose '
                    'another output'
                )
