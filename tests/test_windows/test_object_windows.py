"""The expected boxes and masks are those of the official code."""

import math

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.windows import (
    KEPT,
    Box,
    ObjectWindows,
    RefineJob,
    RefineTask,
    WindowAnswer,
    compact_masks,
)
from tests.helpers import GOLDEN, ROOT, dense, iou, load_case


def run(plan, image, mask, answer, size=64, judged=False):
    """Drive a plan by hand; ``answer`` maps requests to probabilities."""
    [compact] = compact_masks(mask[None])
    task = RefineTask(image, compact, (5, 0), size, judged=judged)
    steps, asked = plan.refine(task), []
    try:
        requests = next(steps)
        while True:
            asked.append(requests)
            requests = steps.send([WindowAnswer(answer(r)) for r in requests])
    except StopIteration as finished:
        return finished.value, asked


def refine(model, case, **settings):
    image = torch.from_numpy(case['image']).permute(2, 0, 1)
    masks = compact_masks(torch.from_numpy(case['coarse']))
    jobs = [RefineJob(image, masks, None)]
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


@pytest.mark.parametrize('name', ['object', 'tiled'])
def test_photograph_is_as_it_was(tiny_model, name):
    """Frozen when other photographs equalled the official code."""
    demo = ROOT / 'demo'
    coarse = cv2.imread(str(demo / 'coffee_coarse.png'), 0) > 127
    case = dict(
        image=cv2.imread(str(demo / 'coffee.jpg')), coarse=coarse[None]
    )
    windows = dict(object='ObjectWindows', tiled='TiledWindows')[name]
    result = refine(tiny_model, case, windows=dict(type=windows))
    [mask] = dense(result, coarse.shape)
    expected = cv2.imread(str(GOLDEN / f'coffee_{name}.png'), 0) > 127
    assert iou(mask, expected) >= 0.999
    assert iou(mask, coarse) < 0.99


def test_a_faithful_network_gives_the_mask_back():
    mask = torch.zeros(200, 300, dtype=torch.bool)
    mask[40:150, 60:200] = True
    image = torch.zeros(3, 200, 300, dtype=torch.uint8)
    refined, asked = run(
        ObjectWindows(), image, mask, lambda request: request.coarse.float()
    )
    assert len(asked) == 1
    assert refined.box == Box(40, 20, 220, 170)
    assert refined.confidence == 1.0
    whole = dense([refined], (200, 300))[0]
    assert iou(whole, mask.numpy()) > 0.98


def look_and_see(plan, size=64):
    """A network that finds the object by its colour; its requests."""
    y, x = torch.meshgrid(torch.arange(220), torch.arange(300), indexing='ij')
    true = (y > 30 + x % 7) & (y < 190 - x % 5) & (x > 40) & (x < 250)
    image = true.expand(3, -1, -1) * torch.tensor(200, dtype=torch.uint8)
    coarse = torch.zeros_like(true)
    coarse[34:186, 41:250] = True
    refined, seen = run(
        plan, image, coarse, lambda r: (r.image[0] >= 100).float(), size
    )
    return iou(dense([refined], (220, 300))[0], true.numpy()), seen


def test_polish_makes_edges_of_large_objects_exact():
    plain, seen = look_and_see(ObjectWindows())
    assert len(seen) == 1
    polished, [[first], tiles] = look_and_see(ObjectWindows(polish=True))
    assert plain < 0.98
    assert polished > 0.999
    assert first.timesteps == (5, 0)
    assert {tile.timesteps for tile in tiles} == {(5,)}
    # The edge of 209 x 152 pixels takes about a dozen tiles of 64.
    assert 8 <= len(tiles) <= 40
    for tile in tiles:
        assert tile.image.dtype == torch.uint8  # as it is in the image
        assert 0 < tile.coarse.float().mean() < 1


