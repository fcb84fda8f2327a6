"""Drawings of the steps of the reverse process."""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from segrefiner_mm.models import SegRefiner
from segrefiner_mm.models.sample_output import ReverseStep
from segrefiner_mm.models.user_settings import user_settings
from segrefiner_mm.services.uploads import Masks
from segrefiner_mm.visualization import draw_outlines
from segrefiner_mm.windows import RefineJob

SIDE = 384  # pixels of a picture
Picture = npt.NDArray[np.uint8]


def reverse_steps(
    model: SegRefiner, loaded: Masks, steps: int
) -> list[ReverseStep]:
    """Run the reverse process in the window of the first mask.

    Neither guard nor tiles are used, so that there is a single reverse
    process. The observer of the model's head is replaced meanwhile.

    Args:
        model (SegRefiner): The model, which nothing else may use meanwhile.
        loaded (LoadedPair): An image with its mask.
        steps (int): Number of reverse steps.

    Returns:
        list[ReverseStep]: One per step; empty if the mask is not refined
        because it is tiny, empty or full.

    Raises:
        InputError: If the model cannot run this number of steps.
    """
    seen: list[ReverseStep] = []
    settings = user_settings(
        model,
        windows=dict(type='ObjectWindows'),
        guard=False,
        num_steps=steps,
        seed=0,
    )
    image = torch.from_numpy(loaded.image).permute(2, 0, 1)
    masks = loaded.annotation.masks[:1]
    job = RefineJob(image, masks, None)
    before = model.head.observer
    model.head.observer = seen.append
    try:
        list(model.refine([job], settings))
    finally:
        model.head.observer = before
    return seen


def draw_steps(
    model: SegRefiner, steps: list[ReverseStep]
) -> Iterator[tuple[Picture, str]]:
    """Draw the coarse mask, and the prediction and the mask of every step.

    Args:
        model (SegRefiner): The model, whose mean and standard deviation undo
            the normalisation of images.
        steps (list[ReverseStep]): Steps from :func:`reverse_steps`.

    Yields:
        tuple[np.ndarray, str]: Image, (384, 774, 3) uint8 RGB, with the
        outline on the photograph at the left and the mask at the right, and
        its title. The coarse mask comes first; nothing without steps.
    """
    if not steps:
        return
    photo = _photo(model, steps[0].images[0])
    coarse = _mask(steps[0].before)
    yield _side_by_side(photo, coarse, coarse, False), 'the coarse mask'
    for number, step in enumerate(steps, 1):
        share = float(step.fine_probs[0].mean())
        title = f'step {number} of {len(steps)}'
        if number < len(steps):
            title += f': {share:.0%} of the pixels are fine'
        else:
            title += ': the refined mask'
        guess, after = _mask(step.logits), _mask(step.after)
        yield _side_by_side(photo, guess, after, True), title


def _photo(model: SegRefiner, image: Tensor) -> Picture:
    norm = model.data_preprocessor
    mean, std = (value.view(3, 1, 1) for value in (norm.mean, norm.std))
    rgb = (image.float() * std + mean).round().clamp(0, 255)
    array = rgb.byte().permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(array[..., ::-1])


def _mask(values: Tensor) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = (values[0, 0].float() > 0).cpu().numpy()
    return mask


def _side_by_side(
    photo: Picture,
    outline: npt.NDArray[np.bool_],
    mask: npt.NDArray[np.bool_],
    refined: bool,
) -> Picture:
    """Draw an outline on the photograph, beside a mask."""
    coarse, better = ([], [outline]) if refined else ([outline], [])
    left = draw_outlines(photo, coarse, better)[..., ::-1]
    right = (mask[..., None] * np.full(3, 255, np.uint8)).astype(np.uint8)
    parts = [
        cv2.resize(part, (SIDE, SIDE), interpolation=kind)
        for part, kind in ((left, cv2.INTER_AREA), (right, cv2.INTER_NEAREST))
    ]
    gap = np.full((SIDE, 6, 3), 128, np.uint8)
    joined: Picture = np.hstack([parts[0], gap, parts[1]])
    return joined
