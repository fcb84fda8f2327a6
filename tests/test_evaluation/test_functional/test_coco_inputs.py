"""Faulty files are named, not miscounted."""

import copy

import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import evaluate_coco, evaluate_lvis
from segrefiner_mm.evaluation.functional.coco_inputs import CocoTruth
from segrefiner_mm.io.rle import decode_mask, encode_mask

POLYGON = [[10.0, 10, 30, 10, 30, 30, 10, 30]]


@pytest.fixture
def gt():
    square = np.zeros((60, 80), bool)
    square[:20, :20] = True
    annotation = dict(category_id=1, iscrowd=0, area=400, bbox=[0, 0, 20, 20])
    return dict(
        images=[dict(id=i, height=60, width=80) for i in (1, 2)],
        categories=[dict(id=1, name='a'), dict(id=2, name='a')],
        annotations=[
            dict(annotation, id=7, image_id=1, segmentation=POLYGON),
            dict(
                annotation, id=8, image_id=2, segmentation=encode_mask(square)
            ),
        ],
    )


@pytest.fixture
def dt(gt):
    """The annotations as results."""
    return [
        dict(
            image_id=a['image_id'],
            category_id=1,
            score=0.5,
            segmentation=encode_mask(decode_mask(a['segmentation'], (60, 80))),
        )
        for a in gt['annotations']
    ]


def test_all_masks_become_run_lengths(gt):
    before = copy.deepcopy(gt)
    truth = CocoTruth(gt)
    for own, given in zip(
        truth.content['annotations'], gt['annotations'], strict=True
    ):
        mask = decode_mask(given['segmentation'], (60, 80))
        assert own['segmentation'] == encode_mask(mask)
    assert gt == before
    assert [a['id'] for a in truth.only({2}).content['annotations']] == [8]


def test_it_is_counted_as_it_is(gt, dt):
    figures = evaluate_coco(gt, dt, classwise=True)['boundary']
    assert figures['AP'] == pytest.approx(1)
    # Two categories of one name.
    assert figures['AP/a (1)'] == pytest.approx(1)
    assert figures['AP/a (2)'] == -1


def test_unknown_ones_are_left_out_if_so_wanted(gt, dt):
    strange = [dict(dt[0], image_id=9), dict(dt[0], category_id=58)]
    for extra in strange:
        with pytest.raises(InputError, match=r'1 of 3 .*skip_unknown'):
            evaluate_coco(gt, [*dt, extra])
    figures = evaluate_coco(gt, [*dt, *strange], skip_unknown=True)
    assert figures['segm']['AP'] == pytest.approx(1)
    with pytest.raises(InputError, match='image 9'):
        evaluate_coco(gt, strange[:1], skip_unknown=True)


def test_boxes_of_some_results_alone_are_not_used(gt, dt):
    for boxes in ([None, [0, 0, 9, 9]], [[0, 0, 9, 9], 'x']):
        results = [dict(r, bbox=box) for r, box in zip(dt, boxes, strict=True)]
        assert evaluate_coco(gt, results) == evaluate_coco(gt, dt)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(segmentation=[[1, 2, 3]]), 'annotation 7 .image 1.: .*polygon'),
        (dict(segmentation=[]), 'annotation 7'),
        (dict(segmentation=encode_mask(np.eye(9))), '9 x 9 .* 60 x 80'),
        (dict(id=8), 'annotation 8 appears twice'),
        (dict(image_id=3), 'annotation 7: no image 3'),
        (dict(category_id=3), 'annotation 7: no category 3'),
        (dict(segmentation=None), 'invalid segmentation: None'),
        (dict(image_id=[1]), 'invalid image_id'),
    ],
)
def test_faulty_annotations(gt, dt, change, message):
    gt['annotations'][0].update(change)
    with pytest.raises(InputError, match=message):
        evaluate_coco(gt, dt)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(score=None), 'number 1 has an invalid score'),
        (dict(score=float('nan')), 'result 1: score is not a number'),
        (dict(image_id={}), 'invalid image_id'),
        (dict(segmentation=encode_mask(np.eye(9))), 'result 1 .image 2.'),
        (dict(segmentation=dict(size=[60, 80], counts='1')), 'result 1'),
        (dict(segmentation=POLYGON[0][:5]), 'result 1'),
    ],
)
def test_faulty_results(gt, dt, change, message):
    dt[1].update(change)
    with pytest.raises(InputError, match=message):
        evaluate_coco(gt, dt)


def test_sizes_as_floats_are_sizes(gt, dt):
    dt[0]['segmentation']['size'] = [60.0, 80.0]
    assert evaluate_coco(gt, dt)['segm']['AP'] == pytest.approx(1)


def test_missing_parts(gt, dt):
    for part, field in (
        ('images', 'height'),
        ('annotations', 'segmentation'),
        ('annotations', 'id'),
    ):
        broken = copy.deepcopy(gt)
        del broken[part][0][field]
        with pytest.raises(InputError, match=f'{part}: number 0 .*{field}'):
            evaluate_coco(broken, dt)
    with pytest.raises(InputError, match='neg_category_ids'):
        evaluate_lvis(gt, dt)
    with pytest.raises(InputError, match='not of COCO'):
        evaluate_coco([1], dt)
