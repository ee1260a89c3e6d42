"""What is to come of a search: counted round by round, and never more than will be trained."""

import pytest

from orchestrator.driver.submit import SubmitOptions, load_studies, run_studies
from orchestrator.executors.capacity import Capacity
from orchestrator.plan.history import plan_study
from orchestrator.progress.submit_reporter import SubmitReporter
from results_store import FolderStore
from results_store import open as open_results

TEXT = """\
schema_version: 1
name: planned
trainable: do_nothing
seeds: 4
search:
  parameters:
    value: PARAMETER
  objectives: [{metric: score, direction: maximize}]
  max_trials: 10
  round_size: 4
  replicates: 4
  pruning: {method: racing, first_seeds: 1, keep: 0.3}
  confirm: {top: 2, seeds: 3}
"""
WIDE = TEXT.replace("PARAMETER", "{type: float, low: 0.0, high: 1.0}")
SMALL = TEXT.replace("PARAMETER", "{type: categorical, choices: [0.0, 1.0, 2.0]}")
IN_ROUNDS = 4 + 2 * 3 + 4 + 2 * 3 + 2 + 1 * 3
"""Every candidate gets one seed, and three in ten of each round, rounded up, the other three."""


@pytest.fixture
def planned(tmp_path):
    def plan(text, *, run=False):
        path = tmp_path / "planned.yaml"
        path.write_text(text, encoding="utf-8")
        (study,) = load_studies([path], [])
        outcome = None
        if run:
            reporter = SubmitReporter()
            outcome = run_studies(
                [study],
                tmp_path / "store",
                SubmitOptions(executor="inline"),
                begin=reporter.begin,
                end=reporter.end,
                warn=reporter.warn,
            )
            reporter.close()
        store = FolderStore(tmp_path / "store")
        capacity = Capacity(num_workers=1, memory_per_worker_bytes=10**9)
        (search,) = plan_study(study, store, open_results(store.path), capacity=capacity).searches
        return search.num_trials, None if outcome is None else outcome.studies[0].num_trained

    return plan


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("max_trials: 10", "max_trials: 10", IN_ROUNDS + 2 * 3),
        ("max_trials: 10", "max_trials: 1", 4 + 3),
        ("top: 2", "top: 50", IN_ROUNDS + 10 * 3),
        ("  pruning: {method: racing, first_seeds: 1, keep: 0.3}\n", "", 10 * 4 + 2 * 3),
        ("  confirm: {top: 2, seeds: 3}\n", "", IN_ROUNDS),
    ],
)
def test_trials_are_counted_round_by_round(planned, old, new, expected):
    assert old in WIDE
    assert planned(WIDE.replace(old, new))[0] == expected


def test_what_is_planned_is_what_is_trained_and_then_nothing_is_left(planned):
    before, _ = planned(WIDE)
    after, num_trained = planned(WIDE, run=True)
    assert before == num_trained == IN_ROUNDS + 2 * 3
    assert after == 0


def test_a_confirmation_that_is_still_to_come_is_counted_when_all_are_told(planned):
    planned(WIDE.replace("  confirm: {top: 2, seeds: 3}\n", ""), run=True)
    assert planned(WIDE)[0] == 2 * 3
    planned(WIDE, run=True)
    assert planned(WIDE)[0] == 0
    more, _ = planned(WIDE.replace("top: 2", "top: 3"))
    _, num_trained = planned(WIDE.replace("top: 2", "top: 3"), run=True)
    assert more == num_trained == 3


def test_a_search_that_is_continued_counts_what_is_new(planned):
    planned(WIDE, run=True)
    assert planned(WIDE.replace("max_trials: 10", "max_trials: 12"))[0] == 2 + 2 * 3 + 2 * 3


def test_a_space_that_is_exhausted_has_no_more_candidates(planned):
    assert planned(SMALL)[0] == 3 + 1 * 3 + 2 * 3
    _, num_trained = planned(SMALL, run=True)
    assert num_trained <= 3 + 1 * 3 + 2 * 3
    assert planned(SMALL)[0] == 0
