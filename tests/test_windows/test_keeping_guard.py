"""Networks made up so that belief and overlap are known by hand."""

import torch

from segrefiner_mm.windows import (
    KEPT,
    REFINED,
    ROLLED_BACK,
    KeepingGuard,
    WindowAnswer,
)
from tests.test_windows.test_do_no_harm_guard import (
    STEPS,
    guard_of,
    run,
    square,
    sure_of,
)


def test_it_keeps_what_the_other_guard_keeps():
    guard = guard_of(0.75)
    for shift, verdict in ((0, KEPT), (9, REFINED)):
        network = sure_of(shift, shift)
        for judge in (guard, KeepingGuard(guard)):
            refined, _ = run(judge, network)
            assert refined.verdict == verdict
    assert refined.evidence.keys() == {'belief', 'edge_gain', 'edge_contrast'}


def test_all_steps_are_run_at_once():
    _, asked = run(KeepingGuard(guard_of(0.75)), sure_of(9, 9))
    assert asked == [STEPS]


def test_nothing_is_rolled_back():
    network = sure_of(35, 35)  # overlaps by 5 of 40 columns
    assert run(guard_of(0.75), network)[0].verdict == ROLLED_BACK
    refined, _ = run(KeepingGuard(guard_of(0.75)), network)
    assert refined.verdict == REFINED


def test_a_speck_beside_the_object_stays():
    def network(request):
        probs = request.coarse.roll(9, dims=1).float()
        probs[:4, :4] = 1.0
        return WindowAnswer(probs, probs if request.until >= 0 else None)

    def speck(judge):
        refined, _ = run(judge, network)
        assert refined.verdict == REFINED
        y, x = refined.box.y1, refined.box.x1
        whole = torch.zeros_like(square())
        whole[refined.box.slices()] = refined.pixels
        return bool(whole[y : y + 4, x : x + 4].any())

    assert not speck(guard_of(0.75))
    assert speck(KeepingGuard(guard_of(0.75)))
