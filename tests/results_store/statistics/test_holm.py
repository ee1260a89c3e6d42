import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_store.statistics import holm_corrected

families = st.lists(st.one_of(st.integers(0, 64).map(lambda n: n / 64), st.floats(0, 1)), max_size=6)


def by_closed_testing(p_values):
    """Holm's method is the closed test whose intersections are tested by Bonferroni: the largest over all subsets."""
    indices = range(len(p_values))
    subsets = [s for size in range(1, len(p_values) + 1) for s in itertools.combinations(indices, size)]
    return [
        max(min(1.0, len(subset) * min(p_values[i] for i in subset)) for subset in subsets if index in subset)
        for index in indices
    ]


@given(families)
def test_equals_closed_testing_by_brute_force(p_values):
    assert holm_corrected(p_values) == pytest.approx(by_closed_testing(p_values), abs=1e-15)


@given(families, st.randoms(use_true_random=False))
def test_laws(p_values, order):
    corrected = holm_corrected(p_values)
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))
    ranked = sorted(zip(p_values, corrected, strict=True))
    assert [c for _, c in ranked] == sorted(corrected)
    shuffled = list(range(len(p_values)))
    order.shuffle(shuffled)
    assert holm_corrected([p_values[index] for index in shuffled]) == [corrected[index] for index in shuffled]


@given(families.filter(bool), st.floats(0, 1))
def test_a_smaller_p_value_raises_no_other(p_values, factor):
    smaller = [p_values[0] * factor, *p_values[1:]]
    assert all(
        one <= other + 1e-15 for one, other in zip(holm_corrected(smaller), holm_corrected(p_values), strict=True)
    )


def test_a_worked_example():
    assert holm_corrected([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
