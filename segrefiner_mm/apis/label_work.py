"""``segrefiner refine --labels``: pictures with a label per pixel."""

import argparse
import io
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from segrefiner_mm.apis.image_io import (
    load_image,
    load_labels,
    save_picture,
)
from segrefiner_mm.apis.model_options import prepare
from segrefiner_mm.apis.pair_jobs import PairJob
from segrefiner_mm.files import write_whole
from segrefiner_mm.integrations import LabelMapRefiner
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import KEPT, REFINED

Labels = npt.NDArray[Any]


class LabelInput(NamedTuple):
    """An image with its label map.

    Attributes:
        image (np.ndarray): (H, W, 3) uint8 BGR.
        labels (np.ndarray): (H, W) of integers.
        palette (list, optional): Colours of the labels in the picture.
        tag (PairJob): Where they are from and go to.
    """

    image: npt.NDArray[np.uint8]
    labels: Labels
    palette: list[int] | None
    tag: PairJob


class LabelWork:
    """Loads, refines and writes pairs of an image and a label map.

    Args:
        args (argparse.Namespace): Of the command line.
        ignore (list[int]): Labels that stay where they are.
    """

    def __init__(self, args: argparse.Namespace, ignore: list[int]) -> None:
        self._args = args
        self._ignore = ignore

    def prepare(self) -> None:
        """Build the model; a mistake in the options shows now."""
        inferencer, settings = prepare(self._args)
        self._refiner = LabelMapRefiner(
            inferencer.model, settings, ignore=self._ignore
        )

    def load(self, job: PairJob) -> LabelInput:
        """Read a pair; an InputError says why it cannot be."""
        labels, palette = load_labels(job.mask)
        image = load_image(job.image, (labels.shape[0], labels.shape[1]))
        return LabelInput(image, labels, palette, job)

    def refine(
        self, inputs: Iterable[LabelInput]
    ) -> Iterator[tuple[LabelInput, Labels]]:
        """Refine a stream of pairs, in order."""
        jobs = (
            (torch.from_numpy(i.image).permute(2, 0, 1), i.labels, i)
            for i in inputs
        )
        for refined, loaded in self._refiner.refine(jobs):
            yield loaded, refined

    def write(self, loaded: LabelInput, refined: Labels) -> None:
        """Write what the job asks for, with the palette that it had."""
        job = loaded.tag
        if job.overlay is not None:
            save_picture(job.overlay, _overlay(loaded, refined))
        large = refined.max(initial=0) > 255
        picture = Image.fromarray(refined.astype('u2' if large else 'u1'))
        if loaded.palette and not large:
            # With fewer colours Pillow would store fewer bits per pixel.
            picture.putpalette((loaded.palette + [0] * 768)[:768])
        content = io.BytesIO()
        picture.save(content, 'PNG')
        write_whole(job.out, content.getvalue())

    def notes(self, loaded: LabelInput, refined: Labels) -> dict[str, Any]:
        """What the journal remembers: ``verdict`` and more."""
        changed = int(np.count_nonzero(loaded.labels != refined))
        return dict(verdict=REFINED if changed else KEPT, changed=changed)

    def summary(self, loaded: LabelInput, refined: Labels) -> str:
        """What to tell of a pair."""
        changed = self.notes(loaded, refined)['changed']
        count = len(np.unique(refined))
        share = changed / refined.size
        return f'{count} labels, {changed} pixels changed ({share:.1%})'


def _overlay(loaded: LabelInput, refined: Labels) -> npt.NDArray[np.uint8]:
    def regions(labels: Labels) -> Iterator[npt.NDArray[np.bool_]]:
        return (labels == label for label in np.unique(labels)[1:])

    return draw_outlines(
        loaded.image, regions(loaded.labels), regions(refined)
    )
