"""The interval of a median by order statistics."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from results_store.statistics import median_interval

NUMBERS = st.lists(st.floats(-1e9, 1e9) | st.none() | st.just(math.nan), max_size=40)


@given(values=NUMBERS, rng=st.randoms())
def test_it_holds_the_median_and_does_not_depend_on_the_order(values, rng):
    found = median_interval(values)
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    assert found.num_values == len(numbers)
    if len(numbers) >= 2:
        assert found.low in numbers
        assert found.high in numbers
        assert found.low <= found.median <= found.high
    else:
        assert (found.low, found.high) == (None, None)
    rng.shuffle(values)
    assert median_interval(values) == found


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("num_values", range(2, 41))
def test_its_coverage_is_that_of_the_binomial_and_no_narrower_one_is_enough(num_values, level):
    found = median_interval(range(num_values), level=level)
    below = int(found.low)
    assert found.high == num_values - 1 - below  # as many from above as from below

    def coverage(k):
        return 1 - 2 * binom.cdf(k, num_values, 0.5)

    assert found.coverage == pytest.approx(coverage(below))
    assert found.coverage >= level or below == 0
    assert below + 1 > num_values // 2 - 1 or coverage(below + 1) < level


def test_five_seeds_give_their_range_and_say_what_it_covers():
    assert median_interval([3, 1, 4, 1, 5]).coverage == 0.9375
    assert median_interval(range(5)).low == 0
    assert median_interval(range(6)).coverage == 0.96875
    assert (median_interval(range(10)).low, median_interval(range(10)).high) == (1, 8)


def test_it_covers_the_median_as_often_as_it_says():
    """Of 4,000 samples of a lopsided distribution, within five standard errors."""
    rng = random.Random(0)
    for num_values in (5, 10, 25):
        found = [median_interval([rng.expovariate(1) for _ in range(num_values)]) for _ in range(4000)]
        share = sum(one.low <= math.log(2) <= one.high for one in found) / len(found)
        coverage = found[0].coverage
        assert abs(share - coverage) < 5 * math.sqrt(coverage * (1 - coverage) / len(found))
