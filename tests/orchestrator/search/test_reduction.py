"""From replicates to what the sampler is told."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from searching import the_search

from orchestrator.search.candidates import CandidateState
from orchestrator.search.reduction import reduce_candidate, reduce_values
from orchestrator.search.section import Reduction
from orchestrator.trainables.contract import TrialStatus
from results_store.statistics import mean_interval

SECTION = the_search("""
base: {task: {name: needle_haystack}, model: {name: amor}}
search:
  parameters: {task.noise_length: {type: int, low: 10, high: 150}}
  objectives:
    - {metric: validation_accuracy, direction: maximize}
    - {metric: train_loss, direction: minimize}
    - {parameter: task.noise_length, direction: maximize}
  constraints:
    - {metric: validation_gate_rate, at_most: 0.25}
    - {metric: validation_local_accuracy, at_least: 0.9}
  max_trials: 10
  replicates: 3
  reduction: worst
""").section
VALUES = {"task.noise_length": 50}


def replicate(accuracy=0.5, loss=1.0, rate=0.2, local=0.95, status=TrialStatus.COMPLETED):
    metrics = {"validation_accuracy": accuracy, "train_loss": loss, "validation_gate_rate": rate}
    return status, metrics | {"validation_local_accuracy": local}


def reduced(*replicates, reduction=Reduction.WORST):
    return reduce_candidate(SECTION.model_copy(update={"reduction": reduction}), VALUES, replicates)


def test_worst_looks_at_each_objective_and_constraint_from_its_own_side():
    outcome = reduced(replicate(0.5, 1.0, 0.1, 0.99), replicate(0.6, 3.0, 0.3, 0.85), replicate(0.9, 2.0, 0.2, 0.95))
    assert outcome.state is CandidateState.COMPLETED
    assert outcome.values == (0.5, 3.0, 50.0)
    assert outcome.violations == pytest.approx((0.05, 0.05))


def test_a_constraint_that_is_kept_is_no_violation():
    outcome = reduced(replicate(), replicate(rate=0.1), reduction=Reduction.MEAN)
    assert outcome.violations == pytest.approx((-0.1, -0.05))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "replicate 2 of 3 failed"),
        (replicate(status=TrialStatus.DIVERGED), "replicate 2 of 3 diverged"),
        (replicate(status=TrialStatus.PRUNED), "replicate 2 of 3 pruned"),
        (replicate(accuracy=None), "validation_accuracy is undefined"),
        (replicate(loss=math.inf), "train_loss is undefined"),
        (replicate(rate=math.nan), "validation_gate_rate is undefined"),
    ],
)
@pytest.mark.parametrize("reduction", Reduction)
def test_one_replicate_that_did_not_end_well_makes_the_candidate_a_failed_one(bad, reason, reduction):
    outcome = reduced(replicate(), bad, replicate(), reduction=reduction)
    assert outcome.state is CandidateState.FAILED
    assert (outcome.values, outcome.violations) == ((), ())
    assert outcome.reason == reason


numbers = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8)


@given(numbers, st.randoms(use_true_random=False), st.sampled_from(Reduction), st.booleans())
def test_the_order_of_replicates_means_nothing(values, source, reduction, larger):
    shuffled = source.sample(values, len(values))
    assert reduce_values(shuffled, reduction, larger_is_better=larger) == reduce_values(
        values, reduction, larger_is_better=larger
    )


@given(numbers)
def test_towards_worse_is_the_other_side_where_smaller_is_better(values):
    mirrored = [-value for value in values]
    for reduction in Reduction:
        upper = reduce_values(values, reduction, larger_is_better=False)
        assert upper == -reduce_values(mirrored, reduction, larger_is_better=True)


@given(numbers)
def test_a_lower_bound_is_the_end_of_the_interval_and_never_better_than_the_mean(values):
    interval = mean_interval(values)
    assert reduce_values(values, Reduction.LOWER_BOUND, larger_is_better=True) == interval.low
    assert reduce_values(values, Reduction.LOWER_BOUND, larger_is_better=False) == interval.high
    assert interval.low <= reduce_values(values, Reduction.MEAN, larger_is_better=True) <= interval.high


def test_the_median_and_the_mean():
    assert reduce_values([1.0, 2.0, 9.0], Reduction.MEDIAN, larger_is_better=True) == 2.0
    assert reduce_values([1.0, 2.0, 9.0], Reduction.MEAN, larger_is_better=True) == 4.0
