"""What may not change stays bit for bit on every path."""

import numpy as np
import pytest
import torch

from segrefiner_mm.errors import InputError
from segrefiner_mm.windows import ERRORS, KEPT, REFINED, Box
from segrefiner_mm.windows.only_here import WRONG, changeable, only_in
from tests.test_windows.paths import (
    GUARDS,
    OBJECT,
    PLANS,
    blob,
    drive,
    masks_of,
    part,
)
from tests.test_windows.paths import Network as MadeUp


def parts_of(seed):
    """A box, a brush stroke, one pixel and nothing."""
    empty = torch.zeros(150, 190, dtype=torch.bool)
    box, pixel = empty.clone(), empty.clone()
    box[40:100, 30:120] = True
    pixel[75, 95] = True
    brush = blob(np.random.default_rng(100 + seed), (150, 190))
    return dict(box=box, brush=brush, pixel=pixel, empty=empty)


@pytest.mark.parametrize('guard', GUARDS)
@pytest.mark.parametrize('plan', PLANS)
def test_outside_nothing_changes(plan, guard):
    seed, changed = 0, 0
    for kind, mask in masks_of(seed).items():
        for name, may in parts_of(seed).items():
            given = PLANS[plan], GUARDS[guard], mask, seed, part(may)
            refined, _ = drive(*given, soft=True)
            size = tuple(mask.shape)
            result, values = refined.dense(size), refined.soft.dense(size)
            apart = ~may
            why = kind, name
            assert torch.equal(result[apart], mask[apart]), why
            assert torch.equal(values[apart], mask[apart].float()), why
            assert torch.equal(values >= 0.5, result), why
            is_same = torch.equal(result, mask)
            assert is_same == (refined.verdict != REFINED), why
            changed += not is_same
    if guard not in ('guard that keeps', 'guard that rolls back'):
        assert changed  # or the test could not fail


@pytest.mark.parametrize('plan', PLANS)
def test_everything_is_as_without_a_limit(plan):
    mask = masks_of(2)['blob']
    whole = part(torch.ones_like(mask))
    for guard in GUARDS.values():
        free, seen = drive(PLANS[plan], guard, mask, 2)
        held, also_seen = drive(PLANS[plan], guard, mask, 2, whole)
        size = tuple(mask.shape)
        assert torch.equal(held.dense(size), free.dense(size))
        assert held.verdict == free.verdict
        assert held.evidence == free.evidence
        assert seen.windows == also_seen.windows


@pytest.mark.parametrize('plan', ['polished', 'tiled'])
def test_tiles_outside_are_not_computed(plan):
    mask = torch.zeros(150, 190, dtype=torch.bool)
    mask[20:130, 20:170] = True
    may = torch.zeros_like(mask)
    may[10:30, 10:40] = True
    free, all_windows = drive(PLANS[plan], None, mask, 0)
    held, few = drive(PLANS[plan], None, mask, 0, part(may))
    assert (free.verdict, held.verdict) == (REFINED, REFINED)
    assert few.windows < all_windows.windows / 2


def test_windows_outside_are_not_computed():
    mask = torch.zeros(150, 190, dtype=torch.bool)
    mask[20:60, 20:60] = True
    may = torch.zeros_like(mask)
    may[100:140, 100:140] = True
    refined, network = drive(OBJECT, None, mask, 0, part(may))
    assert network.windows == 0
    assert refined.verdict == KEPT


def test_inside_it_is_as_without_a_limit():
    """One window sees the same, so the part is cut out of its result."""
    mask = masks_of(0)['blob']
    may = parts_of(0)['box']
    free, _ = drive(OBJECT, None, mask, 0)
    held, _ = drive(OBJECT, None, mask, 0, part(may))
    size = tuple(mask.shape)
    expected = torch.where(may, free.dense(size), mask)
    assert torch.equal(held.dense(size), expected)
    assert not torch.equal(expected, mask)


class Sees(MadeUp):
    """Draws the mask anew, and says that its left half is wrong."""

    def __call__(self, request):
        answer = super().__call__(request)
        answer.error = torch.zeros(16, 16)
        answer.error[:, :8] = 1
        return answer


@pytest.mark.parametrize('plan', PLANS)
def test_errors_are_where_the_network_says(plan, monkeypatch):
    monkeypatch.setattr('tests.test_windows.paths.Network', Sees)
    mask = torch.zeros(150, 190, dtype=torch.bool)
    mask[20:130, 20:170] = True
    refined, _ = drive(PLANS[plan], None, mask, 0, ERRORS, soft=True)
    changed = refined.dense((150, 190)) ^ mask
    # The window is the image or the box with 20 pixels, 0 to 190: 95.
    assert not changed[:, 96:].any()
    assert changed[:, :95].any()
    assert torch.equal(
        refined.soft.dense((150, 190)) >= 0.5, refined.dense((150, 190))
    )


def test_errors_need_an_error_map():
    with pytest.raises(InputError, match='segrefiner-lite'):
        changeable(ERRORS, Box(0, 0, 4, 4), (4, 4), None)


def test_the_limit_of_what_is_wrong():
    error = torch.tensor([[WRONG - 0.01, WRONG], [0.0, 1.0]])
    wrong = changeable(ERRORS, Box(3, 2, 5, 4), (9, 9), error)
    assert wrong.box == Box(4, 2, 5, 4)
    assert wrong.area == 2


def test_a_part_of_a_part():
    may = torch.zeros(20, 30, dtype=torch.bool)
    may[5:10, 8:20] = True
    inside = only_in(part(may), Box(10, 0, 30, 8))
    assert (inside.size, inside.box) == ((8, 20), Box(0, 5, 10, 8))
    assert only_in(ERRORS, Box(0, 0, 1, 1)) == ERRORS
    assert only_in(None, Box(0, 0, 1, 1)) is None
