import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.statistics import LearningTime, log_rank_test, share_above, survival


def learned(*epochs):
    return [LearningTime(event=epoch, trained=None) for epoch in epochs]


def never(*epochs):
    return [LearningTime(event=None, trained=epoch) for epoch in epochs]


sound = st.builds(
    lambda is_learned, epoch: (learned if is_learned else never)(epoch)[0], st.booleans(), st.integers(1, 15)
)
arms = st.lists(sound, max_size=12)
anything = st.lists(
    st.one_of(
        st.none(),
        sound,
        st.builds(LearningTime, event=st.one_of(st.none(), st.floats()), trained=st.one_of(st.none(), st.floats())),
    ),
    max_size=12,
)


def product_limit(times):
    """The share that has not learned after each epoch, by Kaplan's and Meier's definition in whole numbers."""
    ends = sorted({time.event or time.trained for time in times})
    alive, shares = Fraction(1), {0: Fraction(1)}
    for end in ends:
        at_risk = sum((time.event or time.trained) >= end for time in times)
        alive *= 1 - Fraction(sum(time.event == end for time in times), at_risk)
        shares[end] = alive
    return shares


def test_a_curve_by_hand():
    # 7 replicates: 1 of 7 learns in epoch 3, 2 of 6 in 5, one is censored in 6, 1 of 3 learns in 7.
    found = survival([*learned(3, 5, 5, 7), *never(6, 15, 15)])
    assert found.curve.epochs == (0, 3, 5, 6, 7, 15)
    expected = [1, 6 / 7, 4 / 7, 4 / 7, 8 / 21, 8 / 21]
    assert found.curve.share == pytest.approx(expected)
    assert found.median == 7
    assert (found.learned.num_above, found.learned.num_values) == (4, 7)
    # Greenwood: 1/(7*6) + 2/(6*4) at epoch 5, on the scale of log(-log S).
    error = math.sqrt(1 / 42 + 2 / 24) / abs(math.log(4 / 7))
    z = scipy.stats.norm.ppf(0.975)
    assert found.curve.low[2] == pytest.approx((4 / 7) ** math.exp(z * error))
    assert found.curve.high[2] == pytest.approx((4 / 7) ** math.exp(-z * error))
    assert found.curve.low[0] == pytest.approx(7 / (7 + z**2))


@settings(deadline=None)
@given(arms.filter(len), st.randoms(use_true_random=False))
def test_equals_the_product_limit_and_knows_no_order(times, order):
    found = survival(times)
    shares = product_limit(times)
    assert dict(zip(found.curve.epochs, found.curve.share, strict=True)) == pytest.approx(
        {float(epoch): float(share) for epoch, share in shares.items()}, abs=1e-12
    )
    assert found.median == next((epoch for epoch, share in shares.items() if share <= Fraction(1, 2)), None)
    shuffled = list(times)
    order.shuffle(shuffled)
    assert survival(shuffled) == found


@settings(deadline=None)
@given(anything)
def test_nothing_is_nan_and_everything_is_counted(times):
    found = survival(times)
    assert found.learned.num_values + found.learned.num_missing == len(times)
    for number in (found.median, found.low, found.high, found.learned.share):
        assert number is None or math.isfinite(number)
    if found.curve is None:
        assert found.learned.num_values == 0
        return
    band = list(zip(found.curve.low, found.curve.share, found.curve.high, strict=True))
    assert all(0 <= low <= share + 1e-9 and share - 1e-9 <= high <= 1 for low, share, high in band)
    assert list(found.curve.high) == sorted(found.curve.high, reverse=True)
    assert list(found.curve.low) == sorted(found.curve.low, reverse=True)
    if found.median is not None and found.low is not None:
        assert found.low <= found.median
        assert found.high is None or found.median <= found.high


@settings(deadline=None)
@given(st.lists(st.integers(1, 15), min_size=1, max_size=12))
def test_without_censoring_it_is_the_share_above(epochs):
    curve = survival(learned(*epochs)).curve
    for epoch, share in zip(curve.epochs, curve.share, strict=True):
        assert share == pytest.approx(share_above(epochs, epoch).share, abs=1e-12)


