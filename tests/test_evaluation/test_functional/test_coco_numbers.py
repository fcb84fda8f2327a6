"""Ids of any kind count alike."""

import copy

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import evaluate_coco, evaluate_lvis
from segrefiner_mm.io.rle import encode_mask


def scene(rename):
    """Two images with a right and a half right result."""
    mask = np.zeros((40, 50), np.uint8)
    mask[5:30, 5:30] = 1
    half = mask.copy()
    half[5:12] = 0
    gt: dict = dict(
        images=[
            dict(
                id=rename(image),
                height=40,
                width=50,
                neg_category_ids=[rename(7)],
                not_exhaustive_category_ids=[],
            )
            for image in (0, 1)
        ],
        categories=[
            dict(id=rename(kind), name=f'n{kind}', frequency='r')
            for kind in (3, 7)
        ],
        annotations=[
            dict(
                id=rename(image),
                image_id=rename(image),
                category_id=rename(3),
                segmentation=encode_mask(mask),
            )
            for image in (0, 1)
        ],
    )
    dt = [
        dict(
            image_id=rename(image),
            category_id=rename(3),
            score=0.5 + image / 10,
            segmentation=encode_mask(found),
        )
        for image, found in enumerate((mask, half))
    ]
    return gt, dt


@pytest.mark.parametrize('evaluate', [evaluate_coco, evaluate_lvis])
@pytest.mark.parametrize(
    'rename', [str, lambda n: f'uuid-{n}', lambda n: 10**25 + n]
)
def test_texts_and_large_numbers(evaluate, rename):
    given = scene(rename)
    before = copy.deepcopy(given)
    expected = evaluate(*scene(lambda n: n + 1), classwise=True)
    assert evaluate(*given, classwise=True) == expected
    assert given == before
    assert 0.5 < expected['segm']['AP'] < 1


def test_an_annotation_with_the_id_0_counts():
    """Others take the 0 for no match."""
    assert evaluate_coco(*scene(int)) == evaluate_coco(*scene(lambda n: n + 1))


def test_frequencies():
    gt, dt = scene(int)
    gt['categories'][0]['frequency'] = 'x'
    with pytest.raises(InputError, match="frequency is 'x'"):
        evaluate_lvis(gt, dt)
