"""Networks made up so that belief and overlap are known by hand."""

import pytest
import torch

from segrefiner_mm.registry import TASK_UTILS, build_child
from segrefiner_mm.windows import (
    KEPT,
    REFINED,
    ROLLED_BACK,
    DoNoHarmGuard,
    ObjectWindows,
    RefineTask,
    TiledWindows,
    WindowAnswer,
    compact_masks,
)

STEPS = (5, 4, 3, 2, 1, 0)


def square(shift=0, size=100):
    mask = torch.zeros(size, size, dtype=torch.bool)
    mask[30:70, 30 + shift : 70 + shift] = True
    return mask


def guard_of(*limits, **more):
    """One that does not ask whether the image shows anything at all."""
    return DoNoHarmGuard(*limits, **{'min_contrast': 0.0} | more)


def run(guard, network, plan=None, steps=STEPS, seen=None):
    """Drive the guard; the outcome, and the steps of every request.

    The image shows the mask ``seen``, or nothing.
    """
    [mask] = compact_masks(square()[None])
    image = torch.zeros(3, 100, 100)
    if seen is not None:
        image[:, seen] = 200
    task = RefineTask(image, mask, steps, 64)
    driven = guard.refine(plan or ObjectWindows(), task)
    asked = []
    try:
        requests = next(driven)
        while True:
            asked += [request.timesteps for request in requests]
            answers = [network(request) for request in requests]
            requests = driven.send(answers)
    except StopIteration as finished:
        return finished.value, asked


def sure_of(shift_bold, shift_cautious, certainty=1.0):
    """A network that sees the square elsewhere, in windows of 80 pixels."""

    def network(request):
        is_bold = len(request.timesteps) == 1
        shift = shift_bold if is_bold else shift_cautious
        moved = request.coarse.roll(shift, dims=1)
        probs = 0.5 + (moved.float() - 0.5) * certainty
        return WindowAnswer(probs, probs if request.until >= 0 else None)

    return network


def test_a_mask_that_the_network_believes_in_costs_one_step():
    refined, asked = run(guard_of(), sure_of(0, 9))
    assert asked == [(5,)]
    assert refined.verdict == KEPT
    assert torch.equal(refined.pixels, torch.ones(40, 40, dtype=torch.bool))
    assert refined.evidence == {
        'belief': 1.0,
        'edge_gain': 0.0,
        'edge_contrast': 0.0,
    }
    assert refined.confidence == 1.0


def test_belief_is_a_mean_probability_of_the_labels():
    refined, _ = run(guard_of(keep_belief=0.0), sure_of(0, 0, 0.5))
    assert refined.evidence['belief'] == pytest.approx(0.75)


def test_doubt_is_refined_by_all_steps():
    guard = guard_of(keep_belief=1.0, bold_belief=0.0)
    refined, asked = run(guard, sure_of(2, 4))
    assert asked == [(5,), STEPS]
    assert refined.verdict == REFINED
    # 4 of 64 pixels are 5 of 80, so 35 of 40 columns are shared.
    assert refined.evidence['overlap'] == pytest.approx(35 / 45, abs=0.02)
    assert refined.evidence['agreement'] > 0.85


def test_disbelief_takes_the_bold_result():
    guard = guard_of(keep_belief=1.0, bold_belief=1.0)
    refined, asked = run(guard, sure_of(4, 0))
    assert asked == [(5,)]
    assert refined.evidence['overlap'] == pytest.approx(35 / 45, abs=0.02)


def test_candidates_that_disagree_are_rolled_back():
    guard = guard_of(1.0, bold_belief=0.0, min_agreement=0.8)
    refined, _ = run(guard, sure_of(-4, 4))
    assert refined.verdict == ROLLED_BACK
    assert torch.equal(refined.pixels, torch.ones(40, 40, dtype=torch.bool))
    assert refined.evidence['agreement'] < 0.8


def test_another_object_is_rolled_back():
    guard = guard_of(keep_belief=1.0, min_overlap=0.7)
    refined, _ = run(guard, sure_of(9, 9))
    assert refined.verdict == ROLLED_BACK


