"""Measure alpha mattes beside simpler estimates of alpha.

``python tools/benchmark_alpha.py OBJECTS BACKGROUNDS`` takes a folder of
pictures with exact alpha (.png, .webp) and a folder of photographs. It puts
each object on a photograph; its mask is where alpha is at least one half. In
the band around the edge of the mask, it measures four estimates of alpha: the
hard mask, the mask feathered by 3 pixels, the guided filter (He et al., 2010)
and the matte. Drawn hair, fur and a fence are measured too. A smooth mask of a
drawing lacks parts thinner than a few pixels, like the mask of a network.
Objects of fewer than 512 pixels are skipped. Lower is better in every column.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from alpha_drawings import drawings
from coarse_kinds import guided

from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.evaluation.functional.alpha_errors import alpha_errors
from segrefiner_mm.io.files import pictures_in
from segrefiner_mm.io.images import save_picture
from segrefiner_mm.matting import alpha_matte, cut_out, default_band

Array = npt.NDArray[Any]
Method = Callable[[Array, Array, int], Array]

HEADER = ('objects', 'method', 'SAD', 'MSE', 'gradient', 'connectivity', 's')
SIDE = 384  # objects are enlarged or reduced to it
SMOOTH = 4.0  # sigma in pixels, for masks without thin parts
BANDS = dict(hair=40, fur=16, fence=4)  # drawn objects have their own


def main() -> None:
    """Measure all objects with every method, and print a table."""
    args = _parse_args()
    backgrounds = _read_all(args.backgrounds, cv2.IMREAD_COLOR, args.limit)
    objects = _read_all(args.objects, cv2.IMREAD_UNCHANGED, args.limit)
    with_alpha = [o for o in objects if o.ndim == 3 and o.shape[2] == 4]
    if not with_alpha:
        raise InputError(f'no picture in {args.objects} has alpha')
    if not backgrounds:
        raise InputError(f'no picture in {args.backgrounds}')
    print('| ' + ' | '.join(HEADER) + ' |')
    print('|' + ' --- |' * len(HEADER))
    _measure(f'{len(with_alpha)} images', with_alpha, backgrounds, None)
    for name, drawing in drawings().items():
        shown = [drawing] * min(args.drawn, len(backgrounds))
        _measure(name, shown, backgrounds, BANDS[name])
        if name != 'fence':  # nothing would be left of it
            smooth = f'{name}, smooth mask'
            _measure(smooth, shown, backgrounds, BANDS[name], SMOOTH)
        if args.pictures:
            _draw(args.pictures / f'{name}.png', drawing, backgrounds[0])


def _measure(
    name: str,
    objects: list[Array],
    backgrounds: list[Array],
    band: int | None,
    smooth: float = 0.0,
) -> None:
    rows: dict[str, list[list[float]]] = {}
    for index, picture in enumerate(objects):
        image, true = _composed(picture, backgrounds[index % len(backgrounds)])
        mask = _mask(true, smooth)
        if mask.sum() < 512:
            continue
        reach = band or default_band(mask)
        around = _band(mask, reach)
        for method, estimate in METHODS.items():
            start = time.process_time()
            alpha = estimate(image, mask, reach)
            seconds = time.process_time() - start
            errors = alpha_errors(true, alpha, around)
            rows.setdefault(method, []).append([*errors.values(), seconds])
    for method, values in rows.items():
        sad, mse, gradient, connectivity, seconds = np.mean(values, axis=0)
        cells = f'{sad:.3f}', f'{mse:.4f}', f'{gradient:.3f}'
        print(
            '| '
            + ' | '.join(
                (name, method, *cells, f'{connectivity:.3f}', f'{seconds:.2f}')
            )
            + ' |',
            flush=True,
        )


def _mask(true: Array, smooth: float = 0.0) -> Array:
    """Return the mask of an object; a smooth one lacks thin parts."""
    if smooth:
        true = cv2.GaussianBlur(true, (0, 0), smooth)
    return true >= 0.5


def _feathered(image: Array, mask: Array, band: int) -> Array:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3)


def _guided(image: Array, mask: Array, band: int) -> Array:
    alpha: Array = guided(image, mask, band)
    return alpha.clip(0, 1)


METHODS: dict[str, Method] = {
    'hard mask': lambda image, mask, band: mask.astype(np.float32),
    'feathered by 3 px': _feathered,
    'guided filter': _guided,
    'matte': lambda image, mask, band: alpha_matte(image, mask, band),
}


def _composed(picture: Array, background: Array) -> tuple[Array, Array]:
    """Put an object on a photograph; return the picture and exact alpha."""
    scale = SIDE / max(picture.shape[:2])
    height, width = (round(side * scale) for side in picture.shape[:2])
    soft = picture.astype(np.float32)
    soft[..., :3] *= soft[..., 3:] / 255
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    soft = cv2.resize(soft, (width, height), interpolation=method)
    large = max((width + 40) / background.shape[1], 1.0)
    large = max((height + 40) / background.shape[0], large)
    behind = cv2.resize(background, None, fx=large, fy=large)
    behind = behind[: height + 40, : width + 40].astype(np.float32)
    alpha = np.pad(soft[..., 3], 20) / 255
    colours = np.pad(soft[..., :3], ((20, 20), (20, 20), (0, 0)))
    image = colours + (1 - alpha[..., None]) * behind
    return np.rint(image.clip(0, 255)).astype(np.uint8), alpha


def _band(mask: Array, reach: int) -> Array:
    side = 2 * reach + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    edge = cv2.morphologyEx(mask.astype('u1'), cv2.MORPH_GRADIENT, kernel)
    return edge > 0


def _draw(path: Path, picture: Array, background: Array) -> None:
    """Draw image, mask, true alpha, matte, and the cut-out on green."""
    image, true = _composed(picture, background)
    mask = _mask(true, SMOOTH if path.stem == 'hair' else 0.0)
    alpha = alpha_matte(image, mask, BANDS[path.stem])
    cut = cut_out(image, alpha)
    green = np.full_like(image, (80, 200, 80))
    opacity = cut[..., 3:] / 255
    on_green = cut[..., :3] * opacity + green * (1 - opacity)
    greys = [
        np.repeat((values * 255).astype(np.uint8)[..., None], 3, 2)
        for values in (mask.astype(np.float32), true, alpha)
    ]
    panels = [image, *greys, on_green.astype(np.uint8)]
    save_picture(path, np.hstack(panels))


def _read_all(folder: Path, mode: int, limit: int) -> list[Array]:
    files = list(pictures_in(folder).values())
    step = max(len(files) // limit, 1)
    pictures = []
    for file in files[::step][:limit]:
        picture = cv2.imread(str(file), mode)
        if picture is None:
            raise InputError(f'cannot read {file}')
        pictures.append(picture)
    return pictures


def _parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('objects', type=Path, help='folder of pictures with alpha')
    add('backgrounds', type=Path, help='folder of photographs')
    add('--limit', type=int, default=50, help='maximum number of objects')
    add('--drawn', type=int, default=5, help='photographs behind a drawing')
    add('--pictures', type=Path, help='folder to draw the examples in')
    args = parser.parse_args()
    if args.limit < 1:
        parser.error('--limit must be 1 or more')
    return args


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
