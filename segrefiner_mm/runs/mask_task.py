"""Refinement of pairs of an image and a binary mask."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.image_files.geotiff import (
    encode_geotiff,
    file_georeference,
)
from segrefiner_mm.io.image_with_masks import LoadedMasks, load_pair
from segrefiner_mm.io.images import encode_mask_picture, encode_picture
from segrefiner_mm.io.label_maps import TIFF_SUFFIXES
from segrefiner_mm.io.soft_files import encode_soft
from segrefiner_mm.matting import alpha_matte, cut_out
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.runs.jobs import PairJob
from segrefiner_mm.runs.only_parts import OnlyParts
from segrefiner_mm.runs.refine_inputs import (
    Prediction,
    draw_prediction,
    refine_inputs,
)
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.windows import KEPT, ROLLED_BACK

Pair = LoadedMasks[PairJob]


def encode_mask_file(
    out: Path, mask: npt.NDArray[np.bool_], source: Path
) -> bytes:
    """Encode a refined mask in the format of its file.

    Args:
        out (Path): The file, whose suffix gives the format.
        mask (np.ndarray): (H, W) bool.
        source (Path): The coarse mask, whose georeference a TIFF takes over.

    Returns:
        bytes: Content of the file.

    Raises:
        InputError: If the format cannot hold the mask, or the georeference
            is damaged.
    """
    is_tiff = out.suffix.lower() in TIFF_SUFFIXES
    place = file_georeference(source) if is_tiff else None
    if not place:
        return encode_mask_picture(out, mask)
    with about(source):
        return encode_geotiff(mask.astype(np.uint8) * 255, place)


class MaskTask:
    """Loads, refines and encodes pairs of an image and a mask.

    Args:
        refiner (Refiner): The model and its settings.
        threshold (float, optional): Value from which a soft mask is
            foreground. Defaults to None: masks have two values.
        parts (OnlyParts, optional): The parts that may change. Defaults to
            None: everything.
        soft (str, optional): Type of the soft maps, see :func:`quantised`.
            Defaults to None: none are made.
        alpha_band (int, optional): ``band`` of :func:`alpha_matte`, for jobs
            with a cut-out. Defaults to None: by the size of the object.
    """

    def __init__(
        self,
        refiner: Refiner,
        threshold: float | None = None,
        parts: OnlyParts | None = None,
        soft: str | None = None,
        alpha_band: int | None = None,
    ) -> None:
        self._refiner = refiner
        self._threshold = threshold
        self._parts = parts or OnlyParts(None)
        self._soft = soft
        self._alpha_band = alpha_band

    def prepare(self) -> dict[str, Any]:
        """Build the model; see :meth:`Task.prepare`."""
        check_only(self._refiner.model, [self._parts.common])
        return self._refiner.fingerprint()

    def load(self, job: PairJob) -> Pair:
        """Read a pair; see :meth:`Task.load`."""
        loaded = load_pair(job.image, job.mask, job, threshold=self._threshold)
        if (count := len(loaded.annotation.masks)) != 1:
            raise InputError(
                f'{job.mask} holds {count} masks, but a result holds one: '
                'save each as a file of its own'
            )
        size = loaded.annotation.size
        part = self._parts.of(size, job.mask, job.image)
        return replace(loaded, only=part)

    def refine(
        self, inputs: Iterable[Pair]
    ) -> Iterator[tuple[Pair, Prediction]]:
        """Refine a stream of pairs, in order; see :meth:`Task.refine`."""
        settings = replace(self._refiner.settings, soft=self._soft is not None)
        return refine_inputs(self._refiner.model, inputs, settings)

    def encode(
        self, loaded: Pair, prediction: Prediction
    ) -> dict[Path, bytes]:
        """Encode the mask and the other outputs; see :meth:`Task.encode`."""
        job = loaded.tag
        [mask] = prediction['masks']
        files = {job.out: encode_mask_file(job.out, mask, job.mask)}
        if job.overlay is not None:
            picture = draw_prediction(loaded, prediction)
            files[job.overlay] = encode_picture(job.overlay, picture)
        if job.soft is not None and self._soft is not None:
            [values] = prediction['soft']
            files[job.soft] = encode_soft(job.soft, values, self._soft)
        if job.cutout is not None:
            alpha = alpha_matte(loaded.image, mask, self._alpha_band)
            picture = cut_out(loaded.image, alpha)
            files[job.cutout] = encode_picture(job.cutout, picture)
        return files

    def notes(self, loaded: Pair, prediction: Prediction) -> Prediction:
        """Describe the result for the journal; see :meth:`Task.notes`."""
        return dict(
            verdict=prediction['verdicts'][0],
            confidence=float(prediction['confidence'][0]),
            evidence=prediction['evidence'][0],
        )

    def summary(self, loaded: Pair, prediction: Prediction) -> str:
        """Describe the result for the user; see :meth:`Task.summary`."""
        [verdict], [mask] = prediction['verdicts'], prediction['masks']
        [evidence] = prediction['evidence']
        numbers = ', '.join(f'{name} {n:.2f}' for name, n in evidence.items())
        if verdict == ROLLED_BACK:
            return f'left as it is: no refinement could be trusted ({numbers})'
        if verdict == KEPT and evidence:
            return f'kept as it is: its edge looks right ({numbers})'
        if verdict == KEPT and loaded.only is not None:
            return 'kept as it is: the part that may change needs no change'
        if verdict == KEPT:
            return 'kept as it is: too small, too thin, empty or full'
        coarse = loaded.annotation.masks[0]
        changed = np.count_nonzero(coarse.dense().numpy() ^ mask)
        return (
            f'{verdict}, {changed} pixels changed '
            f'({changed / max(coarse.area, 1):.1%} of the mask), confidence '
            f'{prediction["confidence"][0]:.2f}'
        )
