"""Time Boundary AP on a generated data set, against faster-coco-eval.

    python tools/benchmark_boundary_ap.py --images 5000 --instances 36000

This package runs on one core, faster-coco-eval on all cores.
"""

import argparse
import copy
import os
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from segrefiner_mm.evaluation import evaluate_coco
from segrefiner_mm.io.rle import decode_mask, encode_mask

HEIGHT, WIDTH, CATEGORIES = 480, 640, 10


def ellipse(rng: np.random.Generator) -> tuple[Any, ...]:
    """Choose centre (x, y) and half axes in pixels, and angle in degrees."""
    centre = rng.integers(40, (WIDTH - 40, HEIGHT - 40))
    axes = rng.integers(8, 90, 2)
    return centre, axes, rng.uniform(0, 180)


def draw(centre: np.ndarray, axes: np.ndarray, angle: float) -> dict[str, Any]:
    """Draw an ellipse, and encode it as COCO run lengths."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(
        mask, centre.tolist(), axes.tolist(), float(angle), 0, 360, 1, -1
    )
    return encode_mask(mask)


def data_set(images: int, instances: int) -> tuple[dict, list[dict]]:
    """Make COCO annotations, and results that are up to 5 pixels off."""
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


def theirs(gt: dict[str, Any], results: list[dict[str, Any]]) -> float:
    """Compute Boundary AP by faster-coco-eval, on all cores, 0 to 1."""
    coco = COCO(copy.deepcopy(gt))
    evaluator = COCOeval_faster(
        coco,
        coco.loadRes(copy.deepcopy(results)),
        'boundary',
        print_function=lambda *_: None,
        boundary_cpu_count=os.cpu_count() or 1,
    )
    evaluator.run()
    return evaluator.stats_as_dict['AP_all']


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the fastest of three runs, and the last result."""
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
    their, figure = timed(lambda: theirs(gt, results))
    print(
        f'{args.instances} instances in {args.images} images: Boundary AP '
        f'{figures["boundary"]["AP"]:.6f} in {ours:.1f} s on one core; '
        f'faster-coco-eval {figure:.6f} in {their:.1f} s on '
        f'{os.cpu_count()}, {their / ours:.1f} times as long'
    )


if __name__ == '__main__':
    main()
