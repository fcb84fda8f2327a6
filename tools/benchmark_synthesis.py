"""Time the synthesis of coarse masks, and measure their IoU.

Run it with ``make bench`` on drawn masks of the sizes of LVIS objects, or
with ``--ann-file`` on the masks of an LVIS or COCO JSON file.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.datasets.transforms import SynthesizeCoarseMask
from segrefiner_mm.evaluation.functional import mask_iou
from segrefiner_mm.io.rle import decode_mask

Mask = npt.NDArray[np.uint8]


def blob(height: int, width: int, radius: float, seed: int) -> Mask:
    """Draw a bumpy shape, (H, W) uint8, 0 and 1; ``radius`` is in pixels."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    waves = np.arange(1, 6)[:, None]
    phases = waves * angles + rng.uniform(0, 6, (5, 1))
    bumps = (rng.normal(0, 0.25, (5, 1)) / waves * np.cos(phases)).sum(0)
    radii = radius * (1 + bumps).clip(min=0.2)
    corners = [
        width / 2 + radii * np.cos(angles),
        height / 2 + rng.uniform(0.4, 1) * radii * np.sin(angles),
    ]
    return cv2.fillPoly(mask, [np.stack(corners, 1).round().astype(int)], 1)


def drawn_masks(count: int = 120) -> list[Mask]:
    """Draw blobs on 640 x 480 pixels, half of them under 2,000 pixels."""
    radii = np.exp(np.random.default_rng(0).normal(3.3, 0.7, 4 * count))
    masks = (blob(480, 640, r, seed) for seed, r in enumerate(radii))
    return [mask for mask in masks if mask.sum() > 512][:count]


def annotated_masks(ann_file: Path, count: int = 500) -> list[Mask]:
    """Read up to ``count`` masks over 512 pixels of an LVIS or COCO JSON."""
    content = json.loads(ann_file.read_text())
    images = {image['id']: image for image in content['images']}
    masks: list[Mask] = []
    for annotation in content['annotations']:
        image = images[annotation['image_id']]
        size = image['height'], image['width']
        mask = decode_mask(annotation['segmentation'], size)
        if mask.sum() > 512:
            masks.append(mask)
        if len(masks) == count:
            break
    return masks


def milliseconds(
    synthesizer: SynthesizeCoarseMask, masks: list[Mask]
) -> float:
    """Return the mean milliseconds per mask in the best of three rounds."""
    rounds = []
    for first in range(0, 3 * len(masks), len(masks)):
        start = time.perf_counter()
        for seed, mask in enumerate(masks, start=first):
            synthesizer.synthesize(mask, seed)
        rounds.append((time.perf_counter() - start) / len(masks))
    return 1e3 * min(rounds)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ann-file', type=Path, help='LVIS or COCO json')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    given = args.ann_file is not None
    masks = annotated_masks(args.ann_file) if given else drawn_masks()
    wide = [blob(480, 640, 150, seed) for seed in range(20)]
    large = [blob(2000, 3000, 700, seed) for seed in range(5)]
    kind = 'given masks' if given else 'drawn masks, 640 x 480'
    print(f'Coarse masks, one core; {len(masks)} {kind}')
    for mode in ('reference', 'diverse'):
        synthesizer = SynthesizeCoarseMask(mode=mode)
        ious = [
            mask_iou(mask > 0, synthesizer.synthesize(mask, seed) > 0)
            for seed, mask in enumerate(masks * 3)
        ]
        print(f'{mode}: IoU {np.mean(ious):.3f} +- {np.std(ious):.3f}')
        for name, group in (
            (kind, masks),
            ('300 pixels wide in 640 x 480', wide),
            ('1400 pixels wide in 2000 x 3000', large),
        ):
            print(f'  {name:34}{milliseconds(synthesizer, group):8.2f} ms')


if __name__ == '__main__':
    main()
