"""Draw the reverse diffusion process on the image of the demo, animated.

The window, the network and the scheduler are those of ``refine()``.
``docs/images/reverse_process.webp`` was made by::

    python tools/draw_reverse_process.py docs/images/reverse_process.webp

The photograph is under CC0 (see demo/README.md), and so is the animation.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.models.diffusion_refine_head import DiffusionRefineHead
from segrefiner_mm.models.sample_output import ReverseStep
from segrefiner_mm.visualization import draw_outlines

DEMO = Path(__file__).parents[1] / 'demo'
SIDE, GAP, HEADER = 240, 8, 44
Picture = npt.NDArray[np.uint8]
# RGB; distinguishable with any type of colour vision.
MASK, FINE, DARK = (255, 120, 0), (60, 220, 255), (24, 24, 28)


@dataclass
class Step:
    """One reverse step of a window; tensors are (h, w), values 0 to 1.

    Attributes:
        timestep (int): Timestep, counted from 0.
        before (Tensor): Mask before the step.
        guess (Tensor): Predicted probability of the fine mask.
        fine (Tensor): Probability that each pixel has turned fine.
        after (Tensor): Mask after the step.
    """

    timestep: int
    before: Tensor
    guess: Tensor
    fine: Tensor
    after: Tensor


def main() -> None:
    """Parse the arguments and write the animation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path, help='file to write (.webp)')
    out = parser.parse_args().out
    photo, coarse, steps = reverse_process()
    frames = list(draw_frames(photo, coarse, steps))
    # The first and the last frame stay longer.
    times = [2500] + [1300] * (len(frames) - 2) + [4000]
    frames[0].save(
        out,
        save_all=True,
        append_images=frames[1:],
        duration=times,
        loop=0,
        quality=60,
        method=6,
    )
    print(f'Written: {out}, {len(frames)} frames, {out.stat().st_size} bytes')


def reverse_process() -> tuple[Picture, Tensor, list[Step]]:
    """Run the six steps on the image of the demo, and record each step.

    Returns:
        tuple[np.ndarray, Tensor, list[Step]]: The window, (h, w, 3) uint8
        BGR, its coarse mask, (h, w) float32, 0 and 1, and the steps.
    """
    refiner = SegRefinerInferencer(device='cpu')
    head = refiner.model.head
    image, coarse = _seen_by(head, refiner)
    norm = refiner.model.data_preprocessor
    rgb = image[0] * norm.std.view(3, 1, 1) + norm.mean.view(3, 1, 1)
    photo = rgb.round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    return (
        np.ascontiguousarray(photo[..., ::-1]),
        coarse[0, 0],
        list(_chain(head, image, coarse)),
    )


def _seen_by(
    head: DiffusionRefineHead, refiner: SegRefinerInferencer
) -> tuple[Tensor, Tensor]:
    """Return the first window that the head gets: image and coarse mask."""
    seen: list[ReverseStep] = []
    head.observer = seen.append
    refiner(
        str(DEMO / 'coffee.jpg'),
        str(DEMO / 'coffee_coarse.png'),
        guard=False,
        precision='fp32',
    )
    head.observer = None
    return seen[0].images.float(), seen[0].before.float()


@torch.no_grad()
def _chain(
    head: DiffusionRefineHead, image: Tensor, coarse: Tensor
) -> Iterator[Step]:
    scheduler = head.scheduler
    noise = torch.Generator().manual_seed(0)
    context = head.denoiser.encode(image, coarse)
    mask, fine = coarse, torch.zeros_like(coarse)
    timesteps = scheduler.spread(scheduler.num_timesteps)
    for step, following in pairwise([*timesteps, -1]):
        logits = head.denoiser.decode(context, mask, torch.tensor([step]))
        output = scheduler.step(
            logits,
            step,
            coarse,
            fine,
            generator=noise,
            next_timestep=following,
        )
        # The last step returns the guess itself, as DiffusionRefineHead does.
        after = output.sample if following >= 0 else output.pred_fine
        fine = output.fine_probs
        yield Step(
            step, mask[0, 0], output.pred_fine[0, 0], fine[0, 0], after[0, 0]
        )
        mask = output.sample


def draw_frames(
    photo: Picture, coarse: Tensor, steps: list[Step]
) -> Iterator[Image.Image]:
    """Draw the start, every step, and the result.

    Args:
        photo (np.ndarray): The window, (h, w, 3) uint8 BGR.
        coarse (Tensor): Its coarse mask, (h, w), 0 and 1.
        steps (list[Step]): Steps from :func:`reverse_process`, at least one.

    Yields:
        PIL.Image.Image: Frames of equal size, RGB.
    """
    nothing = np.zeros((*coarse.shape, 3), np.uint8)
    yield _frame(
        ('the image', _outlined(photo, coarse, False)),
        ('the coarse mask', _filled(coarse)),
        ('fine so far: none', nothing),
    )
    for step in steps:
        share = float(step.fine.mean())
        yield _frame(
            (f'guess of step {step.timestep}', _outlined(photo, step.guess)),
            ('the mask after it', _filled(step.after)),
            (f'fine so far: {share:.0%}', _map_of(step.fine)),
        )
    last = steps[-1]
    yield _frame(
        ('the refined mask', _outlined(photo, last.after)),
        ('the mask', _filled(last.after)),
        ('changed pixels', _filled((last.after != coarse).float(), FINE)),
    )


def _outlined(photo: Picture, mask: Tensor, refined: bool = True) -> Picture:
    shape = mask.numpy() > 0.5
    coarse, better = ([], [shape]) if refined else ([shape], [])
    return draw_outlines(photo, coarse, better)[..., ::-1]


def _filled(mask: Tensor, colour: tuple[int, ...] = MASK) -> Picture:
    return (mask.numpy()[..., None] * np.array(colour)).astype(np.uint8)


def _map_of(fine: Tensor) -> Picture:
    return _filled(fine, FINE)


def _frame(*panels: tuple[str, Picture]) -> Image.Image:
    width = len(panels) * (SIDE + GAP) + GAP
    frame = Image.new('RGB', (width, HEADER + SIDE + GAP), DARK)
    draw, font = ImageDraw.Draw(frame), ImageFont.load_default(20)
    for index, (title, picture) in enumerate(panels):
        left = GAP + index * (SIDE + GAP)
        draw.text((left, 10), title, fill='white', font=font)
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        frame.paste(Image.fromarray(small), (left, HEADER))
    return frame


if __name__ == '__main__':
    main()
