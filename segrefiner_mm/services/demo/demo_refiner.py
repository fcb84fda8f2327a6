"""The contents of the page for a refined mask."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from segrefiner_mm.errors import InputError
from segrefiner_mm.services.demo.reverse_process import (
    draw_steps,
    reverse_steps,
)
from segrefiner_mm.services.refine_service import (
    Choice,
    RefineService,
    ServedMask,
)
from segrefiner_mm.services.uploads import items_of
from segrefiner_mm.visualization.panels import DrawnMasks, draw_panels

Picture = npt.NDArray[np.uint8]

REASONS = {
    'refined': 'The edge moved to where the network and the image see it.',
    'kept': 'The mask came back as it was: the network and the image show no '
    'better edge, or it is tiny, empty or full.',
    'rolled back': 'The refined mask had too little in common with the '
    'coarse one, so the coarse one came back.',
}
MEANINGS = {
    'belief': 'how much the network believes the coarse edge, 0 to 1',
    'edge_gain': 'how much better the new edge follows the image; above 0 is '
    'better',
    'edge_contrast': 'how clear the edge in the image is',
    'overlap': 'IoU of the coarse and the refined mask',
    'islands': 'share of the changed pixels that was undone, as the '
    'coarse edge does not touch them',
    'agreement': 'IoU of the masks after one step and after all',
}


@dataclass
class Shown:
    """The outcome for one photograph.

    Attributes:
        outlines (np.ndarray): Photograph with the outlines of both masks,
            (H, W, 3) uint8 RGB.
        changes (np.ndarray): Photograph with added and removed pixels,
            (H, W, 3) uint8 RGB.
        confidence (np.ndarray): Photograph with the confidence, (H, W, 3)
            uint8 RGB.
        text (str): The verdict and its numbers, in Markdown.
        mask (bytes): The refined mask as PNG, 0 and 255.
        steps (list[tuple[np.ndarray, str]]): Images and titles of the reverse
            process, see :func:`draw_steps`. Defaults to [].
    """

    outlines: Picture
    changes: Picture
    confidence: Picture
    text: str
    mask: bytes
    steps: list[tuple[Picture, str]] = field(default_factory=list)


class DemoRefiner:
    """Refines the mask of a photograph, and draws the outcome.

    Args:
        service (RefineService): Refines the masks.
    """

    def __init__(self, service: RefineService) -> None:
        self._service = service

    @property
    def most_steps(self) -> int:
        """int: Number of steps of the model's diffusion process."""
        steps: int = self._service.model.head.scheduler.num_timesteps
        return steps

    @property
    def steps(self) -> int:
        """int: Default number of reverse steps."""
        return self._service.steps

    def refine(
        self,
        photo: Any,
        mask: Any,
        steps: int,
        guard: bool,
        only: npt.NDArray[np.bool_] | None = None,
    ) -> Shown:
        """Refine a mask, and draw the outcome.

        Args:
            photo (PIL.Image.Image): The photograph.
            mask (bytes | np.ndarray): An uploaded file, or a drawn mask,
                (H, W) bool.
            steps (int): Number of reverse steps, 1 to :attr:`most_steps`.
            guard (bool): Whether the guard may keep the mask or roll the
                refinement back.
            only (np.ndarray, optional): Pixels that may change, (H, W) bool.
                Defaults to None: all.

        Returns:
            Shown: The contents of the page.

        Raises:
            InputError: If an argument cannot be used, or the file has more
                than one mask.
        """
        choice = Choice(steps, guard, only=only)
        with self._service.turn:
            items = items_of(mask) if isinstance(mask, bytes) else [mask]
            if len(items) != 1:
                raise InputError(
                    f'the file has {len(items)} masks: upload a file with one'
                )
            loaded = self._service.load(photo, items, choice)
            [served] = self._service.refine_loaded(loaded, choice)
            model = self._service.model
            chain = reverse_steps(model, loaded, steps)
            drawn = list(draw_steps(model, chain))
        [coarse] = loaded.annotation.masks
        masks = DrawnMasks(
            coarse=[coarse.dense().cpu().numpy()],
            refined=[served.dense()],
            confidence=[served.confidence],
        )
        outlines, changes, confidence = (
            draw_panels(loaded.image, masks, [name])[..., ::-1]
            for name in ('outlines', 'changes', 'confidence')
        )
        return Shown(
            outlines, changes, confidence, _told(served), served.png(), drawn
        )


def drawn_mask(editor: Any) -> tuple[Image.Image, npt.NDArray[np.bool_]]:
    """Read the photograph and the drawing from Gradio's image editor.

    Args:
        editor (dict): ``background``, an image, and ``layers``, a list of
            images with alpha; None if nothing was uploaded.

    Returns:
        tuple[PIL.Image.Image, np.ndarray]: The photograph, RGB, and the
        pixels that were drawn on, (H, W) bool.

    Raises:
        InputError: If there is no photograph.
    """
    photo = editor.get('background') if isinstance(editor, dict) else None
    if photo is None:
        raise InputError('there is no photograph yet: upload one')
    drawn = np.zeros((photo.height, photo.width), bool)
    for layer in editor.get('layers') or []:
        fitting = layer.convert('RGBA')
        if fitting.size != photo.size:
            fitting = fitting.resize(photo.size, Image.Resampling.NEAREST)
        drawn |= np.asarray(fitting.getchannel('A')) > 127
    return photo.convert('RGB'), drawn


def _told(served: ServedMask) -> str:
    verdict = served.mask.verdict
    lines = [
        f'### {verdict}',
        REASONS[verdict],
        '',
        '| number | value | meaning |',
        '|---|---|---|',
        f'| confidence | {served.confidence:.2f} | mean certainty of the '
        'network, 0 to 1 |',
    ]
    for name, value in served.evidence.items():
        number = 'none' if value is None else f'{value:.2f}'
        lines.append(
            f'| {name.replace("_", " ")} | {number} | '
            f'{MEANINGS.get(name, "")} |'
        )
    return '\n'.join(lines)
