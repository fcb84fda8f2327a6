"""Time Boundary AP on a generated data set, beside the plain way to count it.

    python tools/benchmark_boundary_ap.py --images 500 --instances 5000

The plain way erodes every mask over its whole image and compares whole
images; it stops at the IoUs, before any average precision.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from segrefiner_mm.evaluation import evaluate_coco
from segrefiner_mm.evaluation.functional import mask_iou
from segrefiner_mm.io.rle import decode_mask, encode_mask

HEIGHT, WIDTH, CATEGORIES = 480, 640, 10


def ellipse(rng: np.random.Generator) -> tuple[Any, ...]:
    """Centre, axes and angle of an object."""
    centre = rng.integers(40, (WIDTH - 40, HEIGHT - 40))
    axes = rng.integers(8, 90, 2)
    return centre, axes, rng.uniform(0, 180)


def draw(centre: np.ndarray, axes: np.ndarray, angle: float) -> dict[str, Any]:
    """The run lengths of an ellipse."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(
        mask, centre.tolist(), axes.tolist(), float(angle), 0, 360, 1, -1
    )
    return encode_mask(mask)


def data_set(images: int, instances: int) -> tuple[dict, list[dict]]:
    """Annotations, and results that are a few pixels off."""
    rng = np.random.default_rng(0)
    size = dict(height=HEIGHT, width=WIDTH)
    gt: dict[str, Any] = dict(
        images=[dict(id=i, **size) for i in range(images)],
        categories=[dict(id=c, name=str(c)) for c in range(CATEGORIES)],
        annotations=[],
    )
    results = []
    for index in range(instances):
        centre, axes, angle = ellipse(rng)
        segmentation = draw(centre, axes, angle)
        own = dict(
            image_id=index % images,
            category_id=int(rng.integers(CATEGORIES)),
        )
        area = int(decode_mask(segmentation).sum())
        gt['annotations'].append(
            dict(
                own,
                id=index + 1,
                iscrowd=0,
                area=area,
                bbox=[0, 0, 1, 1],
                segmentation=segmentation,
            )
        )
        moved = centre + rng.integers(-5, 6, 2)
        results.append(
            dict(
                own,
                score=float(rng.random()),
                segmentation=draw(moved, axes, angle),
            )
        )
    return gt, results


def with_edge(segmentation: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """A mask and its inner edge, over the whole image."""
    mask = np.ascontiguousarray(coco_mask.decode(segmentation))
    width = max(round(0.02 * np.hypot(*mask.shape)), 1)
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(framed, kernel, iterations=width)[1:-1, 1:-1]
    return mask > 0, (mask - inner) > 0


def plain_ious(gt: dict, results: list[dict]) -> int:
    """IoUs of all pairs of one image and category; returns their number."""
    groups: dict[tuple, tuple[list, list]] = defaultdict(lambda: ([], []))
    for place, masks in enumerate((gt['annotations'], results)):
        for mask in masks:
            key = mask['image_id'], mask['category_id']
            groups[key][place].append(mask['segmentation'])
    pairs = 0
    for encoded in groups.values():
        trues, predicted = (list(map(with_edge, masks)) for masks in encoded)
        for true in trues:
            for other in predicted:
                min(map(mask_iou, true, other))
                pairs += 1
    return pairs


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the fastest of three runs, and what it returned."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        outcome = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), outcome


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--images', type=int, default=500)
    parser.add_argument('--instances', type=int, default=5000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    gt, results = data_set(args.images, args.instances)
    ours, figures = timed(lambda: evaluate_coco(gt, results, ['boundary']))
    plain, pairs = timed(lambda: plain_ious(gt, results))
    print(
        f'{args.instances} instances in {args.images} images, {pairs} pairs: '
        f'Boundary AP {figures["boundary"]["AP"]:.3f} in {ours:.1f} s; the '
        f'plain way {plain:.1f} s, {plain / ours:.1f} times as long'
    )


if __name__ == '__main__':
    main()
