"""What refinement gains, per kind of coarse mask, with GrabCut beside it.

``python tools/benchmark_quality.py DATA`` takes a folder with ``images/`` and
``masks/`` (or ``--ann-file``, a path of each per line, separated by a tab),
makes coarse masks of every kind and prints a table: the IoU of the coarse
masks, the mean gains in points, and the share of masks made worse by more than
two points of IoU. Kinds with a star are not among those of the recipes.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.datasets import FolderRefineDataset
from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.datasets.transforms.load_true_mask import read_mask
from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    CORRUPTIONS,
)
from segrefiner_mm.errors import InputError, SegRefinerError
from segrefiner_mm.evaluation import mask_quality

Image = npt.NDArray[Any]  # uint8; OpenCV does not say so
Mask = npt.NDArray[np.bool_]
Refine = Callable[[Image, Mask], Mask]
Make = Callable[[Image, Image, int], Image]
HARM = 0.02


def grab_cut(image: Image, mask: Mask) -> Mask:
    """OpenCV's GrabCut, started from the mask with an open band around it."""
    labels = np.full(mask.shape, cv2.GC_BGD, np.uint8)
    reach = max(int(0.1 * np.count_nonzero(mask) ** 0.5), 3)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wide = cv2.dilate(mask.astype(np.uint8), kernel)
    narrow = cv2.erode(mask.astype(np.uint8), kernel)
    labels[wide > 0] = cv2.GC_PR_BGD
    labels[mask] = cv2.GC_PR_FGD
    labels[narrow > 0] = cv2.GC_FGD
    if not narrow.any() or wide.all():
        return mask
    model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, None, *model, 5, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def coarse_makers() -> dict[str, Make]:
    """Per kind of coarse mask the function that makes it, seeded."""
    makers: dict[str, Make] = {'perfect': lambda image, mask, seed: mask}
    reference = SynthesizeCoarseMask(mode='reference')
    makers['reference'] = _by_mask(reference)
    for name in CORRUPTIONS:
        alone = SynthesizeCoarseMask(
            corruptions=[name],
            iou_range=(0.6, 0.95),
            identity_prob=0.0,
            reference_prob=0.0,
            max_kinds=1,
        )
        makers[name] = _by_mask(alone)
    return makers | UNSEEN


def _by_mask(synthesizer: SynthesizeCoarseMask) -> Make:
    return lambda image, mask, seed: synthesizer.synthesize(mask, seed)


def elastic(image: Image, mask: Image, seed: int) -> Image:
    """Every pixel is shifted by a smooth random field."""
    rng = np.random.default_rng(seed)
    height, width = mask.shape
    reach = rng.uniform(0.05, 0.2) * np.count_nonzero(mask) ** 0.5 / 2
    cells = int(rng.integers(4, 12))
    shift = rng.standard_normal((2, cells, cells)) * reach
    x, y = (
        cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
        for part in shift.astype(np.float32)
    )
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return cv2.remap(
        mask,
        columns + x,
        rows + y,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )


def convex_hull(image: Image, mask: Image, seed: int) -> Image:
    """The largest part, without its bays."""
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    return cv2.fillConvexPoly(np.zeros_like(mask), hull, 1)


