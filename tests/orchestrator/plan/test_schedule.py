"""The simulation of whoever is free taking the next stack."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.plan.schedule import simulate

COSTS = st.lists(st.integers(0, 50).map(float), max_size=40)


@given(costs=COSTS, num_workers=st.integers(1, 8))
def test_the_end_is_what_the_last_worker_did_and_lies_within_the_bounds_of_list_scheduling(costs, num_workers):
    ending = simulate(costs, num_workers)
    assert ending.time == sum(costs[index] for index in ending.last)
    longest, share = max(costs, default=0.0), sum(costs) / num_workers
    assert max(longest, share) <= ending.time + 1e-9
    assert ending.time <= share + longest * (1 - 1 / num_workers) + 1e-9


def test_whoever_is_free_takes_the_next():
    ending = simulate([5.0, 3.0, 3.0, 2.0], 2)
    assert ending.time == 7.0
    assert ending.last == (0, 3)
