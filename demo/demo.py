"""Refine a coarse mask of a real photograph and see what it gained.

Run it by `make demo`. It prints coarse and refined figures and writes
``demo/out/refined.png`` and the picture ``demo/out/before_after.jpg``.
"""

from pathlib import Path

import cv2
import numpy as np

import segrefiner_mm
from segrefiner_mm.evaluation import mask_quality
from segrefiner_mm.visualization import draw_outlines

HERE = Path(__file__).parent
OUT = HERE / 'out'
# A part of the picture to look at closely: rows, columns.
DETAIL = np.s_[15:175, 50:290]


def read_mask(name: str) -> np.ndarray:
    """Read a mask of this folder, (H, W) bool."""
    return cv2.imread(str(HERE / name), cv2.IMREAD_GRAYSCALE) > 127


def panel(image: np.ndarray, mask: np.ndarray, refined: bool) -> np.ndarray:
    """The image with the outline, above a close look at it."""
    masks = ([], [mask]) if refined else ([mask], [])
    whole = draw_outlines(image, *masks)
    scale = image.shape[1] / (DETAIL[1].stop - DETAIL[1].start)
    close = cv2.resize(
        image[DETAIL], None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC
    )
    size = close.shape[1], close.shape[0]
    part = cv2.resize(mask[DETAIL].astype(np.uint8), size, interpolation=0)
    masks = ([], [part]) if refined else ([part], [])
    return np.vstack([whole, draw_outlines(close, *masks)])


def main() -> None:
    """Refine the demo, print what it gained and draw it."""
    image = cv2.imread(str(HERE / 'coffee.jpg'))
    coarse, true = read_mask('coffee_coarse.png'), read_mask('coffee_true.png')

    refined = segrefiner_mm.refine(image, coarse)

    before, after = mask_quality(true, coarse), mask_quality(true, refined)
    print(f'{"":14}{"coarse":>8}{"refined":>9}{"gain":>8}')
    for name, value in before.items():
        gain = after[name] - value
        print(f'{name:14}{value:8.2%}{after[name]:9.2%}{gain:+8.2%}')

    OUT.mkdir(exist_ok=True)
    cv2.imwrite(str(OUT / 'refined.png'), refined.astype(np.uint8) * 255)
    panels = [panel(image, coarse, False), panel(image, refined, True)]
    gap = np.full((panels[0].shape[0], 8, 3), 255, np.uint8)
    picture = np.hstack([panels[0], gap, panels[1]])
    cv2.imwrite(str(OUT / 'before_after.jpg'), picture)
    print(f'Written: {OUT / "refined.png"}, {OUT / "before_after.jpg"}')


if __name__ == '__main__':
    main()