def test_what_tiles_say_reaches_the_probabilities():
    """A label map is merged by them: a sure tile wins over a vague window."""
    mask = torch.zeros(300, 300, dtype=torch.bool)
    mask[60:240, 60:240] = True
    [compact] = compact_masks(mask[None])
    image = torch.zeros(3, 300, 300, dtype=torch.uint8)
    steps = ObjectWindows(polish=True).refine(
        RefineTask(image, compact, (5,), 64)
    )
    [first] = next(steps)
    vague = 0.5 + 0.1 * (first.coarse.float() - 0.5)
    tiles = steps.send([WindowAnswer(vague)])
    with pytest.raises(StopIteration) as finished:
        steps.send([WindowAnswer(tile.coarse.float()) for tile in tiles])
    probs = finished.value.value.probs
    assert probs.shape == (64, 64)
    seen = (probs - 0.5).abs() > 0.3  # by a tile: along the edge
    # The edge runs through cells 5 and 58; through them half and half.
    assert seen[[3, 9, 54, 60]].float().mean() > 0.9
    assert seen[:, [3, 9, 54, 60]].float().mean() > 0.9
    assert not seen[30:34, 30:34].any()  # the middle lies in no tile
    agree = (probs[seen] > 0.5) == first.coarse[seen]
    assert agree.float().mean() > 0.97


@pytest.mark.parametrize(('reach', 'side'), [(None, 0), (2.0, 166)])
def test_polish_moves_an_edge_no_further_than_it_may(reach, side):
    """Tiles without an object; a pixel of the window covers 220 / 64."""
    mask = torch.zeros(300, 300, dtype=torch.bool)
    mask[60:240, 60:240] = True
    image = torch.zeros(3, 300, 300, dtype=torch.uint8)
    seen = []

    def network(request):
        seen.append(request)
        is_window = len(seen) == 1
        return request.coarse.float() * (1.0 if is_window else 0.0)

    plan = ObjectWindows(polish=True, polish_reach=reach)
    refined, _ = run(plan, image, mask, network)
    left = dense([refined], (300, 300))[0]
    rows = np.flatnonzero(left.any(1))
    if side:
        assert abs(len(rows) - side) <= 2
        assert left[rows[0] : rows[-1] + 1, rows[0] : rows[-1] + 1].all()
    else:  # all but the middle, which lies in no tile
        assert np.count_nonzero(left) < 0.6 * 180**2


@pytest.mark.parametrize(
    ('size', 'scale', 'rounds'), [(256, 1, 1), (64, 1, 2), (64, 4, 1)]
)
def test_polish_leaves_windows_that_are_hardly_reduced(size, scale, rounds):
    """The window of 249 pixels is 3.9 times as long as 64."""
    plan = ObjectWindows(polish=True, polish_scale=scale)
    assert len(look_and_see(plan, size=size)[1]) == rounds


def test_polish_has_room_for_a_tile():
    """The window is long and flat: 300 x 50, a tile has 64 rows."""
    mask = torch.zeros(200, 400, dtype=torch.bool)
    mask[80:90, 60:320] = True
    [compact] = compact_masks(mask[None])
    image = torch.zeros(3, 200, 400, dtype=torch.uint8)
    steps = ObjectWindows(polish=True).refine(
        RefineTask(image, compact, (5,), 64)
    )
    [first] = next(steps)
    tiles = steps.send([WindowAnswer(first.coarse.float())])
    # Only what is resized becomes float.
    assert {tile.image.dtype for tile in tiles} == {torch.uint8}
    with pytest.raises(StopIteration) as finished:
        steps.send([WindowAnswer(tile.coarse.float()) for tile in tiles])
    refined = finished.value.value
    assert refined.box == Box(40, 60, 340, 110)
    assert iou(dense([refined], (200, 400))[0], mask.numpy()) > 0.95


@pytest.mark.parametrize('area', [0, 1, 511])
def test_small_masks_are_kept(area):
    mask = torch.zeros(100, 100, dtype=torch.bool)
    mask.view(-1)[:area] = True
    refined, _ = run(ObjectWindows(), torch.zeros(3, 100, 100), mask, None)
    assert (refined.verdict, refined.confidence) == (KEPT, 0)
    assert np.array_equal(dense([refined], (100, 100))[0], mask.numpy())


def test_full_masks_are_kept():
    mask = torch.ones(100, 100, dtype=torch.bool)
    refined, _ = run(ObjectWindows(), torch.zeros(3, 100, 100), mask, None)
    assert refined.verdict == KEPT
    assert refined.pixels.all()


def test_masks_that_are_lost_at_the_scale_of_the_window_are_kept():
    """The network would see nothing of a line, and invent a mask."""
    line = torch.eye(2000, dtype=torch.bool)
    refined, _ = run(ObjectWindows(), torch.zeros(3, 2000, 2000), line, None)
    assert refined.verdict == KEPT
    assert np.array_equal(dense([refined], (2000, 2000))[0], line.numpy())


