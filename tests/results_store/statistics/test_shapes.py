import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_store.statistics import shape_warning
from results_store.statistics.shapes import is_bimodal

values = st.lists(st.integers(0, 20).map(lambda number: number / 20), min_size=5, max_size=12)


@given(values, values, st.sampled_from([0.25, 64.0]), st.randoms(use_true_random=False))
def test_shapes_know_no_order_no_unit_and_no_sign(first, second, scale, order):
    def moved(numbers):
        shuffled = [-scale * number for number in numbers]
        order.shuffle(shuffled)
        return shuffled

    assert is_bimodal(moved(first)) == is_bimodal(first)
    assert shape_warning(moved(first), moved(second)) == shape_warning(first, second)
    swapped = shape_warning(second, first)
    assert (swapped is None) == (shape_warning(first, second) is None)
    assert shape_warning(first, first) is None


def mix(rng, size):
    return np.array([0.4, 0.9, *rng.choice([0.4, 0.9], size - 2)]) + rng.normal(0, 0.02, size)


@pytest.mark.parametrize("size", [5, 6, 7, 8, 10, 20])
def test_two_groups_are_told_from_one(size):
    rng = np.random.default_rng(size)
    normal = [is_bimodal(list(rng.normal(0.65, 0.05, size))) for _ in range(500)]
    mixed = [is_bimodal(mix(rng, size)) for _ in range(500)]
    assert sum(normal) <= 0.06 * len(normal)
    assert sum(mixed) >= 0.85 * len(mixed)


def test_one_failed_run_in_ten_is_a_group():
    assert is_bimodal([0.9, 0.91, 0.89, 0.9, 0.92, 0.9, 0.88, 0.9, 0.91, 0.4])


def test_equal_or_few_values_have_no_shape():
    assert not is_bimodal([0.1 + 0.2, 0.3, 0.3, 0.3, 0.3])
    assert not is_bimodal([0.1, 0.9, 0.1, 0.9])
    assert shape_warning([0.1, 0.9, 0.1, 0.9], [0.5] * 4) is None
    assert shape_warning([0.5] * 5, [0.7] * 5) is None


def test_a_warning_does_not_depend_on_size_of_numbers():
    huge = [1.5e308, -1e308, 1.7e308, -1.1e308, 1.6e308]
    assert is_bimodal(huge)
    assert "two groups" in shape_warning(huge, [0.1, 0.2, 0.3, 0.4, 0.5])
