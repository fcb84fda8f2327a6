"""Refinement of pairs of an image and a label map."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

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
from segrefiner_mm.io.soft_files import encode_label_probs
from segrefiner_mm.label_maps import LabelMapRefiner, SoftLabels
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.runs.jobs import PairJob
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import KEPT, REFINED

Labels = npt.NDArray[Any]
Pair = LoadedPair[LabelMap, PairJob]


class RefinedLabels(NamedTuple):
    """A refined label map.

    Attributes:
        labels (np.ndarray): (H, W) int32.
        soft (SoftLabels, optional): Probabilities of the labels; None if no
            soft maps are made.
    """

    labels: Labels
    soft: SoftLabels | None


class LabelTask:
    """Loads, refines and encodes pairs of an image and a label map.

    Args:
        refiner (Refiner): The model and its settings.
        ignore (Sequence[int]): Labels whose pixels are not changed.
        parts (OnlyParts, optional): The parts that may change. Defaults to
            None: everything.
        soft (str, optional): Type of the soft maps, see :func:`quantised`.
            Defaults to None: none are made.
    """

    def __init__(
        self,
        refiner: Refiner,
        ignore: Sequence[int],
        parts: OnlyParts | None = None,
        soft: str | None = None,
    ) -> None:
        self._refiner = refiner
        self._ignore = list(ignore)
        self._parts = parts or OnlyParts(None)
        self._soft = soft

    def prepare(self) -> dict[str, Any]:
        """Build the model; see :meth:`Task.prepare`."""
        check_only(self._refiner.model, [self._parts.common])
        return self._refiner.fingerprint()

    def load(self, job: PairJob) -> Pair:
        """Read a pair; see :meth:`Task.load`."""
        check_same_size(job.image, job.mask)
        label_map = read_label_map(job.mask)
        return self._pair(job, label_map)

    def _pair(self, job: PairJob, label_map: LabelMap) -> Pair:
        size = label_map.labels.shape[0], label_map.labels.shape[1]
        image = load_image(job.image, size)
        part = self._parts.of(size, job.mask, job.image)
        return LoadedPair(image, label_map, job, part)

    def refine(
        self, inputs: Iterable[Pair]
    ) -> Iterator[tuple[Pair, RefinedLabels]]:
        """Refine a stream of pairs, in order; see :meth:`Task.refine`."""
        jobs = (
            (
                torch.from_numpy(pair.image).permute(2, 0, 1),
                pair.annotation.labels,
                pair,
                pair.only,
            )
            for pair in inputs
        )
        settings = replace(self._refiner.settings, soft=self._soft is not None)
        refiner = LabelMapRefiner(
            self._refiner.model, settings, ignore=self._ignore
        )
        for refined, soft, loaded in refiner.refine_soft(jobs):
            yield loaded, RefinedLabels(refined, soft)

    def encode(
        self, loaded: Pair, refined: RefinedLabels
    ) -> dict[Path, bytes]:
        """Encode the map, overlay and soft map; see :meth:`Task.encode`."""
        job = loaded.tag
        with about(job.mask):
            files = {job.out: self._encode_map(loaded, refined.labels)}
        if job.overlay is not None:
            picture = _overlay(loaded, refined.labels)
            files[job.overlay] = encode_picture(job.overlay, picture)
        if job.soft and self._soft and refined.soft:
            numbers = refined.soft.numbers(self._soft)
            files[job.soft] = encode_label_probs(refined.soft.labels, numbers)
        return files

    def _encode_map(self, loaded: Pair, labels: Labels) -> bytes:
        result = loaded.annotation._replace(labels=labels)
        return encode_label_map(loaded.tag.out, result)

    def notes(self, loaded: Pair, refined: RefinedLabels) -> dict[str, Any]:
        """Describe the result for the journal; see :meth:`Task.notes`."""
        before, after = loaded.annotation.labels, refined.labels
        changed = int(np.count_nonzero(before != after))
        return dict(verdict=REFINED if changed else KEPT, changed=changed)

    def summary(self, loaded: Pair, refined: RefinedLabels) -> str:
        """Describe the result for the user; see :meth:`Task.summary`."""
        changed = self.notes(loaded, refined)['changed']
        count = len(np.unique(refined.labels))
        share = changed / refined.labels.size
        return f'{count} labels, {changed} pixels changed ({share:.1%})'


def _overlay(loaded: Pair, refined: Labels) -> npt.NDArray[np.uint8]:
    def regions(labels: Labels) -> Iterator[npt.NDArray[np.bool_]]:
        return (labels == label for label in np.unique(labels)[1:])

    return draw_outlines(
        loaded.image, regions(loaded.annotation.labels), regions(refined)
    )
