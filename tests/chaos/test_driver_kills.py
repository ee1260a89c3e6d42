"""A driver that is killed, at any moment, costs what was not published; the same command does the rest."""

from concurrent.futures import ThreadPoolExecutor

from tests.chaos import driver_kills


def test_at_every_named_point_in_one_process():
    outcome = driver_kills.kill_inline_at_points(passages=(1,), num_trials=24)
    assert outcome.details["not reached"] == []
    assert outcome.is_clean, outcome
    assert outcome.num_again == 0, "what was published is not trained again"


def test_20_at_random_and_on_ray_at_named_points_and_no_process_is_left():
    """At the same time, because Ray's processes take a minute to notice that their driver is gone."""
    scenarios = [
        lambda: driver_kills.kill_inline_at_random(num_kills=18, num_trials=60, seed=0, num_at_once=1),
        lambda: driver_kills.kill_on_ray_at_random(num_kills=2, num_trials=60, seed=0),
        lambda: driver_kills.kill_on_ray_at_points(points=("before noticing", "after asking the store"), num_trials=30),
    ]
    with ThreadPoolExecutor() as pool:
        inline, on_ray, at_points = pool.map(lambda scenario: scenario(), scenarios)
    assert inline.num_injected + on_ray.num_injected >= 20
    assert at_points.details["not reached"] == []
    assert inline.num_again == 0, "what was published is not trained again"
    for outcome in (inline, on_ray, at_points):
        assert outcome.is_clean, outcome


def test_a_search_at_every_named_point():
    outcome = driver_kills.kill_search_at_points(passages=(1,), num_candidates=8, pruning="racing")
    assert outcome.details["not reached"] == []
    assert outcome.is_clean, outcome
    assert outcome.num_again == 0, "what was published is not trained again"


def test_measured_values_at_every_named_point_of_both_goes():
    outcome = driver_kills.kill_measuring_at_points(passages=(1, 2))
    assert outcome.details["not reached"] == []
    assert outcome.is_clean, outcome
    assert outcome.num_again == 0, "what was published is not trained again"


def test_compactions_at_every_named_point():
    outcome = driver_kills.kill_compaction_at_points(passages=(1,), num_trials=12)
    assert outcome.details["not reached"] == []
    assert outcome.is_clean, outcome
