"""The hypervolume, against counting on a grid and against Optuna's own."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna._hypervolume import compute_hypervolume

from results_store.figures.hypervolume import hypervolume


def points(num_coordinates):
    return st.lists(st.tuples(*[st.integers(0, 5)] * num_coordinates), max_size=6)


@given(st.integers(1, 3).flatmap(points))
def test_it_is_the_number_of_unit_boxes_below_some_point(found):
    num_coordinates = len(found[0]) if found else 1
    boxes = itertools.product(range(5), repeat=num_coordinates)
    expected = sum(any(all(b < p for b, p in zip(box, point, strict=True)) for point in found) for box in boxes)
    assert hypervolume(found) == pytest.approx(expected)


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=8))
def test_it_is_what_optuna_computes(found):
    import numpy as np

    losses = -np.array(found)
    assert hypervolume(found) == pytest.approx(compute_hypervolume(losses, np.zeros(3)), abs=1e-9)
