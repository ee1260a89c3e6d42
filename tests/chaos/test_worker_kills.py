"""Workers that are killed cost time and nothing else."""

from tests.chaos import worker_kills


def test_60_workers_killed_at_random_over_300_trials():
    outcome = worker_kills.kill_at_random(num_kills=60, num_trials=300, seed=0)
    assert outcome.num_injected >= 60
    assert outcome.num_trials >= 300
    assert outcome.details["lost attempts recorded"] >= 30, "most of them had something to lose"
    assert outcome.is_clean, outcome
    assert outcome.num_again == 0, "the store is asked before anything is trained again"


def test_real_models_give_the_same_bits_on_four_workers_that_are_killed():
    outcome = worker_kills.kill_real_training(num_kills=4, num_trials=16, seed=0, num_workers=4)
    assert outcome.num_injected >= 4
    assert outcome.is_clean, outcome


def test_workers_die_at_every_named_point():
    outcome = worker_kills.kill_at_points(num_kills_each=2, num_trials=45)
    assert outcome.details["not reached"] == []
    assert outcome.is_clean, outcome
    assert outcome.num_again == 0, "a row that was published before its worker died counts"
