"""The measurement, of networks whose time is known."""

import time

import pytest

from segrefiner_mm.runtimes.measure import measure


class Waits:
    """Takes a given time per megapixel of a step."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.sides = []

    def encode(self, images, coarse):
        self.sides.append(images.shape[-1])

    def decode(self, context, masks, t):
        time.sleep(self.seconds * masks.numel() / 1e6)


def test_the_faster_one_is_faster():
    slow, fast = Waits(1.0), Waits(0.2)
    side, seconds = measure(dict(slow=slow, fast=fast), 128, 32, 2, 1.0)
    assert side == 128
    assert seconds['fast'] < seconds['slow']
    assert seconds['slow'] >= 2 * 128 * 128 / 1e6
    # In turns, so that both see the same machine.
    assert abs(len(slow.sides) - len(fast.sides)) <= 1


def test_what_each_call_costs_does_not_keep_it_from_the_full_window():
    class Constant(Waits):
        def encode(self, images, coarse):
            super().encode(images, coarse)
            time.sleep(0.02)  # at every size

    # By area, 20 ms at 64 pixels would be 0.7 s at 384.
    side, _ = measure(dict(one=Constant(0.0)), 384, 32, 1, 1.0)
    assert side == 384


def test_a_slow_network_is_timed_on_a_smaller_window():
    slow = Waits(30.0)
    start = time.perf_counter()
    side, seconds = measure(dict(slow=slow), 1024, 16, 1, 1.0)
    assert time.perf_counter() - start < 10  # a full window takes 31 s
    assert 32 <= side < 1024
    assert max(slow.sides) == side
    assert seconds['slow'] == pytest.approx(30 * side**2 / 1e6, rel=0.5)
