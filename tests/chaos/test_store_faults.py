"""Small sizes of what `make chaos` does at large; the laws are tested in tests/results_store."""

from tests.chaos import store_faults


def test_damaged_files_are_told_and_nothing_else_changes():
    for outcome in store_faults.damage_files(num_flips=40, num_cuts=20, num_trials=6, seed=0):
        assert outcome.is_clean, outcome


def test_publishers_that_are_killed_leave_whole_files():
    outcome = store_faults.kill_publishers(num_kills=60, seed=0)
    assert outcome.num_trials > 0, "some lived long enough to promise something"
    assert outcome.is_clean, outcome