@pytest.mark.parametrize(
    'arguments', [dict(pad=-1), dict(min_area=0), dict(polish_scale=0.9)]
)
def test_mistakes_are_refused(arguments):
    with pytest.raises(ValueError, match='must be >='):
        ObjectWindows(**arguments)


def test_edges_are_judged_at_no_more_than_the_resolution_of_the_image():
    """The mask is 16 rows high, its window of 32 is stretched to 64."""
    mask = torch.zeros(60, 300, dtype=torch.bool)
    mask[20:36, 40:260] = True
    image = mask.expand(3, -1, -1) * torch.tensor(200, dtype=torch.uint8)

    def lower(request):
        return request.coarse.roll(6, dims=0).float()  # by three rows

    refined, _ = run(ObjectWindows(pad=8), image, mask, lower, judged=True)
    gradient = math.log1p(100 * 3**0.5)
    # Most of the edge is above and below; of these, all that was strong is
    # beside the new edge, one third of what is there.
    assert refined.edge_gain == pytest.approx(-gradient * 4 / 3, rel=0.25)
    unread, _ = run(ObjectWindows(pad=8), image, mask, lower)
    assert unread.belief is unread.edge_gain is unread.edge_contrast is None
    assert torch.equal(unread.pixels, refined.pixels)


def shifted_with_errors(request, wrong_rows):
    """A network that moves the whole edge, but owns up to some rows only."""
    error = torch.zeros(16, 16)
    error[wrong_rows] = 1.0
    probs = request.coarse.roll(8, dims=1).float()
    return WindowAnswer(probs, error=error)


def test_stretches_without_an_error_stay_to_the_pixel():
    """Of 64 rows, the network sees errors in the upper half of the window."""
    mask = torch.zeros(104, 104, dtype=torch.bool)
    mask[40:64, 40:64] = True  # the window is 64 x 64, from 20 to 84
    image = torch.zeros(3, 104, 104, dtype=torch.uint8)
    [compact] = compact_masks(mask[None])
    results = {}
    for min_error in (0.0, 0.5):
        plan = ObjectWindows(min_error=min_error)
        steps = plan.refine(RefineTask(image, compact, (5,), 64))
        [request] = next(steps)
        with pytest.raises(StopIteration) as finished:
            steps.send([shifted_with_errors(request, slice(0, 8))])
        results[min_error] = dense([finished.value.value], (104, 104))[0]
    moved = mask.roll(8, dims=1).numpy()
    assert np.array_equal(results[0.0], moved)
    # Row 52 is the middle; bilinear, the error is 0.5 half a cell from there.
    assert np.array_equal(results[0.5][:50], moved[:50])
    assert np.array_equal(results[0.5][54:], mask.numpy()[54:])


def test_a_network_without_an_error_map_is_taken_everywhere():
    plain, _ = look_and_see(ObjectWindows(polish=True))
    strict, _ = look_and_see(ObjectWindows(polish=True, min_error=0.9))
    assert strict == plain


def test_tiles_change_nothing_where_they_see_no_error():
    """Of a square, the network would move all; it sees errors on the left."""
    mask = torch.zeros(300, 300, dtype=torch.bool)
    mask[60:240, 60:240] = True
    [compact] = compact_masks(mask[None])
    image = torch.zeros(3, 300, 300, dtype=torch.uint8)
    plan = ObjectWindows(polish=True, min_error=0.5)
    steps = plan.refine(RefineTask(image, compact, (5,), 64))
    [first] = next(steps)
    same = first.coarse.float()
    tiles = steps.send([WindowAnswer(same, error=torch.zeros(16, 16))])
    answers = []
    for tile in tiles:
        on_the_left = bool(tile.coarse[:, -1].any() & ~tile.coarse[:, 0].all())
        error = torch.full((16, 16), float(on_the_left))
        probs = tile.coarse.roll(-4, dims=1).float()
        answers.append(WindowAnswer(probs, error=error))
    with pytest.raises(StopIteration) as finished:
        steps.send(answers)
    result = dense([finished.value.value], (300, 300))[0]
    right = mask.numpy()[:, 200:]
    assert np.array_equal(result[:, 200:], right)
    assert result[150, 57]  # the left edge was moved


def test_a_plan_needs_a_step():
    with pytest.raises(ValueError, match='ObjectWindows needs at least 1'):
        ObjectWindows().check_steps([])


def test_a_part_of_errors_is_refused_above_1():
    with pytest.raises(ValueError, match='min_error must be 0 to 1'):
        ObjectWindows(min_error=1.5)
