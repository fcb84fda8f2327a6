"""The network is replaced by the mask that it is given: what is tested is
what is carried, not what the network knows.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch

from segrefiner_mm.evaluation.functional import boundary_flicker, mask_iou
from segrefiner_mm.models import RefineSettings
from segrefiner_mm.video import CARRIED, FIRST, REUSED, Steadying, VideoRefiner
from segrefiner_mm.windows import (
    KEPT,
    REFINED,
    DoNoHarmGuard,
    KeepingGuard,
    RefinedMask,
    SoftMap,
    compact_masks,
)
from tests.test_video.clips import coarse_of, drawn, moving


class AsGiven(VideoRefiner):
    """Returns every mask as it is, and lists the guard of each."""

    def __init__(self, steadying=None, verdict=REFINED):
        super().__init__(None, RefineSettings(), steadying)
        self.runs = []
        self.verdict = verdict

    def _run(self, image, masks, settings):
        self.runs += [settings.guard for _ in masks]
        return [
            RefinedMask(
                mask.box,
                mask.pixels,
                torch.tensor(0.9),
                self.verdict,
                soft=SoftMap(mask.box, mask.pixels.float()),
            )
            for mask in masks
        ]


def compact(mask):
    return compact_masks(torch.from_numpy(mask)[None])[0]


def refined(frames, coarse, steadying=None, verdict=REFINED):
    refiner = AsGiven(steadying, verdict)
    return [
        refiner.refine(frame.image, {'disc': compact(mask)})
        for frame, mask in zip(frames, coarse, strict=True)
    ]


def ways(results):
    return [part.objects['disc'].how for part in results]


def flicker(masks, step):
    flow = np.zeros((*masks[0].shape, 2), np.float32)
    flow[..., 0] = -step
    pairs = pairwise(masks)
    return np.mean([boundary_flicker(a, b, flow) for a, b in pairs])


@pytest.mark.parametrize(
    ('memory', 'left', 'gain'), [(0.7, 0.8, 0.03), (0.9, 0.7, 0.04)]
)
def test_edges_jump_less_and_lie_better(memory, left, gain):
    """Hard masks all vote alike, so less flicker goes than with soft ones."""
    frames = moving(30, 1.0)
    coarse = list(coarse_of(frames))
    results = refined(frames, coarse, Steadying(memory=memory))
    size = frames[0].mask.shape
    masks = [part.objects['disc'].dense(size) for part in results]
    assert ways(results) == [FIRST, *[CARRIED] * 29]
    assert flicker(masks, 1) < left * flicker(coarse, 1)

    def quality(found):
        pairs = zip(frames, found, strict=True)
        return np.mean([mask_iou(frame.mask, mask) for frame, mask in pairs])

    assert quality(masks) > quality(coarse) + gain


def test_without_weights_every_frame_is_by_itself():
    frames = moving(4)
    coarse = list(coarse_of(frames))
    results = refined(frames, coarse, Steadying().scaled(0))
    for part, mask in zip(results, coarse, strict=True):
        found = part.objects['disc'].dense(mask.shape)
        np.testing.assert_array_equal(found, mask)


def test_steady_masks_hardly_change():
    """All frames agree, up to a fraction of a pixel of motion."""
    frames = moving(4)
    coarse = [frame.mask for frame in frames]
    for part, mask in zip(refined(frames, coarse), coarse, strict=True):
        found = part.objects['disc'].dense(mask.shape)
        assert (found != mask).sum() <= 2


def test_one_wrong_frame_is_outvoted_by_those_before():
    """A part that is missing once stays; one that is gone for good goes."""
    still = drawn((60, 60))
    rng = np.random.default_rng(0)
    frames = [
        still._replace(image=still.image ^ rng.integers(0, 8, (1, 1, 3), 'u1'))
        for _ in range(12)
    ]
    whole = still.mask
    cut = whole & (np.arange(whole.shape[1]) < 76)  # 12 of 56 columns less
    coarse = [whole] * 5 + [cut] + [whole] + [cut] * 5
    # No frame is taken for the one before it.
    steadying = Steadying(reuse=0, jitter=255)
    masks = [
        part.objects['disc'].dense(whole.shape)
        for part in refined(frames, coarse, steadying)
    ]
    np.testing.assert_array_equal(masks[5], whole)
    np.testing.assert_array_equal(masks[11], cut)


def test_where_frames_vote_the_guard_only_keeps():
    guard = DoNoHarmGuard(keep_belief=0.7)
    refiner = AsGiven()
    refiner._settings = RefineSettings(guard=guard)
    frames = moving(3)
    for frame, mask in zip(frames, coarse_of(frames), strict=True):
        refiner.refine(frame.image, {'disc': compact(mask)})
    first, *others = refiner.runs
    assert first is guard
    for other in others:
        assert isinstance(other, KeepingGuard)
        assert vars(other) == vars(guard)


def test_masks_that_the_guard_keeps_come_back_as_they_are():
    frames = moving(6)
    coarse = list(coarse_of(frames))
    results = refined(frames, coarse, verdict=KEPT)
    for part, mask in zip(results, coarse, strict=True):
        found = part.objects['disc'].dense(mask.shape)
        np.testing.assert_array_equal(found, mask)


def test_a_cut_ends_the_carrying():
    frames = [*moving(3), *moving(3, seed=9)]
    frames[3:] = [
        frame._replace(image=255 - frame.image) for frame in frames[3:]
    ]
    results = refined(frames, list(coarse_of(frames)))
    assert [part.is_cut for part in results] == [True, *[False] * 2] * 2
    assert ways(results) == [FIRST, CARRIED, CARRIED] * 2


def test_an_object_that_leaves_and_returns():
    """It is nowhere while it is away, and starts anew when it is back."""
    frames = moving(6)
    away = drawn((-200, 60))
    frames[2:4] = [away, away]
    coarse = list(coarse_of(frames))
    results = refined(frames, coarse)
    size = away.mask.shape
    masks = [part.objects['disc'].dense(size) for part in results]
    assert not masks[2].any()
    assert not masks[3].any()
    np.testing.assert_array_equal(masks[4], coarse[4])
    assert ways(results)[4:] == [FIRST, CARRIED]


def test_what_does_not_change_is_not_refined_again():
    frame = drawn((60, 60))
    mask = compact(frame.mask)
    refiner = AsGiven()
    first = refiner.refine(frame.image, {1: mask})
    assert len(refiner.runs) == 1
    noise = np.random.default_rng(0).integers(-2, 3, frame.image.shape)
    noisy = (frame.image + noise).clip(0, 255).astype(np.uint8)
    again = refiner.refine(noisy, {1: mask})
    assert len(refiner.runs) == 1
    assert again.objects[1].how == REUSED
    assert first.objects[1].how == FIRST
    np.testing.assert_array_equal(
        again.objects[1].dense(frame.mask.shape),
        first.objects[1].dense(frame.mask.shape),
    )


def test_objects_do_not_depend_on_each_other():
    frames = moving(3)
    coarse = list(coarse_of(frames))
    other = np.zeros_like(coarse[0])
    other[90:115, 5:60] = True
    alone = refined(frames, coarse)
    refiner = AsGiven()
    for frame, mask, single in zip(frames, coarse, alone, strict=True):
        masks = {'box': compact(other), 'disc': compact(mask)}
        both = refiner.refine(frame.image, masks)
        assert list(both.objects) == ['box', 'disc']
        np.testing.assert_array_equal(
            both.objects['disc'].dense(mask.shape),
            single.objects['disc'].dense(mask.shape),
        )


@pytest.mark.parametrize(
    'setting', [dict(memory=1.5), dict(cut=-0.1), dict(reuse=-1)]
)
def test_settings_out_of_range_are_refused(setting):
    [name] = setting
    with pytest.raises(ValueError, match=f'{name} must be 0 to'):
        Steadying(**setting)
