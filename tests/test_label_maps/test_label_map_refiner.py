"""Label maps through the golden network and through the bundled one."""

import cv2
import numpy as np
import pytest
import torch

from segrefiner_mm.errors import InputError
from segrefiner_mm.label_maps import LabelMapRefiner
from segrefiner_mm.label_maps.label_map_refiner import (
    is_good_map,
    tiles_of,
)
from segrefiner_mm.label_maps.label_merge import LabelMerge, Region
from segrefiner_mm.models import RefineSettings
from segrefiner_mm.models.model_zoo import model_cfg
from segrefiner_mm.registry import MODELS, build_child
from segrefiner_mm.windows import (
    KEPT,
    REFINED,
    Box,
    RefinedMask,
    RefineJob,
    compact_masks,
)
from tests.helpers import ROOT

FAST = dict(num_steps=1, model_size=64)


@pytest.fixture(scope='module')
def bundled():
    return build_child(MODELS, model_cfg('segrefiner-tiny')).eval()


def draw_street(seed):
    """19 classes: shapes of many sizes before two halves; some is ignored."""
    from runpy import run_path

    tool = ROOT / 'tools' / 'dataset_tools' / 'draw_scenes.py'
    draw = run_path(str(tool))
    rng = np.random.default_rng(seed)
    height, width, cell = 330, 660, 110
    labels = np.zeros((height, width), np.uint8)
    labels[165:] = 1
    image = np.empty((height, width, 3), np.float32)
    for half in (image[:165], image[165:]):
        half[:] = draw['texture'](rng, 165, width)
    for label in range(2, 19):
        y, x = cell * (label % 3), cell * ((label - 2) // 3)
        part = image[y : y + cell, x : x + cell]
        cover = draw['shape'](rng, cell, cell)[..., None]
        part *= 1 - cover
        part += cover * draw['texture'](rng, cell, cell)
        labels[y : y + cell, x : x + cell][cover[..., 0] > 0.5] = label
    labels[:, :12] = 255
    assert len(np.unique(labels)) == 20
    return image.clip(0, 255).astype(np.uint8), labels


@pytest.fixture(scope='module')
def street():
    return draw_street(5)


def refine(model, image, labels, **options):
    settings = {**FAST, **options.pop('settings', {})}
    refiner = LabelMapRefiner(model, model.settings(**settings), **options)
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    [(refined, tag)] = refiner.refine([(pixels, labels, 'tag')])
    assert tag == 'tag'
    return refined


def blocky(labels, side=8):
    small = labels[side // 2 :: side, side // 2 :: side]
    size = labels.shape[::-1]
    return cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)


def test_every_pixel_has_one_of_the_labels_near_its_region(tiny_model, street):
    """A network of no use does the most it can; the rules still hold."""
    image, labels = street
    coarse = blocky(labels)
    windows = dict(type='ObjectWindows', min_area=64)
    refined = refine(tiny_model, image, coarse, settings=dict(windows=windows))
    assert refined.dtype == labels.dtype
    assert refined is not coarse
    assert (refined != coarse).any()
    assert np.isin(refined, np.unique(coarse)).all()
    np.testing.assert_array_equal(refined == 255, coarse == 255)
    for label in np.unique(refined):
        count, parts = cv2.connectedComponents(
            (refined == label).astype(np.uint8)
        )
        for part in range(1, count):
            assert (coarse[parts == part] == label).any(), label


@pytest.mark.parametrize('seed', [5, 6, 8])
def test_a_perfect_map_stays(bundled, seed):
    """Of 5 and 8 the network disbelieves one region, among a dozen."""
    image, labels = draw_street(seed)
    users = dict(model_size=256, num_steps=6)
    refined = refine(bundled, image, labels, settings=users)
    assert (refined == labels).mean() >= 0.999


def judged(verdict, belief):
    mask = torch.ones(4, 4, dtype=torch.bool)
    evidence = {} if belief is None else dict(belief=belief)
    part = Box(0, 0, 4, 4), mask, torch.ones(()), verdict
    return RefinedMask(*part, evidence=evidence)


@pytest.mark.parametrize(
    ('kept', 'refined', 'good'),
    [(3, 1, True), (2, 1, False), (1, 0, True), (0, 0, False), (0, 4, False)],
)
def test_a_good_map_has_three_of_four_regions_kept(kept, refined, good):
    outcomes = [judged(KEPT, 0.9)] * kept + [judged(REFINED, 0.6)] * refined
    unjudged = [judged(KEPT, None)] * 9
    assert is_good_map(outcomes + unjudged) == good


class Judged:
    """A refiner that halves the first region, and keeps all others."""

    device = torch.device('cpu')

    def __init__(self, belief):
        self.belief = belief

    def refine(self, jobs, settings):
        for job in jobs:
            outcomes = []
            for mask in job.masks:
                refined = not outcomes
                pixels = mask.pixels.clone()
                if refined:
                    pixels[:, pixels.shape[1] // 2 :] = False
                outcomes.append(
                    RefinedMask(
                        mask.box,
                        pixels,
                        torch.tensor(0.9),
                        REFINED if refined else KEPT,
                        evidence=dict(belief=self.belief if refined else 0.9),
                    )
                )
            yield job, outcomes


@pytest.mark.parametrize(('belief', 'stays'), [(0.5, True), (0.49, False)])
def test_in_a_good_map_doubt_decides(belief, stays):
    """Three of four regions are kept; the fourth is changed if doubted."""
    labels = np.zeros((60, 80), np.int32)
    for number in range(1, 5):
        labels[20:40, 18 * number - 14 : 18 * number] = number
    image = torch.zeros(3, 60, 80, dtype=torch.uint8)
    refiner = LabelMapRefiner(Judged(belief), RefineSettings())
    [(refined, _)] = refiner.refine([(image, labels, None)])
    assert (refined[labels == 1] == 1).all() == stays
    assert (refined[labels > 1] == labels[labels > 1]).all()


def test_a_bad_region_of_a_good_map_is_refined(bundled, street):
    """One shape of a dozen is as blocky as a coarse map."""
    image, labels = street
    cell = slice(220, 330), slice(110, 220)
    coarse = labels.copy()
    coarse[cell] = blocky(labels, 12)[cell]
    assert (coarse != labels).any()
    users = dict(model_size=256, num_steps=6)
    refined = refine(bundled, image, coarse, settings=users)
    assert (refined != coarse).any()
    assert (refined == labels).mean() > (coarse == labels).mean()


def test_a_blocky_map_gets_better(bundled, street):
    image, labels = street
    coarse = blocky(labels, 12)
    refined = refine(bundled, image, coarse, settings=dict(model_size=128))

    def mean_iou(pred):
        known = labels != 255
        return np.mean(
            [
                ((pred == c) & (labels == c) & known).sum()
                / (((pred == c) | (labels == c)) & known).sum()
                for c in range(19)
            ]
        )

    assert mean_iou(refined) > mean_iou(coarse) + 0.01


def test_one_object_is_refined_as_a_mask_alone(tiny_model, scene):
    """Before a background, the map is what the mask becomes."""
    image, _, coarse = scene
    labels = coarse.astype(np.int32) * 7
    settings = tiny_model.settings(**FAST)
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    compact = compact_masks(torch.from_numpy(coarse)[None])
    [(_, [alone])] = tiny_model.refine(
        [RefineJob(pixels, compact, None)],
        settings,
    )
    refined = refine(tiny_model, image, labels)
    mask = np.zeros(coarse.shape, bool)
    mask[alone.box.slices()] = alone.pixels.numpy()
    inside = refined == 7
    # Only specks without a connection to the object may be missing.
    assert not (inside & ~mask).any()
    assert (inside ^ mask).sum() <= 0.02 * mask.sum()


def test_maps_of_a_stream_do_not_depend_on_each_other(tiny_model, scene):
    image, true, coarse = scene
    pixels = torch.from_numpy(image).permute(2, 0, 1)
    maps = [mask.astype(np.uint8) for mask in (true, coarse, coarse & False)]
    refiner = LabelMapRefiner(tiny_model, tiny_model.settings(**FAST))
    together = list(refiner.refine((pixels, m, i) for i, m in enumerate(maps)))
    assert [tag for _, tag in together] == [0, 1, 2]
    for (refined, _), labels in zip(together, maps, strict=True):
        alone = refine(tiny_model, image, labels)
        np.testing.assert_array_equal(refined, alone)


def test_large_regions_go_by_tiles(tiny_model, scene):
    image, _, coarse = scene
    labels = coarse.astype(np.uint8)
    tiled = refine(tiny_model, image, labels, tile_size=64, margin=16)
    assert (tiled != labels).any()
    assert np.isin(tiled, (0, 1)).all()


@pytest.mark.parametrize('ignore', [0, 1])
def test_pieces_of_large_regions_are_not_taken_for_labels(
    tiny_model, scene, ignore
):
    """They are cut out as 0 and 1, whatever numbers a user ignores."""
    image, _, coarse = scene
    labels = coarse.astype(np.uint8) * 5 + 3
    options = dict(tile_size=64, margin=16)
    free = refine(tiny_model, image, labels, ignore=(), **options)
    held = refine(tiny_model, image, labels, ignore=(ignore,), **options)
    assert (free != labels).any()
    np.testing.assert_array_equal(held, free)


def test_uniform_maps_come_back_at_once(tiny_model):
    """Memory does not grow with a stream of them."""
    taken = []

    def jobs():
        for index in range(500):
            taken.append(index)
            image = torch.zeros(3, 50, 60, dtype=torch.uint8)
            yield image, np.full((50, 60), index % 3, np.uint8), index

    refiner = LabelMapRefiner(tiny_model, tiny_model.settings(**FAST))
    for refined, tag in refiner.refine(jobs()):
        assert len(taken) == tag + 1
        assert (refined == tag % 3).all()
    assert len(taken) == 500


@pytest.mark.parametrize('ids', [(-1, 70_000), (-(2**31), 2**31 - 1)])
def test_labels_of_32_bits_stay_as_they_are(tiny_model, scene, ids):
    image, _, coarse = scene
    labels = np.where(coarse, *np.int32(ids))
    refined = refine(tiny_model, image, labels)
    assert refined.dtype == np.int32
    assert (refined != labels).any()
    assert set(np.unique(refined)) == set(ids)


def test_no_label_is_lost():
    """A region that its neighbour claims as a whole keeps its pixels."""
    labels = np.zeros((40, 40), np.int32)
    labels[10:20, 10:20], labels[20:30, 10:20] = 1, 2
    merge = LabelMerge(labels, ignore=())
    whole = Box(0, 0, 40, 40)
    for label, probability in ((1, 0.4), (2, 0.9)):
        [mask] = compact_masks(torch.from_numpy(labels == label)[None])
        box = Box(8, 8, 22, 32)
        pixels = torch.ones(24, 14, dtype=torch.bool)
        outcome = RefinedMask(
            box,
            pixels if probability > 0.5 else ~pixels,
            torch.ones(()),
            REFINED,
            probs=torch.full((8, 8), probability),
        )
        merge.add(Region(label, mask), outcome, whole, whole)
    after = merge.result()
    assert set(np.unique(after)) == {0, 1, 2}
    np.testing.assert_array_equal(after == 1, labels == 1)


@pytest.mark.parametrize('size', [(64, 64), (65, 64), (300, 1000), (1, 500)])
def test_tiles_cover_an_image_once(size):
    height, width = size
    count = np.zeros(size, int)
    for tile, core in tiles_of(Box(0, 0, width, height), 64, 16):
        assert tile.width <= 64
        assert tile.height <= 64
        assert tile.intersect(core) == core
        count[core.slices()] += 1
    assert (count == 1).all()


def test_mistakes_are_named(tiny_model, scene):
    image, _, coarse = scene
    with pytest.raises(InputError, match='tile_size'):
        LabelMapRefiner(
            tiny_model, tiny_model.settings(), tile_size=100, margin=50
        )
    with pytest.raises(InputError, match='160 x 200'):
        refine(tiny_model, image, coarse[:90].astype(np.uint8))
