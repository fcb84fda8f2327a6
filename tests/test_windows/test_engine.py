"""The engine with plans that check what they are sent."""

import itertools

import pytest
import torch

from segrefiner_mm.windows import WindowAnswer, WindowEngine, WindowRequest

VALUES = itertools.count()


def plan(name, rounds, log):
    """Asks for windows in rounds and checks that the answers are theirs."""
    log.append(name)
    for timesteps, count in rounds:
        values = [float(next(VALUES)) for _ in range(count)]
        answers = yield [
            WindowRequest(torch.tensor(v), torch.tensor(v), timesteps)
            for v in values
        ]
        assert [a.probs.item() for a in answers] == values
    return name


def echo(batches):
    def sample(requests):
        assert len({request.timesteps for request in requests}) == 1
        batches.append(len(requests))
        return [WindowAnswer(r.image, r.image) for r in requests]

    return sample


ONE = [((5, 0), 1)]
TWO_STAGES = [((5,), 1), ((0,), 3)]


@pytest.mark.parametrize('batch_size', [1, 2, 7, 32])
def test_every_plan_gets_its_own_answers(batch_size):
    batches, log = [], []
    plans = [
        (i, plan(i, TWO_STAGES if i % 3 else ONE, log)) for i in range(20)
    ]
    finished = dict(WindowEngine(echo(batches), batch_size).run(plans))
    assert finished == {i: i for i in range(20)}
    assert max(batches) <= batch_size


def test_batches_are_full_across_plans():
    batches = []
    plans = [(i, plan(i, ONE, [])) for i in range(10)]
    list(WindowEngine(echo(batches), 4).run(plans))
    assert batches == [4, 4, 2]


def alone_then_together(name):
    value = torch.tensor(float(name))
    [answer] = yield [WindowRequest(value, value, (5,), 0, alone=True)]
    assert answer.probs == value
    yield [WindowRequest(value, value, (0,)) for _ in range(3)]
    return name


def test_a_window_that_must_be_alone_is():
    """Steps are the same as of windows that share batches."""
    batches = []

    def sample(requests):
        batches.append([(r.timesteps, r.alone) for r in requests])
        return [WindowAnswer(r.image, r.image) for r in requests]

    plans = [(i, alone_then_together(i)) for i in range(5)]
    plans += [(i, plan(i, [((5,), 2)], [])) for i in range(5, 9)]
    finished = dict(WindowEngine(sample, 4).run(plans))
    assert finished == {i: i for i in range(9)}
    alone = [batch for batch in batches if batch[0][1]]
    assert alone == [[((5,), True)]] * 5
    shared = [batch for batch in batches if not batch[0][1]]
    assert not any(alone for batch in shared for _, alone in batch)
    assert sum(map(len, shared)) == 3 * 5 + 2 * 4
    assert max(map(len, shared)) == 4


def test_plans_are_opened_as_late_as_possible():
    log = []
    plans = ((i, plan(i, ONE, log)) for i in range(10))
    results = WindowEngine(echo([]), 2).run(plans)
    next(results)
    assert log == [0, 1]


def test_without_room_a_batch_runs_part_filled():
    batches = []
    plans = [(i, plan(i, ONE, [])) for i in range(3)]
    engine = WindowEngine(echo(batches), 8, has_room=lambda: False)
    assert len(list(engine.run(plans))) == 3
    assert batches == [1, 1, 1]


def test_a_plan_that_asks_nothing_ends_at_once():
    batches = []
    plans = [('a', plan('a', [], []))]
    assert list(WindowEngine(echo(batches), 8).run(plans)) == [('a', 'a')]
    assert not batches


def test_batch_size_is_checked():
    with pytest.raises(ValueError, match='batch_size'):
        WindowEngine(echo([]), 0)