def output_stride(image: Image, mask: Image, seed: int) -> Image:
    """As from a network whose output is 8, 16 or 32 times smaller."""
    stride = (8, 16, 32)[seed % 3]
    height, width = mask.shape
    small = max(width // stride, 2), max(height // stride, 2)
    soft = cv2.resize(
        mask.astype(np.float32), small, interpolation=cv2.INTER_AREA
    )
    return (cv2.resize(soft, (width, height)) >= 0.5).astype(np.uint8)


def superpixels(image: Image, mask: Image, seed: int) -> Image:
    """Whole superpixels, those that are mostly of the object."""
    rng = np.random.default_rng(seed)
    height, width = mask.shape
    step = 14 + 6 * (seed % 3)
    y, x = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    y = (y + rng.integers(-3, 4, y.shape)).clip(0, height - 1)
    x = (x + rng.integers(-3, 4, x.shape)).clip(0, width - 1)
    cells = np.zeros(mask.shape, np.int32)
    cells[y, x] = np.arange(1, y.size + 1).reshape(y.shape)
    cells = cv2.watershed(cv2.GaussianBlur(image, (0, 0), 2), cells)
    cells = np.maximum(cells, 0)  # the lines between them
    counts = np.bincount(cells.ravel())
    inside = np.bincount(cells.ravel(), weights=mask.ravel())
    chosen = inside / np.maximum(counts, 1) >= 0.5
    return cv2.medianBlur(chosen[cells].astype(np.uint8), 3)


# Kinds that no recipe trains on.
UNSEEN: dict[str, Make] = {
    'elastic *': elastic,
    'convex_hull *': convex_hull,
    'output_stride *': output_stride,
    'superpixels *': superpixels,
}


def compare(
    refine: Refine, pairs: list[tuple[Image, Image]], make: Make
) -> list[float]:
    """Coarse IoU, gains in IoU, Boundary IoU and mBA, and share harmed."""
    rows = []
    for seed, (image, true) in enumerate(pairs):
        coarse = make(image, true, seed).astype(bool)
        before = mask_quality(true, coarse)
        after = mask_quality(true, refine(image, coarse))
        gains = [after[name] - before[name] for name in before]
        rows.append([before['iou'], *gains, gains[0] < -HARM])
    return [100 * value for value in np.mean(rows, axis=0)]


def load_pairs(args: argparse.Namespace) -> list:
    scenes = dict(take=args.take, of=args.of) if args.of > 1 else None
    dataset = FolderRefineDataset(
        data_root=args.data,
        ann_file=args.ann_file,
        scenes=scenes,
        test_mode=True,
        pipeline=[],
    )
    step = max(len(dataset) // args.limit, 1)
    pairs = []
    for index in range(0, len(dataset), step)[: args.limit]:
        info = dataset.get_data_info(index)
        image = cv2.imread(info['img_path'])
        if image is None:
            raise InputError(f'cannot read the image {info["img_path"]}')
        true = read_mask(info['mask_path'], image.shape[:2])
        if true.sum() >= args.min_area:
            pairs.append((image, true))
    if not pairs:
        raise InputError(f'no object of {args.min_area} pixels or more')
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('data', help='folder with images/ and masks/')
    add('--ann-file', default='', help='list of pairs instead')
    add('--take', type=int, nargs='+', default=[0], help='scenes to take')
    add('--of', type=int, default=1, help='out of so many groups of scenes')
    add('--limit', type=int, default=100, help='most images')
    add('--min-area', type=int, default=512, help='smallest object')
    add('--model', default='segrefiner-tiny')
    add('--weights')
    add('--steps', type=int)
    add('--windows', choices=['object', 'tiled'])
    add('--device')
    makers = coarse_makers()
    names = [kind.rstrip(' *') for kind in makers]
    add(
        '--kinds', nargs='+', choices=names, default=names, help='coarse masks'
    )
    add('--no-grabcut', action='store_true')
    args = parser.parse_args()
    if args.limit < 1 or args.of < 1:
        parser.error('--limit and --of are 1 or more')
    if args.of == 1 and args.take != [0]:
        parser.error('--take needs --of, the number of groups')

    inferencer = SegRefinerInferencer(args.model, args.weights, args.device)

    def refiner(guard: bool) -> Refine:
        def refine(image: Image, mask: Mask) -> Mask:
            out = inferencer(
                image,
                mask,
                windows=args.windows,
                num_steps=args.steps,
                guard=guard,
            )
            return out['predictions'][0]['masks'][0]

        return refine

    methods = {'guarded': refiner(True), 'no guard': refiner(False)}
    if not args.no_grabcut:
        methods['GrabCut'] = grab_cut
    pairs = load_pairs(args)
    print(f'{args.model} on {len(pairs)} objects; gains in points\n')
    show('kind', 'method', ['coarse', 'IoU', 'bIoU', 'mBA', 'harmed %'])
    show('---', '---', ['---:'] * 5)
    totals: dict[tuple[str, str], list] = {}
    for kind, make in makers.items():
        if kind.rstrip(' *') not in args.kinds:
            continue
        for method, refine in methods.items():
            figures = compare(refine, pairs, make)
            means = ['mean but perfect'] if kind != 'perfect' else []
            means += ['mean of those *'] if kind in UNSEEN else []
            for mean in means:
                totals.setdefault((mean, method), []).append(figures)
            show(kind, method, [f'{figure:.2f}' for figure in figures])
    for (mean, method), rows in totals.items():
        figures = np.mean(rows, axis=0)
        show(mean, method, [f'{figure:.2f}' for figure in figures])


def show(kind: str, method: str, columns: list[str]) -> None:
    cells = ' | '.join(f'{column:>8}' for column in columns)
    print(f'| {kind:16} | {method:8} | {cells} |', flush=True)


if __name__ == '__main__':
    try:
        main()
    except SegRefinerError as error:
        sys.exit(f'error: {error}')
