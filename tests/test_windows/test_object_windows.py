"""The expected boxes and masks are those of the official code."""

import numpy as np
import pytest
import torch

from segrefiner_mm.models import RefineJob
from segrefiner_mm.windows import (
    KEPT,
    Box,
    ObjectWindows,
    WindowAnswer,
    compact_masks,
)
from tests.helpers import GOLDEN, dense, iou, load_case


def run(plan, image, mask, answer):
    """Drive a plan by hand; ``answer`` maps requests to probabilities."""
    [compact] = compact_masks(mask[None])
    steps = plan.refine(image, compact, (5, 0), 64)
    try:
        [request] = next(steps)
        probs = answer(request)
        steps.send([WindowAnswer(probs, probs)])
    except StopIteration as finished:
        return finished.value
    raise AssertionError('the plan asked twice')


def refine(model, case, **settings):
    image = torch.from_numpy(case['image']).permute(2, 0, 1)
    masks = compact_masks(torch.from_numpy(case['coarse']))
    jobs = [RefineJob(image, masks)]
    [(_, result)] = model.refine(jobs, model.settings(**settings))
    return result


def check_case(model, case):
    result = refine(model, case)
    masks = dense(result, case['image'].shape[:2])
    for mask, expected in zip(masks, case['refined'], strict=True):
        assert iou(mask, expected) >= 0.999
    boxes = [list(part.box) for part in result if part.verdict != KEPT]
    assert boxes == case['crop_boxes'].tolist()


def test_drawn_scene_equals_the_official_code(tiny_model):
    check_case(tiny_model, load_case(GOLDEN / 'synthetic_instance.npz'))


@pytest.mark.slow
def test_photograph_equals_the_official_code(tiny_model, shared):
    check_case(tiny_model, load_case(shared / 'real_instance.npz'))


def test_a_faithful_network_gives_the_mask_back():
    mask = torch.zeros(200, 300, dtype=torch.bool)
    mask[40:150, 60:200] = True
    image = torch.zeros(3, 200, 300, dtype=torch.uint8)
    refined = run(
        ObjectWindows(), image, mask, lambda request: request.coarse.float()
    )
    assert refined.box == Box(40, 20, 220, 170)
    assert refined.confidence == 1.0
    whole = dense([refined], (200, 300))[0]
    assert iou(whole, mask.numpy()) > 0.98


@pytest.mark.parametrize('area', [0, 1, 511])
def test_small_masks_are_kept(area):
    mask = torch.zeros(100, 100, dtype=torch.bool)
    mask.view(-1)[:area] = True
    refined = run(ObjectWindows(), torch.zeros(3, 100, 100), mask, None)
    assert (refined.verdict, refined.confidence) == (KEPT, 0)
    assert np.array_equal(dense([refined], (100, 100))[0], mask.numpy())


def test_full_masks_are_kept():
    mask = torch.ones(100, 100, dtype=torch.bool)
    refined = run(ObjectWindows(), torch.zeros(3, 100, 100), mask, None)
    assert refined.verdict == KEPT
    assert refined.pixels.all()


def test_masks_that_are_lost_at_the_scale_of_the_window_are_kept():
    """The network would see nothing of a line, and invent a mask."""
    line = torch.eye(2000, dtype=torch.bool)
    refined = run(ObjectWindows(), torch.zeros(3, 2000, 2000), line, None)
    assert refined.verdict == KEPT
    assert np.array_equal(dense([refined], (2000, 2000))[0], line.numpy())


@pytest.mark.parametrize('arguments', [dict(pad=-1), dict(min_area=0)])
def test_mistakes_are_refused(arguments):
    with pytest.raises(ValueError, match='must be >='):
        ObjectWindows(**arguments)
