"""How numbers are worded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_store.wording import counted, p_value, ranges


@given(st.sets(st.integers(-50, 50)))
def test_ranges_hold_the_numbers_and_nothing_else(numbers):
    found = []
    for run in filter(None, ranges(numbers).split(", ")):
        first, _, last = run.partition(" to ")
        found += range(int(first), int(last or first) + 1)
    assert found == sorted(numbers)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (counted(1, "trial"), "1 trial"),
        (counted(0, "trial"), "0 trials"),
        (counted(1200, "trial"), "1,200 trials"),
        (counted(2, "search", "searches"), "2 searches"),
        (p_value(0.0456), "0.046"),
        (p_value(1e-4), "0.0001"),
        (p_value(9e-5), "<0.0001"),
    ],
)
def test_numbers_in_words(words, expected):
    assert words == expected
