"""The simulation, where arithmetic gives the answer."""

import sys

import pytest

from tests.helpers import ROOT

sys.path.insert(0, str(ROOT / 'tools'))
from simulate_scaling import (
    WORKLOADS,
    Fleet,
    Workload,
    simulate,
)

# Every image takes 10 s of refinement and nothing else.
LOAD = Workload(1000, 10_000, 100, 1e6, 1.0, True)
STEADY = Fleet(
    10,
    refine=1.0,
    decode=0.0,
    read=0.0,
    write=0.0,
    merge=0.0,
    latency=0.0,
    store=1e15,
    start=0.0,
    slow=0.0,
    spread=0.0,
    failures=0.0,
)


def changed(**fields):
    return Fleet(**{**vars(STEADY), **fields})


def test_without_disturbance_the_work_is_divided():
    done = simulate(LOAD, STEADY)
    assert done.hours == pytest.approx(10_000 / 10 / 3600)
    assert done.cost == pytest.approx(10_000 / 3600 * STEADY.price)
    assert done.busy == pytest.approx(1)


def test_a_slow_reader_bounds_the_run():
    done = simulate(LOAD, changed(read=0.5))
    # The last shard is read after 5000 s, and takes 100 s.
    assert done.hours == pytest.approx(5100 / 3600)
    assert done.reader > 0.7


def test_a_slow_store_bounds_the_run():
    done = simulate(LOAD, changed(store=2e5))  # 1 GB takes 5000 s
    assert done.hours == pytest.approx(5100 / 3600, rel=0.01)
    assert done.store > 0.7


def test_the_merge_comes_after_all():
    done = simulate(LOAD, changed(merge=0.1))
    assert done.hours == pytest.approx(2000 / 3600)


def test_slow_workers_and_deaths_cost_time():
    steady = simulate(LOAD, STEADY).hours
    assert simulate(LOAD, changed(slow=1.0)).hours == pytest.approx(2 * steady)
    done = simulate(LOAD, changed(failures=5.0))
    assert done.lost > 0
    assert done.hours > steady


@pytest.mark.parametrize('name', ['coco', 'lvis'])
def test_equal_seeds_give_equal_runs(name):
    fleet = Fleet(64, 0.4)
    first = simulate(WORKLOADS[name], fleet, seed=1)
    assert first == simulate(WORKLOADS[name], fleet, seed=1)
    assert first != simulate(WORKLOADS[name], fleet, seed=2)
