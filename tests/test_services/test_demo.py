"""What the demo shows of a mask, without its page."""

import io
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

import segrefiner_mm
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_with_masks import load_pair
from segrefiner_mm.services.demo.demo_refiner import (
    MEANINGS,
    DemoRefiner,
    drawn_mask,
)
from segrefiner_mm.services.demo.reverse_process import (
    draw_steps,
    reverse_steps,
)
from segrefiner_mm.windows import DoNoHarmGuard
from tests.helpers import iou
from tests.test_services.conftest import png


@pytest.fixture
def photograph(scene):
    return Image.fromarray(scene[0][..., ::-1].copy())


@pytest.fixture(scope='module')
def refiner(service):
    return DemoRefiner(service)


@pytest.mark.parametrize('steps', [1, 3, 6])
def test_every_step_is_seen(service, scene, steps):
    loaded = load_pair(scene[0], scene[2][None], None)
    seen = reverse_steps(service.model, loaded, steps)
    assert len(seen) == steps
    times = [step.timestep for step in seen]
    assert times == sorted(times, reverse=True)
    assert times[-1] == 0 or steps == 1
    assert service.model.head.observer is None
    first, last = seen[0], seen[-1]
    # The chain begins with the coarse mask, and ends with the last guess.
    share = float(first.before.mean())
    assert 0.2 < share < 0.9
    np.testing.assert_array_equal(last.after, last.logits > 0)
    for one, other in pairwise(seen):
        np.testing.assert_array_equal(one.after, other.before)
        assert one.fine_probs.mean() <= other.fine_probs.mean() + 1e-6
    drawn = list(draw_steps(service.model, seen))
    assert len(drawn) == steps + 1
    assert all(p.shape == drawn[0][0].shape for p, _ in drawn)
    assert drawn[-1][1].endswith('the refined mask')


def test_the_steps_are_those_of_refine(service, scene):
    """Watched or not, the mask is the same, and so is that of one window."""
    loaded = load_pair(scene[0], scene[2][None], None)
    seen = reverse_steps(service.model, loaded, 2)
    expected = segrefiner_mm.refine(
        scene[0],
        scene[2],
        device='cpu',
        runtime='torch',
        windows=dict(type='ObjectWindows'),
        guard=False,
        num_steps=2,
    )
    window = seen[-1].after[0, 0].numpy().astype(np.uint8)
    rows, columns = np.nonzero(expected)
    part = expected[
        rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    x, y, width, height = cv2.boundingRect(window)
    inner = window[y : y + height, x : x + width]
    stretched = cv2.resize(inner, part.shape[::-1], interpolation=0) > 0
    assert iou(stretched, part) > 0.97


def test_a_mask_that_is_not_refined_has_no_steps(service, refiner, photograph):
    nothing = np.zeros((160, 200), bool)
    loaded = load_pair(np.asarray(photograph), nothing[None], None)
    assert reverse_steps(service.model, loaded, 2) == []
    shown = refiner.refine(photograph, nothing, 2, True)
    assert shown.steps == []
    assert shown.text.startswith('### kept')


def test_what_is_shown(refiner, photograph, scene):
    shown = refiner.refine(photograph, scene[2], 2, True)
    content = np.frombuffer(shown.mask, np.uint8)
    refined = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) > 0
    expected = segrefiner_mm.refine(
        scene[0],
        scene[2],
        device='cpu',
        runtime='torch',
        windows=None,
        num_steps=2,
    )
    np.testing.assert_array_equal(refined, expected)
    assert shown.text.startswith('### refined')
    assert '| belief |' in shown.text
    for picture in (shown.outlines, shown.changes, shown.confidence):
        assert picture.shape[1:] == (200, 3)
    assert len(shown.steps) == 3


def test_an_uploaded_mask_is_as_a_drawn_one(refiner, photograph, scene):
    drawn = refiner.refine(photograph, scene[2], 1, True)
    content = png(scene[2].astype(np.uint8) * 255)
    assert refiner.refine(photograph, content, 1, True).mask == drawn.mask
    stored = io.BytesIO()
    np.save(stored, np.stack([scene[2], scene[2]]))
    with pytest.raises(InputError, match='2 masks'):
        refiner.refine(photograph, stored.getvalue(), 1, True)


def test_the_mask_changes_only_where_it_may(refiner, photograph, scene):
    left = np.zeros((160, 200), bool)
    left[:, :100] = True
    shown = refiner.refine(photograph, scene[2], 1, True, left)
    content = np.frombuffer(shown.mask, np.uint8)
    refined = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) > 0
    np.testing.assert_array_equal(refined[:, 100:], scene[2][:, 100:])
    assert (refined[:, :100] != scene[2][:, :100]).any()


def test_a_drawing_is_read():
    """Opaque paint of any layer, at the size of the photograph."""
    photo = Image.new('RGB', (40, 30), 'white')
    layers = [Image.new('RGBA', (40, 30)) for _ in range(2)]
    layers[0].paste((230, 120, 0, 200), (5, 5, 15, 15))
    layers[1].paste((230, 120, 0, 100), (20, 5, 30, 15))  # too faint
    small = layers[0].resize((20, 15))
    image, mask = drawn_mask(dict(background=photo, layers=layers))
    assert image.mode == 'RGB'
    assert (mask.shape, mask.sum(), mask[5:15, 5:15].all()) == (
        (30, 40),
        100,
        True,
    )
    _, mask = drawn_mask(dict(background=photo, layers=[small]))
    assert mask.shape == (30, 40)
    for nothing in (None, {}, dict(background=None, layers=[])):
        with pytest.raises(InputError, match='upload one'):
            drawn_mask(nothing)


def test_every_number_has_a_meaning():
    """Those that the guard says it gives."""
    told = DoNoHarmGuard.refine.__doc__
    for name in MEANINGS:
        assert f'``{name}``' in told
