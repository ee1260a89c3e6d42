"""Two drivers on one store: a trial may be computed twice, and counts once at every moment."""

from tests.chaos import two_drivers


def test_ten_times_with_compactions_during_both():
    outcome = two_drivers.run_together(num_rounds=10, num_trials=30)
    assert outcome.is_clean, outcome
    assert outcome.num_injected >= 5, "in most rounds both have trained the same trial"
    assert outcome.details["compactions that merged files while both ran"] >= 10
    assert outcome.details["looks at the store meanwhile"] >= 10
