"""Time the hot paths, each against a plain implementation.

Run it with ``make bench``. Compare the ratios within one run: absolute times
depend on the machine and on its load.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.windows.resample import paste_probabilities, resize_bilinear

REPEATS = 5


def best_of(task: Callable[[], object], repeats: int = REPEATS) -> float:
    """Time a task after a warm-up, and return the shortest time in seconds."""
    task()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def report(name: str, ours: float, plain: float) -> None:
    """Print two times in seconds and their ratio."""
    print(
        f'{name:44}{ours * 1e3:10.2f} ms{plain * 1e3:10.2f} ms'
        f'{plain / ours:8.1f} x'
    )


def crop() -> None:
    """Time resizing a crop of 2000 x 3000 pixels to a window of 256 x 256."""
    image = torch.randint(0, 255, (2000, 3000, 3), dtype=torch.uint8)
    image = image.permute(2, 0, 1)

    def plain() -> torch.Tensor:
        source = image[None].float()
        return F.interpolate(source, (256, 256), mode='bilinear')

    ours = best_of(lambda: resize_bilinear(image, 256, 256))
    report('crop 2000 x 3000 to 256 x 256', ours, best_of(plain))


def paste() -> None:
    """Time pasting a window of 300 x 400 into an image of 2000 x 3000."""
    probs = torch.rand(256, 256)
    mask = torch.zeros(2000, 3000, dtype=torch.bool)

    def ours() -> None:
        mask[100:400, 100:500] = paste_probabilities(probs, 300, 400)

    def plain() -> torch.Tensor:
        y = (torch.arange(2000) + 0.5 - 100) / 300 * 2 - 1
        x = (torch.arange(3000) + 0.5 - 100) / 400 * 2 - 1
        x, y = torch.meshgrid(x, y, indexing='xy')
        grid = torch.stack([x, y], dim=-1)[None]
        pasted = F.grid_sample(probs[None, None], grid, align_corners=False)
        return pasted >= 0.5

    name = 'paste 300 x 400 into 2000 x 3000'
    report(name, best_of(ours), best_of(plain))


def refine() -> None:
    """Time refining eight objects of a 480 x 640 image, bundled weights.

    Fewer steps and the guard are compared with six steps without the guard.
    """
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
    masks = np.zeros((8, 480, 640), bool)
    for index, mask in enumerate(masks):
        mask[20 * index : 20 * index + 150, 50 * index : 50 * index + 200] = 1
    refiner = SegRefinerInferencer()

    def seconds(steps: int | None, guard: bool) -> float:
        return best_of(
            lambda: refiner(image, masks, num_steps=steps, guard=guard), 1
        )

    plain = seconds(6, guard=False)
    for steps in (2, 1):
        name = f'refine 8 objects, {steps} of 6 steps'
        report(name, seconds(steps, guard=False), plain)
    report('refine 8 objects, guarded', seconds(None, guard=True), plain)


def main() -> None:
    """Time the hot paths."""
    print(f'{"":44}{"ours":>13}{"plain":>13}{"ratio":>10}')
    crop()
    paste()
    refine()


if __name__ == '__main__':
    main()
