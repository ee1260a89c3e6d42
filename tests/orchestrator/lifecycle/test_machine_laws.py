"""Laws of the whole driver under random schedules of faults; see `simulation.py` for what happens in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation import run_schedule


@settings(max_examples=600, deadline=None, database=None)
@given(seed=st.integers(0, 2**63 - 1))
def test_no_trial_is_lost_or_counted_twice_and_the_run_ends(seed):
    outcome = run_schedule(seed)
    assert outcome.num_rows >= outcome.num_published


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_is_a_schedule(seed):
    assert run_schedule(seed) == run_schedule(seed)


def test_everything_that_can_happen_happens():
    injected = sum((run_schedule(seed).injected for seed in range(150)), start=run_schedule(0).injected)
    assert set(injected) >= {
        "killed while training",
        "dies before its reply",
        "lost, and lives on",
        "late reply",
        "skipped",
        "hangs",
        "stopped",
        "raises",
        "start dies",
        "start hangs",
        "bad node kills",
        "waits for a CPU",
        "publishing fails",
        "asking fails",
        "Ctrl-C",
        "driver killed",
        "two drivers",
        "taken over",
        "died at rest",
    }
