"""``segrefiner refine`` on binary masks."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_with_masks import RefineInput, load_pair
from segrefiner_mm.io.images import encode_mask_picture, encode_picture
from segrefiner_mm.runs.jobs import PairJob
from segrefiner_mm.runs.model_options import prepare, run_settings
from segrefiner_mm.windows import KEPT, ROLLED_BACK

Prediction = dict[str, Any]


class MaskWork:
    """Loads, refines and writes pairs of an image and a mask.

    Args:
        args (argparse.Namespace): Of the command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args

    def prepare(self) -> dict[str, Any]:
        """Build the model, so that a mistake in the options shows now.

        Returns:
            dict: What results depend on: see :func:`run_settings`.
        """
        self._inferencer, self._settings = prepare(self._args)
        return run_settings(self._args)

    def load(self, job: PairJob) -> RefineInput:
        """Read a pair; an InputError says why it cannot be."""
        threshold = self._args.threshold
        loaded = load_pair(job.image, job.mask, threshold=threshold, tag=job)
        if (count := len(loaded.masks.masks)) != 1:
            raise InputError(
                f'{job.mask} holds {count} masks, and one is written: save '
                'each as a file of its own'
            )
        return loaded

    def refine(
        self, inputs: Iterable[RefineInput]
    ) -> Iterator[tuple[RefineInput, Prediction]]:
        """Refine a stream of pairs, in order."""
        return self._inferencer.forward(inputs, self._settings)

    def encode(
        self, loaded: RefineInput, prediction: Prediction
    ) -> dict[Path, bytes]:
        """What the job asks for: the content of every file to write."""
        job: PairJob = loaded.tag
        files = {job.out: encode_mask_picture(job.out, prediction['masks'][0])}
        if job.overlay is not None:
            [picture] = self._inferencer.visualize([loaded], [prediction])
            files[job.overlay] = encode_picture(job.overlay, picture)
        return files

    def notes(self, loaded: RefineInput, prediction: Prediction) -> Prediction:
        """What the journal remembers: ``verdict`` and more."""
        return dict(
            verdict=prediction['verdicts'][0],
            evidence=prediction['evidence'][0],
        )

    def summary(self, loaded: RefineInput, prediction: Prediction) -> str:
        """What to tell of a pair."""
        [verdict], [mask] = prediction['verdicts'], prediction['masks']
        [evidence] = prediction['evidence']
        numbers = ', '.join(f'{name} {n:.2f}' for name, n in evidence.items())
        if verdict == ROLLED_BACK:
            return f'left as it is: no refinement could be trusted ({numbers})'
        if verdict == KEPT and evidence:
            return f'kept as it is: its edge looks right ({numbers})'
        if verdict == KEPT:
            return 'kept as it is: too small, too thin, empty or full'
        coarse = loaded.masks.masks[0]
        changed = np.count_nonzero(coarse.dense().numpy() ^ mask)
        return (
            f'{verdict}, {changed} pixels changed '
            f'({changed / max(coarse.area, 1):.1%} of the mask), confidence '
            f'{prediction["confidence"][0]:.2f}'
        )
