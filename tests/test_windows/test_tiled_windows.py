"""Expected tiles and masks are those of the official code; suppression and
averaging are held to plain versions written here.
"""

import numpy as np
import pytest
import torch

from segrefiner_mm.windows import KEPT, Box, TiledWindows
from segrefiner_mm.windows.tiles import paste_averaged, pick_tiles
from tests.helpers import GOLDEN, iou, load_case
from tests.test_windows.test_object_windows import dense, refine

TILED = dict(type='TiledWindows')
PUBLISHED = TiledWindows().fine_prob_thr, TiledWindows().iou_thr


def refine_case(model, case):
    case['coarse'] = case['coarse'][None]
    [refined] = refine(model, case, windows=TILED)
    return refined


def check(refined, case):
    mask = dense([refined], case['image'].shape[:2])[0]
    assert iou(mask, case['refined']) >= 0.999


@pytest.fixture(scope='module')
def drawn(tiny_model):
    """The outcome on the drawn scene, and what is known of it."""
    case = load_case(GOLDEN / 'synthetic_hr.npz')
    return refine_case(tiny_model, case), case


def test_drawn_scene_equals_the_official_code(drawn):
    check(*drawn)


@pytest.mark.slow
def test_photograph_equals_the_official_code(tiny_model, shared):
    case = load_case(shared / 'real_hr.npz')
    check(refine_case(tiny_model, case), case)


def test_tiles_equal_the_official_code():
    case = load_case(GOLDEN / 'synthetic_hr.npz')
    fine_probs = torch.from_numpy(case['fine_probs'])[0, 0]
    height, width = case['shape'].tolist()
    mask = case['global_mask']
    tiles = [
        list(tile)
        for tile in pick_tiles(fine_probs, height, width, 256, *PUBLISHED)
        if 0 < mask[tile.slices()].mean() < 1
    ]
    assert tiles == case['patch_coords'][:, :4].tolist()


def plain_suppression(boxes, iou_thr):
    kept = []
    for box in boxes:
        for other in kept:
            w = min(box.x2, other.x2) - max(box.x1, other.x1)
            h = min(box.y2, other.y2) - max(box.y1, other.y1)
            shared = max(w, 0) * max(h, 0)
            both = box.width * box.height + other.width * other.height
            if shared / (both - shared) > iou_thr:
                break
        else:
            kept.append(box)
    return kept


@pytest.mark.parametrize('size', [(200, 300), (40, 300), (30, 20)])
def test_tiles_equal_plain_suppression(size):
    """Also where a side of the image is shorter than a tile."""
    height, width = size
    fine_probs = torch.rand(32, 32)
    tile_h, tile_w = min(64, height), min(64, width)
    order = fine_probs.flatten().argsort(stable=True)
    candidates = []
    for index in order.tolist():
        if fine_probs.flatten()[index] >= 0.9 * fine_probs.max():
            continue
        y = int(index // 32 * (height / 32)) - tile_h // 2
        x = int(index % 32 * (width / 32)) - tile_w // 2
        y = min(max(y, 0), height - tile_h)
        x = min(max(x, 0), width - tile_w)
        candidates.append(Box(x, y, x + tile_w, y + tile_h))
    expected = plain_suppression(candidates, 0.3)
    tiles = pick_tiles(fine_probs, height, width, 64, *PUBLISHED)
    assert tiles == expected


def test_overlaps_are_averaged_as_on_a_full_canvas():
    generator = torch.Generator().manual_seed(1)
    tiles = [Box(0, 0, 20, 20), Box(10, 5, 30, 25), Box(12, 8, 32, 28)]
    maps = [torch.rand(20, 20, generator=generator) for _ in tiles]
    before = torch.rand(40, 40, generator=generator) > 0.5
    total, count = torch.zeros(40, 40), torch.zeros(40, 40)
    for tile, probs in zip(tiles, maps, strict=True):
        total[tile.slices()] += probs
        count[tile.slices()] += 1
    expected = torch.where(count > 0, total / count >= 0.5, before)
    paste_averaged(before, tiles, maps)
    assert torch.equal(before, expected)


def test_a_step_for_the_whole_image_and_one_for_the_tiles():
    with pytest.raises(ValueError, match='at least 2 steps'):
        TiledWindows().check_steps([5])


def test_outcomes_are_as_small_as_their_objects(drawn):
    refined, _ = drawn
    assert refined.pixels.shape == (refined.box.height, refined.box.width)
    assert refined.pixels.any(dim=0)[[0, -1]].all()
    assert refined.pixels.any(dim=1)[[0, -1]].all()


def test_masks_that_are_lost_in_the_overview_are_kept(tiny_model):
    mask = np.zeros((1, 2000, 1500), bool)
    mask[:, 904:906] = True  # between two rows of the overview
    image = np.zeros((2000, 1500, 3), np.uint8)
    case = dict(image=image, coarse=mask)
    [refined] = refine(tiny_model, case, windows=TILED)
    assert refined.verdict == KEPT


@pytest.mark.parametrize('name', ['fine_prob_thr', 'iou_thr'])
def test_mistakes_are_refused(name):
    with pytest.raises(ValueError, match=f'{name} must be 0 to 1'):
        TiledWindows(**{name: 1.5})


def test_tiles_must_not_repeat():
    with pytest.raises(ValueError, match='iou_thr must be under 1'):
        TiledWindows(iou_thr=1.0)
