import math
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import example, given, settings
from hypothesis import strategies as st

from results_store.statistics import IntervalMethod, mean_interval

numbers = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e150, max_value=1e150)
anything = st.one_of(st.none(), st.floats())


def test_equals_scipys_interval():
    values = [0.2, 0.5, 0.9, 0.4]
    interval = mean_interval(values)
    expected = scipy.stats.t.interval(0.95, len(values) - 1, loc=sum(values) / 4, scale=scipy.stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.method is IntervalMethod.STUDENT_T


@settings(deadline=None)
@given(st.lists(anything, max_size=12))
def test_is_never_nan_and_counts_everything(values):
    interval = mean_interval(values)
    assert interval.num_values + interval.num_missing == len(values)
    for number in (interval.mean, interval.low, interval.high):
        assert number is None or not math.isnan(number)


@settings(deadline=None)
@given(st.lists(numbers, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_mean_lies_inside(values, order):
    interval = mean_interval(values)
    shuffled = list(values)
    order.shuffle(shuffled)
    assert mean_interval(shuffled) == interval
    assert interval.low <= interval.mean <= interval.high


def test_is_cut_to_what_is_possible():
    interval = mean_interval([0.9, 1.0], bounds=(0.0, 1.0))
    assert interval.high == 1.0


@pytest.mark.parametrize(
    ("values", "method", "low"),
    [
        ([], IntervalMethod.NONE, None),
        ([None, math.nan, math.inf], IntervalMethod.NONE, None),
        ([0.5], IntervalMethod.SINGLE, None),
        ([0.1] * 10, IntervalMethod.CONSTANT, 0.1),
    ],
)
def test_few_or_equal_values_have_a_stated_fallback(values, method, low):
    interval = mean_interval(values)
    assert (interval.method, interval.low) == (method, low)


BOOTSTRAPS = [IntervalMethod.PERCENTILE, IntervalMethod.BCA, IntervalMethod.STUDENTISED]
SKEWED = [0.41, 0.44, 0.52, 0.61, 0.63, 0.70, 0.74, 0.95, 1.70, 2.90]


@pytest.mark.parametrize("method", BOOTSTRAPS[:2])
def test_bootstraps_equal_scipys(method):
    interval = mean_interval(SKEWED, method=method)
    theirs = scipy.stats.bootstrap(
        (np.array(SKEWED),),
        np.mean,
        method={"percentile": "percentile", "bca": "BCa"}[method],
        n_resamples=50_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert interval.method is method
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_the_studentised_bootstrap_equals_its_definition():
    interval = mean_interval(SKEWED, method=IntervalMethod.STUDENTISED)
    rng = np.random.default_rng(2)
    resamples = rng.choice(SKEWED, size=(50_000, len(SKEWED)))
    error = np.std(SKEWED, ddof=1) / math.sqrt(len(SKEWED))
    ratios = (resamples.mean(axis=1) - np.mean(SKEWED)) / (resamples.std(axis=1, ddof=1) / math.sqrt(len(SKEWED)))
    low, high = np.mean(SKEWED) - error * np.quantile(ratios, [0.975, 0.025])
    assert interval.method is IntervalMethod.STUDENTISED
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1)


@pytest.mark.parametrize("method", BOOTSTRAPS)
@settings(deadline=None, max_examples=30)
@example([0.0, 1.0, 36.0, 114.0], random.Random(0))
@given(st.lists(anything, max_size=8), st.randoms(use_true_random=False))
def test_bootstraps_are_never_nan_and_know_no_order(method, values, order):
    interval = mean_interval(values, method=method)
    shuffled = list(values)
    order.shuffle(shuffled)
    assert mean_interval(shuffled, method=method) == interval
    assert interval.num_values + interval.num_missing == len(values)
    for number in (interval.mean, interval.low, interval.high):
        assert number is None or not math.isnan(number)


@pytest.mark.parametrize("method", [IntervalMethod.STUDENT_T, *BOOTSTRAPS])
@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=8),
    st.sampled_from([0.25, 8.0]),
    st.integers(-30, 30),
)
def test_intervals_move_with_sign_scale_and_shift(method, values, scale, shift):
    interval = mean_interval(values, method=method)
    for factor, offset in ((-1.0, 0), (scale, 0), (1.0, shift)):
        moved = mean_interval([factor * value + offset for value in values], method=method)
        ends = sorted(factor * end + offset for end in (interval.low, interval.high))
        assert moved.method is interval.method
        assert (moved.low, moved.high) == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize("method", BOOTSTRAPS)
def test_bootstraps_of_few_or_equal_values_fall_back_and_say_so(method):
    assert mean_interval([0.2, 0.4], method=method) == mean_interval([0.2, 0.4])
    assert mean_interval([0.1] * 10, method=method).method is IntervalMethod.CONSTANT
    assert mean_interval([0.1], method=method).method is IntervalMethod.SINGLE
    assert mean_interval([], method=method).method is IntervalMethod.NONE


def test_the_studentised_bootstrap_is_undefined_where_too_many_resamples_are_constant():
    interval = mean_interval([0.4, 0.4, 0.9, 0.9, 0.9], method=IntervalMethod.STUDENTISED)
    assert interval.method is IntervalMethod.STUDENT_T


def test_a_seed_gives_the_same_interval_again():
    first = mean_interval(SKEWED, method=IntervalMethod.BCA, seed=1)
    assert mean_interval(SKEWED, method=IntervalMethod.BCA, seed=1) == first
    assert mean_interval(SKEWED, method=IntervalMethod.BCA, seed=2) != first