def test_one_step_is_asked_for_once():
    guard = guard_of(keep_belief=1.0)
    refined, asked = run(guard, sure_of(4, 4), steps=(5,))
    assert asked == [(5,)]
    assert set(refined.evidence) == {
        'belief',
        'edge_gain',
        'edge_contrast',
        'overlap',
        'islands',
    }


@pytest.mark.parametrize(
    ('plan', 'moved'),
    [(ObjectWindows(), 8), (ObjectWindows(pad=8), 5), (TiledWindows(), 6)],
)
def test_the_image_has_a_say(plan, moved):
    """Windows of 80, 56 and 64 pixels, where 64 are seen and 6 moved.

    The network is half sure of an edge some pixels away, so that of the left
    and right edge it disbelieves one side (0.25) and believes the other
    (0.75).
    """
    guard = guard_of(keep_belief=0.6, bold_belief=1.0)
    network = sure_of(6, 6, 0.5)
    right, _ = run(guard, network, plan, seen=square())
    assert right.verdict == KEPT
    assert right.evidence['belief'] == pytest.approx(0.5, abs=0.02)
    assert right.evidence['edge_gain'] < -0.5
    wrong, _ = run(guard, network, plan, seen=square(moved))
    assert wrong.verdict == REFINED
    assert wrong.evidence['edge_gain'] > 0.2
    # What the belief alone would say, is overruled both times.
    for limit, seen, verdict in (
        (0.6, square(), REFINED),
        (0.4, square(moved), KEPT),
    ):
        deaf = guard_of(limit, gain_weight=0.0, bold_belief=1.0)
        assert run(deaf, network, plan, seen=seen)[0].verdict == verdict
    guard = guard_of(keep_belief=0.4, bold_belief=1.0)
    wrong, _ = run(guard, network, plan, seen=square(moved))
    assert wrong.verdict == REFINED


def test_tiles_along_the_edge_are_probed_at_full_resolution():
    """The image has 100 pixels and a tile 64, so a few of them cover it."""
    plan = TiledWindows()
    refined, asked = run(guard_of(), sure_of(0, 0), plan)
    assert refined.verdict == KEPT
    assert set(asked) == {(5,)}
    assert 2 <= len(asked) <= 8
    refined, asked = run(
        guard_of(keep_belief=1.0, bold_belief=1.0), sure_of(4, 4), plan
    )
    assert STEPS[:-1] in asked
    assert asked[-1] == (0,)
    assert refined.verdict == REFINED


def test_only_what_is_taken_is_polished():
    """The window of 80 pixels is larger than the 64 that are seen."""
    plan = ObjectWindows(polish=True)
    _, asked = run(guard_of(), sure_of(0, 0), plan)
    assert asked == [(5,)]
    guard = guard_of(1.0, bold_belief=0.0, min_agreement=0.8)
    _, asked = run(guard, sure_of(-4, 4), plan)
    assert asked == [(5,), STEPS]
    guard = guard_of(1.0, bold_belief=1.0, min_overlap=0.99)
    refined, asked = run(guard, sure_of(4, 0), plan)
    assert (refined.verdict, asked) == (ROLLED_BACK, [(5,)])
    guard = guard_of(keep_belief=1.0, bold_belief=1.0)
    refined, asked = run(guard, sure_of(4, 0), plan)
    assert refined.verdict == REFINED
    assert set(asked) == {(5,)}
    assert len(asked) >= 3


def test_what_the_plan_keeps_is_kept():
    plan = ObjectWindows(min_area=10**4)
    refined, asked = run(guard_of(), None, plan)
    assert (refined.verdict, refined.evidence, asked) == (KEPT, {}, [])


