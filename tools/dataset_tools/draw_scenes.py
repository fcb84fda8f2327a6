"""Draw scenes with exact masks, for training together with photographs.

    python tools/dataset_tools/draw_scenes.py OUT_DIR --count 300

Unlike photographs, drawings have exact outlines, sharp corners, strokes of few
pixels and flat colours. The tool writes ``images/`` and ``masks/`` for
``FolderRefineDataset``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole

SMOOTH = 8  # shapes are drawn this much larger than a pixel's grid


def texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw a surface: two colours blended by a slope and by smooth noise.

    Args:
        rng (np.random.Generator): Source of the random choices.
        height (int): Height in pixels.
        width (int): Width in pixels.

    Returns:
        np.ndarray: (height, width, 3) float32, 0 to 255.
    """
    first = rng.uniform(0, 255, 3)
    second = np.clip(first + rng.normal(0, 50, 3), 0, 255)
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    blend = 0.5 + (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    cells = int(2 ** rng.uniform(2, 6))
    noise = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    blend = np.clip(blend + rng.uniform(0, 0.6) * noise, 0, 1)[..., None]
    return (first * (1 - blend) + second * blend).astype(np.float32)


def outline(rng: np.random.Generator, points: int = 200) -> np.ndarray:
    """Draw a closed curve around the origin, with a radius of about 1.

    Args:
        rng (np.random.Generator): Source of the random choices.
        points (int): Maximum number of points. Defaults to 200.

    Returns:
        np.ndarray: (N, 2) float64, x and y of at most ``points`` points.
    """
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    kind = rng.integers(3)
    if kind == 0:  # corners
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 9)))
        radius = rng.uniform(0.5, 1.2, len(angle))
    elif kind == 1:  # an ellipse
        radius = np.ones(points)
    else:  # lobes
        radius = np.ones(points)
        for wave in range(2, rng.integers(4, 10)):
            phase = rng.uniform(0, 2 * np.pi)
            radius += rng.normal(0, 0.5 / wave) * np.cos(wave * angle + phase)
        radius = np.maximum(radius, 0.15)
    curve = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    curve[:, 1] *= rng.uniform(0.3, 1)
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    return curve @ np.array([[cos, sin], [-sin, cos]])


def shape(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw an object.

    Args:
        rng (np.random.Generator): Source of the random choices.
        height (int): Height in pixels.
        width (int): Width in pixels.

    Returns:
        np.ndarray: (height, width) float32, the share of every pixel that the
        object covers, 0 to 1.
    """
    extent = rng.uniform(0.08, 0.38) * min(height, width)
    centre = rng.uniform(0.25, 0.75, 2) * (width, height)
    cover = np.zeros((height, width), np.uint8)
    fixed = np.round((outline(rng) * extent + centre) * SMOOTH).astype(int)
    bits = int(np.log2(SMOOTH))
    cv2.fillPoly(cover, [fixed], 255, cv2.LINE_AA, bits)
    for _ in range(rng.choice([0, 0, 1, 3])):  # arms, legs, handles
        end = centre + rng.normal(0, 1.2 * extent, 2)
        line = np.round(np.stack([centre, end]) * SMOOTH).astype(int)
        thick = int(rng.uniform(2, max(3, extent / 4)))
        cv2.polylines(
            cover, [line], False, 255, thick, cv2.LINE_AA, shift=bits
        )
    if rng.random() < 0.2:  # a hole
        hole = np.round((outline(rng) * extent * 0.4 + centre) * SMOOTH)
        cv2.fillPoly(cover, [hole.astype(int)], 0, cv2.LINE_AA, bits)
    return cover.astype(np.float32) / 255


def draw_scene(
    rng: np.random.Generator, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw an image of one to four objects, and the mask of the foremost.

    Args:
        rng (np.random.Generator): Source of the random choices.
        height (int): Height in pixels.
        width (int): Width in pixels.

    Returns:
        tuple[np.ndarray, np.ndarray]: Image, (height, width, 3) uint8, and
        mask, (height, width) uint8, 0 and 255.
    """
    image = texture(rng, height, width)
    for _ in range(rng.integers(1, 5)):
        cover = shape(rng, height, width)[..., None]
        image = image * (1 - cover) + texture(rng, height, width) * cover
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
    image += rng.normal(0, rng.uniform(0, 8), image.shape)
    mask = (cover[..., 0] > 0.5).astype(np.uint8) * 255
    return np.clip(image, 0, 255).astype(np.uint8), mask


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the scenes, and write images and masks.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None: those of
            the command line.

    Raises:
        InputError: If a file cannot be written.
        SystemExit: If an argument is invalid.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--count', type=int, default=300)
    parser.add_argument(
        '--size', type=int, nargs=2, default=(360, 480), metavar=('H', 'W')
    )
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    if args.count < 1 or min(args.size) < 16 or args.seed < 0:
        parser.error(
            'expected --count of 1 or more, --size of 16 or more, --seed of '
            f'0 or more, got {args.count}, {args.size}, {args.seed}'
        )
    for index in range(args.count):
        rng = np.random.default_rng([args.seed, index])
        image, mask = draw_scene(rng, *args.size)
        stem = f'drawn{args.seed}-{index:05d}'
        for folder, picture in (('images', image), ('masks', mask)):
            _, encoded = cv2.imencode('.png', picture)
            write_whole(
                args.out_dir / folder / f'{stem}.png', encoded.tobytes()
            )


if __name__ == '__main__':
    try:
        main()
    except InputError as error:
        sys.exit(f'error: {error}')
