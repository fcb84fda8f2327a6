"""The engine with plans that check what they are sent."""

import itertools

import pytest
import torch

from segrefiner_mm.windows import (
    RefineJob,
    WindowAnswer,
    WindowEngine,
    WindowRequest,
    engine,
)

VALUES = itertools.count()
# What a mask asks for in these tests: timesteps and a number, per round.
ONE = [((5, 0), 1)]
TWO_STAGES = [((5,), 1), ((0,), 3)]


def plan(image, rounds):
    """Ask for windows in rounds and check that the answers are theirs."""
    for timesteps, count in rounds:
        values = [float(next(VALUES)) for _ in range(count)]
        answers = yield [
            WindowRequest(torch.tensor(v), torch.tensor(v), timesteps)
            for v in values
        ]
        assert [a.probs.item() for a in answers] == values
    return rounds


def echo(batches):
    def sample(requests):
        assert len({request.timesteps for request in requests}) == 1
        batches.append(len(requests))
        return [WindowAnswer(r.image, r.image) for r in requests]

    return sample


def job(tag, *masks, side=8):
    return RefineJob(torch.zeros(3, side, side), masks, tag)


def run(jobs, batch_size, batches=None, **options):
    batches = [] if batches is None else batches
    sample = echo(batches)
    return WindowEngine(plan, sample, batch_size, **options).run(jobs)


@pytest.mark.parametrize('batch_size', [1, 2, 7, 32])
def test_every_mask_gets_its_own_answers(batch_size):
    jobs = [
        job(i, *[TWO_STAGES if (i + n) % 3 else ONE for n in range(i % 4)])
        for i in range(20)
    ]
    batches = []
    results = list(run(jobs, batch_size, batches))
    assert [job for job, _ in results] == jobs  # in order
    assert all(outcomes == list(job.masks) for job, outcomes in results)
    assert max(batches) <= batch_size


def test_batches_are_full_across_masks_and_images():
    batches = []
    list(run([job(i, ONE, ONE) for i in range(5)], 4, batches))
    assert batches == [4, 4, 2]


def alone_then_together(image, mask):
    value = torch.tensor(float(mask))
    [answer] = yield [WindowRequest(value, value, (5,), 0, alone=True)]
    assert answer.probs == value
    yield [WindowRequest(value, value, (0,)) for _ in range(3)]
    return mask


def test_a_window_that_must_be_alone_is():
    """Steps are the same as of windows that share batches."""
    batches = []

    def sample(requests):
        batches.append([(r.timesteps, r.alone) for r in requests])
        return [WindowAnswer(r.image, r.image) for r in requests]

    def either(image, mask):
        if isinstance(mask, int):
            return alone_then_together(image, mask)
        return plan(image, mask)

    jobs = [job(i, i) for i in range(5)]
    jobs += [job(i, [((5,), 2)]) for i in range(5, 9)]
    assert len(list(WindowEngine(either, sample, 4).run(jobs))) == 9
    alone = [batch for batch in batches if batch[0][1]]
    assert alone == [[((5,), True)]] * 5
    shared = [batch for batch in batches if not batch[0][1]]
    assert not any(alone for batch in shared for _, alone in batch)
    assert sum(map(len, shared)) == 3 * 5 + 2 * 4
    assert max(map(len, shared)) == 4


def test_jobs_are_pulled_as_late_as_possible():
    pulled = []

    def jobs():
        for i in range(10):
            pulled.append(i)
            yield job(i, ONE)

    next(run(jobs(), 2))
    assert pulled == [0, 1]


def most_held(masks_of_jobs, batch_size, side=8):
    """The most images that were taken and not given back yet."""
    taken = given = most = 0

    def jobs():
        nonlocal taken, most
        for masks in masks_of_jobs:
            taken += 1
            most = max(most, taken - given)
            yield job(taken, *masks, side=side)

    for finished, _ in run(jobs(), batch_size):
        given += 1
        assert finished.tag == given  # in order
    assert given == taken == len(masks_of_jobs)
    return most


def test_images_without_masks_come_back_at_once():
    assert most_held([[]] * 1000, 32) == 1


def test_nothing_piles_up_behind_an_image_in_work(monkeypatch):
    """The first mask waits for a full batch, others for their turn."""
    monkeypatch.setattr(engine, 'PIXELS_IN_WORK', 10 * 8 * 8)
    assert most_held([[ONE], *[[]] * 200], 32) == 10


def test_small_images_are_counted_too():
    most = most_held([[ONE], *[[]] * 1000], 32, side=1)
    assert most == engine.JOBS_IN_WORK


def test_without_room_a_batch_runs_part_filled(monkeypatch):
    """All masks of an open image still share its memory."""
    monkeypatch.setattr(engine, 'PIXELS_IN_WORK', 1)
    batches = []
    jobs = [job(0, ONE, ONE), job(1, ONE), job(2, ONE, ONE, ONE)]
    assert len(list(run(jobs, 8, batches))) == 3
    assert batches == [2, 1, 3]


def test_large_masks_wait_for_memory(monkeypatch):
    """There is room for two masks of the size of the image."""
    monkeypatch.setattr(engine, 'PIXELS_IN_WORK', 2 * 8 * 8)
    batches = []
    jobs = [job(0, *[ONE] * 5)]
    assert len(list(run(jobs, 8, batches, large_masks=True))) == 1
    assert batches == [2, 2, 1]


def test_a_plan_that_asks_nothing_ends_at_once():
    batches = []
    [(finished, outcomes)] = run([job('a', [])], 8, batches)
    assert (finished.tag, outcomes, batches) == ('a', [[]], [])


def test_batch_size_is_checked():
    with pytest.raises(ValueError, match='batch_size'):
        run([], 0)


class Device:
    """Answers later, in the order of the batches; notes what waits."""

    def __init__(self):
        self.batches = []
        self.waiting = 0
        self.most = 0

    def submit(self, requests):
        self.batches.append(len(requests))
        self.waiting += 1
        self.most = max(self.most, self.waiting)

        def collect():
            self.waiting -= 1
            return [WindowAnswer(r.image, r.image) for r in requests]

        return collect


@pytest.mark.parametrize('batch_size', [1, 2, 7, 32])
def test_answers_that_come_later_are_those_that_come_at_once(batch_size):
    jobs = [
        job(i, *[TWO_STAGES if (i + n) % 3 else ONE for n in range(i % 4)])
        for i in range(40)
    ]
    device = Device()
    results = list(run(jobs, batch_size, submit=device.submit))
    assert [job for job, _ in results] == jobs  # in order
    assert all(outcomes == list(job.masks) for job, outcomes in results)
    assert device.waiting == 0
    assert max(device.batches) <= batch_size


def test_a_device_has_its_next_batches_before_it_has_answered():
    device = Device()
    jobs = [job(i, ONE, ONE) for i in range(20)]
    assert len(list(run(jobs, 4, submit=device.submit))) == 20
    assert device.batches == [4] * 10
    assert device.most == engine.IN_FLIGHT + 1


def test_windows_on_their_way_count_as_memory_in_use(monkeypatch):
    monkeypatch.setattr(engine, 'PIXELS_IN_WORK', 6 * 8 * 8)
    device, pulled = Device(), []

    def jobs():
        for i in range(50):
            pulled.append(i)
            yield job(i, ONE)

    given = 0
    for _ in run(jobs(), 2, submit=device.submit):
        given += 1
        assert len(pulled) - given <= 6
    assert given == 50
