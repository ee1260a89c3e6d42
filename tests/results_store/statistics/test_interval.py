import math

import pytest
import scipy.stats
from hypothesis import given, settings
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
