"""The expected values are closed forms of the paper's Eq. 1 to 5, Bayes' rule
worked out by hand, and ``scheduler.npz`` of the official code.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from segrefiner_mm.models import DiscreteTransitionScheduler
from tests.helpers import GOLDEN

schedulers = st.builds(
    lambda steps, start, part: DiscreteTransitionScheduler(
        steps, start, start * part
    ),
    st.integers(1, 12),
    st.floats(0.1, 0.99),
    st.floats(0.0, 0.9),
)


@pytest.fixture(scope='module')
def golden():
    with np.load(GOLDEN / 'scheduler.npz') as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


def test_published_schedule(golden):
    scheduler = DiscreteTransitionScheduler()
    expected = torch.tensor([0.8, 0.64, 0.48, 0.32, 0.16, 0.0]).double()
    torch.testing.assert_close(
        scheduler.fine_cumprod, expected, rtol=0, atol=1e-7
    )
    torch.testing.assert_close(scheduler.fine_cumprod, golden['betas_cumprod'])


def test_first_and_last_matrix_by_hand():
    matrices = DiscreteTransitionScheduler().transition_matrices
    first = torch.tensor([[0.8, 0.2], [0.0, 1.0]]).double()
    last = torch.tensor([[0.0, 1.0], [0.0, 1.0]]).double()
    torch.testing.assert_close(matrices[0], first, rtol=0, atol=1e-7)
    torch.testing.assert_close(matrices[5], last)


@settings(max_examples=50, deadline=None)
@given(schedulers)
def test_matrices_are_a_markov_chain(scheduler):
    one_step = scheduler.transition_matrices
    cumulative = scheduler.cumulative_matrices
    assert one_step.dtype == cumulative.dtype == torch.float64
    assert one_step.shape == (scheduler.num_timesteps, 2, 2)
    torch.testing.assert_close(
        one_step.sum(-1), torch.ones_like(one_step[..., 0])
    )
    assert one_step.min() >= 0
    product = torch.eye(2, dtype=torch.float64)
    for step, expected in zip(one_step, cumulative, strict=True):
        product = product @ step
        torch.testing.assert_close(product, expected)


@settings(max_examples=50, deadline=None)
@given(schedulers, st.data())
def test_jump_is_the_product_of_its_steps(scheduler, data):
    last = scheduler.num_timesteps - 1
    start = data.draw(st.integers(-1, last - 1))
    end = data.draw(st.integers(start + 1, last))
    product = torch.eye(2, dtype=torch.float64)
    for step in range(start + 1, end + 1):
        product = product @ scheduler.transition_matrices[step]
    torch.testing.assert_close(scheduler.jump_matrix(start, end), product)


@settings(max_examples=50, deadline=None)
@given(schedulers, st.data())
def test_step_is_bayes_rule(scheduler, data):
    """P(fine at s | coarse at t), from the matrices and the confidence."""
    count = data.draw(st.integers(1, scheduler.num_timesteps))
    scheduler.set_timesteps(count)
    index = data.draw(st.integers(0, count - 1))
    logit = data.draw(st.floats(-8, 8))
    present = scheduler.timesteps[index]
    target = scheduler.timesteps[index + 1] if index + 1 < count else -1

    certain = 2 * abs(torch.sigmoid(torch.tensor(logit)).item() - 0.5)
    to_target = torch.eye(2).double()
    if target >= 0:
        to_target = scheduler.cumulative_matrices[target]
    jump = scheduler.jump_matrix(target, present)
    # At time zero a pixel is fine with probability c, else coarse.
    start = torch.tensor([certain, 1 - certain]).double()
    at_target = start @ to_target
    expected = at_target[0] * jump[0, 1] / (at_target @ jump[:, 1])

    output = scheduler.step(
        torch.full((1, 1, 1, 1), logit),
        present,
        torch.zeros(1, 1, 1, 1),
        torch.zeros(1, 1, 1, 1),
    )
    assert output.fine_probs.item() == pytest.approx(expected.item(), abs=2e-6)


def test_forward_samples_equal_the_official_code(golden):
    sample = DiscreteTransitionScheduler().add_noise(
        golden['q_fine'],
        golden['q_coarse'],
        golden['q_t'],
        noise=golden['q_noise'],
    )
    torch.testing.assert_close(sample, golden['q_sample'], rtol=0, atol=0)


@pytest.mark.parametrize('timestep', range(6))
def test_reverse_steps_equal_the_official_code(golden, timestep):
    output = DiscreteTransitionScheduler().step(
        golden['p_logits'],
        timestep,
        torch.zeros_like(golden['p_logits']),
        golden['p_fine_probs_in'],
    )
    torch.testing.assert_close(
        output.fine_probs,
        golden[f'p_fine_probs_out_t{timestep}'],
        rtol=1e-5,
        atol=1e-6,
    )


def test_forward_frequency_follows_the_schedule():
    """200,000 pixels at every timestep: the deviation is under 0.005."""
    scheduler = DiscreteTransitionScheduler()
    fine = torch.ones(6, 1, 400, 500)
    sample = scheduler.add_noise(
        fine,
        torch.zeros_like(fine),
        torch.arange(6),
        generator=torch.Generator().manual_seed(3),
    )
    frequency = sample.mean(dim=(1, 2, 3)).double()
    torch.testing.assert_close(
        frequency, scheduler.fine_cumprod, rtol=0, atol=0.005
    )


def test_full_loop_with_a_certain_denoiser():
    """A denoiser that is always sure turns every pixel fine at the end, with
    f equal to the schedule on the way.
    """
    scheduler = DiscreteTransitionScheduler()
    coarse, truth = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    fine_probs, mask = torch.zeros_like(coarse), coarse
    for timestep in scheduler.timesteps:
        output = scheduler.step(
            torch.full_like(coarse, 40.0), timestep, coarse, fine_probs
        )
        mask, fine_probs = output.sample, output.fine_probs
        reached = 1.0 if timestep == 0 else 0.8 - 0.16 * (timestep - 1)
        assert fine_probs.mean().item() == pytest.approx(reached, abs=1e-6)
    torch.testing.assert_close(mask, truth)


@pytest.mark.parametrize(
    ('steps', 'expected'),
    [(1, [5]), (2, [5, 0]), (6, [5, 4, 3, 2, 1, 0])],
)
def test_timesteps(steps, expected):
    scheduler = DiscreteTransitionScheduler()
    scheduler.set_timesteps(steps)
    assert scheduler.timesteps == expected


@pytest.mark.parametrize('total', [1, 2, 6, 50])
def test_any_number_of_timesteps_is_distinct_and_descending(total):
    scheduler = DiscreteTransitionScheduler(total)
    for count in range(1, total + 1):
        scheduler.set_timesteps(count)
        steps = scheduler.timesteps
        assert len(steps) == count
        assert steps[0] == total - 1
        assert all(a > b for a, b in itertools.pairwise(steps))
        assert count == 1 or steps[-1] == 0


def test_an_explicit_next_timestep_needs_no_schedule():
    scheduler, logits = DiscreteTransitionScheduler(), torch.randn(1, 1, 4, 4)
    zeros = torch.zeros_like(logits)
    scheduler.set_timesteps(2)
    scheduled = scheduler.step(logits, 5, zeros, zeros)
    scheduler.set_timesteps(6)
    explicit = scheduler.step(logits, 5, zeros, zeros, next_timestep=0)
    torch.testing.assert_close(scheduled.fine_probs, explicit.fine_probs)


def test_noise_comes_from_the_argument_or_the_generator_alone():
    scheduler = DiscreteTransitionScheduler()
    fine, coarse = torch.ones(2, 1, 32, 32), torch.zeros(2, 1, 32, 32)

    def drawn(seed):
        generator = torch.Generator().manual_seed(seed)
        return scheduler.add_noise(fine, coarse, 3, generator=generator)

    state = torch.get_rng_state()
    torch.testing.assert_close(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    # Without noise u is 0.5: coarse at step 3 (0.32), fine at step 1 (0.64).
    assert scheduler.add_noise(fine, coarse, 3).sum() == 0
    assert scheduler.add_noise(fine, coarse, 1).min() == 1
    torch.testing.assert_close(torch.get_rng_state(), state)


def test_a_certain_guess_where_nothing_is_coarse_stays_finite():
    scheduler = DiscreteTransitionScheduler(3, fine_start=1.0)
    zeros = torch.zeros(1, 1, 2, 2)
    output = scheduler.step(torch.full_like(zeros, 90.0), 0, zeros, zeros)
    assert torch.isfinite(output.fine_probs).all()


@pytest.mark.parametrize(
    'arguments',
    [
        dict(num_timesteps=0),
        dict(fine_start=1.2),
        dict(fine_start=0.3, fine_end=0.5),
        dict(fine_end=-0.1),
    ],
)
def test_wrong_schedule_is_refused(arguments):
    with pytest.raises(ValueError, match=r'fine_start|num_timesteps'):
        DiscreteTransitionScheduler(**arguments)


@pytest.mark.parametrize('steps', [0, 7, -1])
def test_wrong_number_of_steps_is_refused(steps):
    with pytest.raises(ValueError, match='1 to 6'):
        DiscreteTransitionScheduler().set_timesteps(steps)


def test_a_timestep_that_is_not_scheduled_is_refused():
    scheduler = DiscreteTransitionScheduler()
    scheduler.set_timesteps(2)
    zeros = torch.zeros(1, 1, 2, 2)
    with pytest.raises(ValueError, match=r'3 is not one of \[5, 0\]'):
        scheduler.step(zeros, 3, zeros, zeros)
