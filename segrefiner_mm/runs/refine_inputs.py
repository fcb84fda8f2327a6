"""Refinement of a stream of loaded images with masks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.io.image_with_masks import LoadedMasks
from segrefiner_mm.io.masks import MaskInputs
from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import (
    RefinedMask,
    RefineJob,
    stack_confidence,
    stack_soft,
)
from segrefiner_mm.windows.refine_job import Tag

Prediction = dict[str, Any]


def refine_inputs(
    model: SegRefiner,
    inputs: Iterable[LoadedMasks[Tag]],
    settings: RefineSettings,
) -> Iterator[tuple[LoadedMasks[Tag], Prediction]]:
    """Refine a stream of loaded images with masks.

    Args:
        model (SegRefiner): The model.
        inputs (Iterable[LoadedPair]): Images with masks, pulled as late as
            possible.
        settings (RefineSettings): Settings of the run.

    Yields:
        tuple[LoadedPair, dict]: An input with its prediction, in order:
        ``masks``, (N, H, W) bool; ``confidence``, (N,) float32 from 0 to 1;
        ``verdicts``, N strings; ``evidence``, N dicts of numbers; for a label
        map ``labels``, N integers; and if the settings ask for soft maps
        ``soft``, (N, H, W) float32 from 0 to 1.

    Raises:
        InputError: If an input has ``only='errors'`` and the network predicts
            no errors.
    """

    def jobs() -> Iterator[RefineJob[LoadedMasks[Tag]]]:
        for loaded in inputs:
            image = torch.from_numpy(loaded.image).permute(2, 0, 1)
            masks = loaded.annotation.masks
            yield RefineJob(image, masks, loaded, loaded.only)

    for job, refined in model.refine(jobs(), settings):
        yield job.tag, _prediction(job.tag.annotation, refined, settings.soft)


def draw_prediction(
    loaded: LoadedMasks[Any], prediction: Prediction
) -> npt.NDArray[np.uint8]:
    """Draw the outlines of coarse and refined masks on their image.

    Args:
        loaded (LoadedPair): The image with its coarse masks.
        prediction (dict): From :func:`refine_inputs`.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR, a copy.
    """
    coarse = (mask.dense().numpy() for mask in loaded.annotation.masks)
    return draw_outlines(loaded.image, coarse, prediction['masks'])


def _prediction(
    inputs: MaskInputs, refined: Sequence[RefinedMask], soft: bool
) -> Prediction:
    # Pages of memory that no mask touches are never allocated.
    masks = np.zeros((len(refined), *inputs.size), dtype=bool)
    for mask, part in zip(masks, refined, strict=True):
        mask[part.box.slices()] = part.pixels.numpy()
    prediction = dict(
        masks=masks,
        confidence=stack_confidence(refined).numpy(),
        verdicts=[part.verdict for part in refined],
        evidence=[part.evidence for part in refined],
    )
    if inputs.labels is not None:
        prediction['labels'] = inputs.labels
    if soft:
        prediction['soft'] = stack_soft(
            refined, torch.from_numpy(masks)
        ).numpy()
    return prediction