@pytest.mark.parametrize(
    'plan', [ObjectWindows(), ObjectWindows(polish=True), TiledWindows()]
)
def test_no_evidence_no_change(plan):
    """However sure the network is of another edge."""
    guard = DoNoHarmGuard(keep_belief=1.0, gain_weight=0.0, bold_belief=1.0)
    refined, asked = run(guard, sure_of(5, 5), plan)
    assert refined.verdict == KEPT
    assert set(asked) == {(5,)}
    assert refined.evidence['edge_contrast'] == 0.0
    assert torch.equal(refined.pixels, torch.ones(40, 40, dtype=torch.bool))
    # What is seen may be the old edge or another.
    for shown in (square(), square(6)):
        refined, _ = run(guard, sure_of(5, 5), plan, seen=shown)
        assert refined.verdict == REFINED
        assert refined.evidence['edge_contrast'] > 1


def test_it_is_registered_and_checked():
    cfg = dict(type='DoNoHarmGuard', keep_belief=0.9)
    assert build_child(TASK_UTILS, cfg).keep_belief == 0.9
    for name in ('keep_belief', 'min_agreement', 'min_overlap'):
        with pytest.raises(ValueError, match=f'{name} must be 0 to 1'):
            DoNoHarmGuard(**{name: None})
    assert DoNoHarmGuard(bold_belief=None).bold_belief is None
    with pytest.raises(ValueError, match='keep_belief must be 0 to 1'):
        DoNoHarmGuard(keep_belief=1.2)
    with pytest.raises(ValueError, match='gain_weight must be >= 0'):
        DoNoHarmGuard(gain_weight=-1.0)
    with pytest.raises(ValueError, match='gain_weight must be >= 0'):
        DoNoHarmGuard(gain_weight=float('inf'))
    with pytest.raises(ValueError, match='min_contrast must be >= 0'):
        DoNoHarmGuard(min_contrast=float('nan'))


def test_without_a_bold_step_all_steps_are_taken_at_once():
    guard = DoNoHarmGuard(keep_belief=1.0, gain_weight=0, bold_belief=None)
    refined, asked = run(guard, sure_of(9, 4), seen=square())
    assert asked == [STEPS]
    assert refined.verdict == REFINED
    assert 'agreement' not in refined.evidence
    assert refined.evidence['overlap'] == pytest.approx(35 / 45, abs=0.02)


def test_what_was_not_changed_is_said_to_be_kept():
    """The network is in doubt of its edge, yet sees no error in it."""

    def network(request):
        answer = sure_of(4, 4, 0.4)(request)
        answer.error = torch.zeros(16, 16)
        return answer

    guard = DoNoHarmGuard(keep_belief=1.0, gain_weight=0, bold_belief=None)
    refined, asked = run(
        guard, network, ObjectWindows(min_error=0.3), seen=square()
    )
    assert asked == [STEPS]
    assert refined.verdict == KEPT
    assert refined.evidence['overlap'] == 1.0


def test_decisions_follow_from_the_numbers_alone():
    guard = DoNoHarmGuard(keep_belief=0.5, gain_weight=0.5)
    shown = dict(edge_gain=0.2, edge_contrast=2.0)
    assert guard.decide(shown | dict(belief=0.6)) == KEPT
    assert guard.decide(shown | dict(belief=0.59)) == REFINED
    # No evidence, no change.
    unseen = dict(belief=0.0, edge_gain=0.2, edge_contrast=0.9)
    assert guard.decide(unseen) == KEPT
    doubted = shown | dict(belief=0.0)
    assert guard.decide(doubted | dict(overlap=0.3)) == REFINED
    assert guard.decide(doubted | dict(overlap=0.29)) == ROLLED_BACK
    agreed = doubted | dict(overlap=0.8)
    assert guard.decide(agreed | dict(agreement=0.5)) == REFINED
    assert guard.decide(agreed | dict(agreement=0.49)) == ROLLED_BACK


def test_a_whole_image_has_a_bold_step_whatever_the_guard():
    """Tiles along the coarse edge give the numbers to decide by."""
    guard = guard_of(keep_belief=1.0, gain_weight=0.0, bold_belief=None)
    refined, asked = run(guard, sure_of(4, 4), TiledWindows())
    assert asked[0] == (5,)
    assert len(asked) > 1
    assert refined.verdict in (REFINED, ROLLED_BACK)
    assert {'belief', 'agreement', 'overlap'} <= set(refined.evidence)
