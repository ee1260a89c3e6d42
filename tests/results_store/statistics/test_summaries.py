import math
import statistics

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.statistics import interquartile_mean, median, share_above

anything = st.lists(st.one_of(st.none(), st.floats()), max_size=12)
finite = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=15)


@given(finite)
def test_equal_what_others_compute(values):
    assert median(values) == pytest.approx(statistics.median(values), rel=1e-12)
    assert interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25), rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(anything)
def test_are_never_nan_and_count_everything(values):
    share = share_above(values, 0.5)
    assert share.num_values + share.num_missing == len(values)
    for number in (median(values), interquartile_mean(values), share.share, share.low, share.high):
        assert number is None or math.isfinite(number)
    if share.share is not None:
        assert 0 <= share.low <= share.share + 1e-12
        assert share.share - 1e-12 <= share.high <= 1


@pytest.mark.parametrize("above", [0, 3, 10])
def test_wilsons_interval(above):
    """By its formula (Wilson 1927)."""
    share = share_above([0.95] * above + [0.9] * (10 - above), 0.9)
    z, n, p = scipy.stats.norm.ppf(0.975), 10, above / 10
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (share.num_above, share.share) == (above, p)
    assert (share.low, share.high) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_nothing_has_no_summary():
    share = share_above([None, math.nan], 0.5)
    assert (share.share, share.low, share.high, share.num_missing) == (None, None, None, 2)
    assert median([]) is interquartile_mean([]) is None
