"""Refinement of pairs of an image and a label map."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.errors import about
from segrefiner_mm.io.image_with_masks import LoadedPair
from segrefiner_mm.io.images import (
    check_same_size,
    encode_picture,
    load_image,
)
from segrefiner_mm.io.label_maps import (
    LabelMap,
    encode_label_map,
    read_label_map,
)
from segrefiner_mm.label_maps import LabelMapRefiner
from segrefiner_mm.runs.jobs import PairJob
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import KEPT, REFINED

Labels = npt.NDArray[Any]
Pair = LoadedPair[LabelMap, PairJob]


class LabelTask:
    """Loads, refines and encodes pairs of an image and a label map.

    Args:
        refiner (Refiner): The model and its settings.
        ignore (Sequence[int]): Labels whose pixels are not changed.
    """

    def __init__(self, refiner: Refiner, ignore: Sequence[int]) -> None:
        self._refiner = refiner
        self._ignore = list(ignore)

    def prepare(self) -> dict[str, Any]:
        """Build the model; see :meth:`Task.prepare`."""
        return self._refiner.fingerprint()

    def load(self, job: PairJob) -> Pair:
        """Read a pair; see :meth:`Task.load`."""
        check_same_size(job.image, job.mask)
        label_map = read_label_map(job.mask)
        height, width = label_map.labels.shape
        return LoadedPair(
            load_image(job.image, (height, width)), label_map, job
        )

    def refine(self, inputs: Iterable[Pair]) -> Iterator[tuple[Pair, Labels]]:
        """Refine a stream of pairs, in order; see :meth:`Task.refine`."""
        jobs = (
            (
                torch.from_numpy(pair.image).permute(2, 0, 1),
                pair.annotation.labels,
                pair,
            )
            for pair in inputs
        )
        refiner = LabelMapRefiner(
            self._refiner.model, self._refiner.settings, ignore=self._ignore
        )
        for refined, loaded in refiner.refine(jobs):
            yield loaded, refined

    def encode(self, loaded: Pair, refined: Labels) -> dict[Path, bytes]:
        """Encode the label map and any overlay; see :meth:`Task.encode`."""
        job = loaded.tag
        result = loaded.annotation._replace(labels=refined)
        with about(job.mask):
            files = {job.out: encode_label_map(job.out, result)}
        if job.overlay is not None:
            picture = _overlay(loaded, refined)
            files[job.overlay] = encode_picture(job.overlay, picture)
        return files

    def notes(self, loaded: Pair, refined: Labels) -> dict[str, Any]:
        """Describe the result for the journal; see :meth:`Task.notes`."""
        changed = int(np.count_nonzero(loaded.annotation.labels != refined))
        return dict(verdict=REFINED if changed else KEPT, changed=changed)

    def summary(self, loaded: Pair, refined: Labels) -> str:
        """Describe the result for the user; see :meth:`Task.summary`."""
        changed = self.notes(loaded, refined)['changed']
        count = len(np.unique(refined))
        share = changed / refined.size
        return f'{count} labels, {changed} pixels changed ({share:.1%})'


def _overlay(loaded: Pair, refined: Labels) -> npt.NDArray[np.uint8]:
    def regions(labels: Labels) -> Iterator[npt.NDArray[np.bool_]]:
        return (labels == label for label in np.unique(labels)[1:])

    return draw_outlines(
        loaded.image, regions(loaded.annotation.labels), regions(refined)
    )
