"""What refinement gains, per kind of coarse mask, with GrabCut beside it.

``python tools/benchmark_quality.py DATA`` takes a folder with ``images/`` and
``masks/`` (or ``--ann-file``, a path of each per line, separated by a tab),
makes coarse masks of every kind and prints the mean gains in points, the share
of masks made worse by more than two points of IoU, and the IoU of what was
perfect before.
"""

import argparse
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.apis import SegRefinerInferencer
from segrefiner_mm.datasets import FolderRefineDataset
from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.datasets.transforms.synthesize_coarse_mask import (
    CORRUPTIONS,
)
from segrefiner_mm.evaluation import mask_quality

Mask = npt.NDArray[np.bool_]
Refine = Callable[[npt.NDArray[np.uint8], Mask], Mask]
HARM = 0.02


def grab_cut(image: npt.NDArray[np.uint8], mask: Mask) -> Mask:
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


def coarse_makers() -> dict[str, Callable[[npt.NDArray[np.uint8], int], Mask]]:
    """Per kind of damage the function that makes it, seeded."""
    makers = {'perfect': lambda mask, seed: mask}
    reference = SynthesizeCoarseMask(mode='reference')
    makers['reference'] = reference.synthesize
    for name in CORRUPTIONS:
        makers[name] = SynthesizeCoarseMask(
            corruptions=[name],
            iou_range=(0.6, 0.95),
            identity_prob=0.0,
            reference_prob=0.0,
            max_kinds=1,
        ).synthesize
    return makers


def compare(
    refine: Refine,
    pairs: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]],
    make: Callable[[npt.NDArray[np.uint8], int], Mask],
) -> list[float]:
    """Coarse IoU, gains in IoU, Boundary IoU and mBA, and share harmed."""
    rows = []
    for seed, (image, true) in enumerate(pairs):
        coarse = make(true, seed).astype(bool)
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
        mask = cv2.imread(info['mask_path'], cv2.IMREAD_GRAYSCALE)
        true = (mask > 127).astype(np.uint8)
        if image is not None and true.sum() >= args.min_area:
            pairs.append((image, true))
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
    add('--no-grabcut', action='store_true')
    args = parser.parse_args()

    inferencer = SegRefinerInferencer(args.model, args.weights, args.device)

    def ours(image: npt.NDArray[np.uint8], mask: Mask) -> Mask:
        out = inferencer(
            image, mask, windows=args.windows, num_steps=args.steps
        )
        return out['predictions'][0]['masks'][0]

    methods = {args.model: ours}
    if not args.no_grabcut:
        methods['GrabCut'] = grab_cut
    pairs = load_pairs(args)
    print(f'{len(pairs)} objects; gains in points')
    print(f'{"":26}{"coarse":>8}{"IoU":>8}{"bIoU":>8}{"mBA":>8}{"harmed":>8}')
    totals: dict[str, list] = {}
    for kind, make in coarse_makers().items():
        for method, refine in methods.items():
            figures = compare(refine, pairs, make)
            if kind != 'perfect':
                totals.setdefault(method, []).append(figures)
            show(f'{kind}, {method}', figures)
    for method, rows in totals.items():
        show(f'mean, {method}', np.mean(rows, axis=0))


def show(name: str, figures: list[float]) -> None:
    coarse, *gains, harmed = figures
    columns = ''.join(f'{gain:+8.2f}' for gain in gains)
    print(f'{name[:26]:26}{coarse:8.2f}{columns}{harmed:7.1f}%', flush=True)


if __name__ == '__main__':
    main()
