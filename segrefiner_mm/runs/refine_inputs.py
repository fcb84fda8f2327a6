"""Refinement of a stream of loaded images with masks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.io.image_with_masks import RefineInput
from segrefiner_mm.io.masks import MaskInputs
from segrefiner_mm.models import RefineJob, RefineSettings, SegRefiner
from segrefiner_mm.models.segrefiner import stack_confidence
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import RefinedMask

Prediction = dict[str, Any]


def refine_inputs(
    model: SegRefiner,
    inputs: Iterable[RefineInput],
    settings: RefineSettings,
) -> Iterator[tuple[RefineInput, Prediction]]:
    """Refine a stream of loaded images with masks.

    Args:
        model (SegRefiner): The model.
        inputs (Iterable[RefineInput]): Pulled as late as possible.
        settings (RefineSettings): Settings of the run.

    Yields:
        tuple[RefineInput, dict]: Each input with its prediction, in order:
        ``masks`` (N, H, W) bool, ``confidence`` (N,) float32, ``verdicts``,
        ``evidence`` and for label maps ``labels``.
    """
    device = model.device

    def jobs() -> Iterator[RefineJob]:
        for loaded in inputs:
            image = torch.from_numpy(loaded.image).to(device)
            masks = [mask.to(device) for mask in loaded.masks.masks]
            yield RefineJob(image.permute(2, 0, 1), masks, tag=loaded)

    for job, refined in model.refine(jobs(), settings):
        yield job.tag, _prediction(job.tag.masks, refined)


def draw_prediction(
    loaded: RefineInput, prediction: Prediction
) -> npt.NDArray[np.uint8]:
    """Draw the outlines of the coarse and the refined masks on the image.

    Args:
        loaded (RefineInput): The image with its coarse masks.
        prediction (dict): From :func:`refine_inputs`.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR.
    """
    coarse = (mask.dense().numpy() for mask in loaded.masks.masks)
    return draw_outlines(loaded.image, coarse, prediction['masks'])


def _prediction(
    inputs: MaskInputs, refined: Sequence[RefinedMask]
) -> Prediction:
    # Pages of memory that no mask touches are never allocated.
    masks = np.zeros((len(refined), *inputs.size), dtype=bool)
    for mask, part in zip(masks, refined, strict=True):
        mask[part.box.slices()] = part.pixels.cpu().numpy()
    prediction = dict(
        masks=masks,
        confidence=stack_confidence(refined).cpu().numpy(),
        verdicts=[part.verdict for part in refined],
        evidence=[part.evidence for part in refined],
    )
    if inputs.labels is not None:
        prediction['labels'] = inputs.labels
    return prediction