def test_the_edges_say_what_they_know():
    nobody = survival(never(*[15] * 10))
    assert (nobody.median, nobody.low, nobody.high) == (None, 15, None)
    assert not nobody.is_low_included
    assert nobody.curve.share == (1, 1)
    assert nobody.learned.num_above == 0
    at_once = survival(learned(*[7] * 10))
    assert (at_once.median, at_once.low, at_once.high) == (7, 7, 7)
    assert at_once.is_low_included
    one = survival(learned(7))
    assert (one.median, one.low, one.high) == (7, None, None)
    two = survival(learned(7, 7))  # too few to say anything about the median
    assert (two.median, two.low, two.high) == (7, 0, None)
    none = survival([None, *never(0), *learned(-1), LearningTime(event=9, trained=5)])
    assert (none.curve, none.median, none.learned.num_missing) == (None, None, 4)


def test_the_median_is_not_reached_where_the_curve_stays_above_one_half():
    assert survival([*learned(3, 4, 5, 6), *never(*[15] * 6)]).median is None
    assert survival([*learned(3, 4, 5, 6, 9), *never(*[15] * 5)]).median == 9


def log_rank_by_definition(first, second):
    """Mantel's statistic from the tables of two by two, one for each epoch in which somebody learns."""
    both = [*first, *second]
    difference, variance = Fraction(0), Fraction(0)
    for epoch in sorted({time.event for time in both if time.event is not None}):
        n = sum((time.event or time.trained) >= epoch for time in both)
        n1 = sum((time.event or time.trained) >= epoch for time in first)
        d = sum(time.event == epoch for time in both)
        difference += sum(time.event == epoch for time in first) - Fraction(d * n1, n)
        if n > 1:
            variance += Fraction(d * n1 * (n - n1) * (n - d), n * n * (n - 1))
    if not variance:
        assert not difference
        return 1.0
    return 2 * scipy.stats.norm.sf(abs(float(difference)) / math.sqrt(variance))


@settings(deadline=None)
@given(arms.filter(len), arms.filter(len), st.randoms(use_true_random=False))
def test_the_log_rank_test_equals_its_definition(first, second, order):
    test = log_rank_test(first, second)
    total = len(first) + len(second)
    least = (2 if len(first) == len(second) else 1) / math.comb(total, len(first))
    assert test.p_value == pytest.approx(max(least, log_rank_by_definition(first, second)), abs=1e-9)
    assert log_rank_test(second, first).p_value == pytest.approx(test.p_value, abs=1e-9)
    shuffled = list(first)
    order.shuffle(shuffled)
    assert log_rank_test(shuffled, second) == test


@settings(deadline=None)
@given(anything, anything)
def test_the_log_rank_test_is_never_nan(first, second):
    test = log_rank_test(first, second)
    assert (test.p_value is None) == (not test.num_first or not test.num_second)
    assert test.p_value is None or 0 < test.p_value <= 1


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        (never(*[15] * 5), never(*[15] * 5), 1.0),
        (learned(*[7] * 5), learned(*[7] * 5), 1.0),
        (learned(*[7] * 5), [None], None),
        (learned(1), never(*[15] * 10), 1 / 11),  # the normal approximation says 0.0016
        (learned(1, 1, 1), never(15, 15, 15), 2 / 20),
    ],
)
def test_the_edges_of_the_log_rank_test(first, second, p_value):
    assert log_rank_test(first, second).p_value == p_value


def test_no_p_value_lies_below_the_rarest_way_to_deal_the_replicates():
    """All ways to deal six replicates to two cells: as many are as far out as the p-value says, or fewer."""
    times = [*learned(1, 2, 3), *never(15, 15, 15)]
    observed = log_rank_by_definition(times[:3], times[3:])
    ways = list(itertools.combinations(range(6), 3))
    values = [
        log_rank_by_definition([times[i] for i in way], [times[i] for i in range(6) if i not in way]) for way in ways
    ]
    assert log_rank_test(times[:3], times[3:]).p_value == np.mean(np.array(values) <= observed + 1e-12)
