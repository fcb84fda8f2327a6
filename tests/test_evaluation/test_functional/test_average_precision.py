"""Against the numbers of the reference evaluators (boundary-iou-api)."""

import copy
import json

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

from segrefiner_mm.errors import InputError
from segrefiner_mm.evaluation import evaluate_coco, evaluate_lvis
from segrefiner_mm.io.rle import encode_mask
from tests.helpers import GOLDEN

DRAWN = GOLDEN / 'synthetic_metrics'


def agrees(figures, expected):
    for kind in ('segm', 'boundary'):
        assert figures[kind] == pytest.approx(expected[kind], abs=1e-6)


def test_drawn_scenes():
    expected = json.loads((DRAWN / 'expected.json').read_text())
    agrees(evaluate_coco(DRAWN / 'gt.json', DRAWN / 'dt.json'), expected)


@pytest.mark.parametrize(
    ('evaluate', 'gt', 'dt', 'expected'),
    [
        (evaluate_coco, 'instances_gt', 'coarse_dt', 'coco_expected'),
        (evaluate_lvis, 'lvis_gt', 'lvis_dt', 'lvis_expected'),
    ],
)
def test_real_annotations(shared, evaluate, gt, dt, expected):
    folder = shared / 'metrics'
    figures = evaluate(folder / f'{gt}.json', folder / f'{dt}.json')
    agrees(figures, json.loads((folder / f'{expected}.json').read_text()))


def test_boundary_ap_is_that_of_faster_coco_eval():
    """Its own way computes every boundary, ours only those that matter."""
    gt, dt = COCO(str(DRAWN / 'gt.json')), str(DRAWN / 'dt.json')
    evaluator = COCOeval_faster(
        gt, gt.loadRes(dt), 'boundary', print_function=lambda *_: None
    )
    evaluator.run()
    theirs = evaluator.stats_as_dict
    ours = evaluate_coco(DRAWN / 'gt.json', DRAWN / 'dt.json', ['boundary'])
    names = dict(AP='AP_all', AP50='AP_50', AP75='AP_75')
    names |= dict(APs='AP_small', APm='AP_medium', APl='AP_large')
    for name, their_name in names.items():
        assert ours['boundary'][name] == pytest.approx(
            theirs[their_name], abs=1e-12
        )


@pytest.fixture
def squares():
    """A true square per image; a category of which there is none."""
    mask = np.zeros((60, 80), np.uint8)
    mask[:20, :20] = 1  # at the border of the image
    annotation = dict(
        category_id=1, iscrowd=0, area=400, segmentation=encode_mask(mask)
    )
    return dict(
        images=[dict(id=i, height=60, width=80) for i in (1, 2)],
        categories=[dict(id=1, name='a'), dict(id=2, name='b')],
        annotations=[
            dict(annotation, id=i, image_id=i, bbox=[0, 0, 20, 20])
            for i in (1, 2)
        ],
    )


def results_of(content):
    names = ('image_id', 'category_id', 'segmentation')
    return [
        dict({name: a[name] for name in names}, score=0.5)
        for a in content['annotations']
    ]


def test_perfect_results(squares):
    figures = evaluate_coco(squares, results_of(squares))
    for kind in ('segm', 'boundary'):
        assert figures[kind]['AP'] == pytest.approx(1)
        assert figures[kind]['APl'] == -1  # there is no large object


def test_nothing_found_and_nothing_to_find(squares):
    figures = evaluate_coco(squares, [])
    assert figures['segm']['AP'] == 0
    empty = {**squares, 'annotations': []}
    assert evaluate_coco(empty, [])['boundary']['AP'] == -1
    assert evaluate_coco(empty, results_of(squares))['segm']['AP'] == -1


def test_a_class_that_is_nowhere(squares):
    results = results_of(squares)
    results += [dict(results[0], category_id=2)]  # found where there is none
    figures = evaluate_coco(squares, results, classwise=True)
    for kind in ('segm', 'boundary'):
        assert figures[kind]['AP/a'] == pytest.approx(1)
        assert figures[kind]['AP/b'] == -1
        assert figures[kind]['AP'] == pytest.approx(1)


def test_one_pixel(squares):
    pixel = np.zeros((60, 80), np.uint8)
    pixel[30, 30] = 1
    for annotation in squares['annotations']:
        annotation.update(area=1, segmentation=encode_mask(pixel))
    figures = evaluate_coco(squares, results_of(squares))
    assert figures['segm']['AP'] == pytest.approx(1)
    assert figures['boundary']['AP'] == pytest.approx(1)


def test_only_what_was_asked(squares):
    assert list(evaluate_coco(squares, [], iou_types=['segm'])) == ['segm']


def test_inputs_stay_as_they_are(squares):
    results = results_of(squares)
    before = copy.deepcopy((squares, results))
    evaluate_coco(squares, results)
    assert results == before[1]
    assert squares == before[0]


def test_mistakes_are_named(squares, tmp_path):
    results = results_of(squares)
    with pytest.raises(InputError, match='bbox'):
        evaluate_coco(squares, results, iou_types=['bbox'])
    with pytest.raises(InputError, match=r'gone\.json'):
        evaluate_coco(tmp_path / 'gone.json', results)
    with pytest.raises(InputError, match='categories'):
        evaluate_coco(dict(images=[], annotations=[]), results)
    with pytest.raises(InputError, match='score'):
        evaluate_coco(squares, [dict(image_id=1)])
    results[0]['image_id'] = 99
    with pytest.raises(InputError, match='99'):
        evaluate_coco(squares, results)
    results[0]['image_id'] = 1
    results[1]['segmentation'] = dict(size=[60, 80], counts='1')
    with pytest.raises(InputError, match='result 1'):
        evaluate_coco(squares, results)


@pytest.mark.parametrize('looked_for', [True, False])
def test_lvis_results_of_an_image_without_annotations(squares, looked_for):
    """They are wrong where the category was looked for, and else unknown."""
    results = results_of(squares)
    for category in squares['categories']:
        category['frequency'] = 'f'
    for image in squares['images']:
        image.update(neg_category_ids=[], not_exhaustive_category_ids=[])
    squares['annotations'].pop()
    results[1]['score'] = 0.9
    if looked_for:
        squares['images'][1]['neg_category_ids'] = [1]
    figures = evaluate_lvis(squares, results)
    # One true square, found second of two: the precision is a half.
    expected = 0.5 if looked_for else 1
    assert figures['segm']['AP'] == pytest.approx(expected)
    assert figures['boundary']['AP'] == pytest.approx(expected)
