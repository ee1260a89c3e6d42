"""Parameters of a search: each value is written in one way, and lies where the file says."""

import math

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from orchestrator.search.samplers import distribution
from orchestrator.search.section import Confirm, Constraint, Halving, Objective, Racing, Sampler, SearchSection
from orchestrator.search.space import SearchedParameter, SearchSpace
from orchestrator.trainables.do_nothing import DoNothing


@st.composite
def stepped(draw):
    """A range of floats with a step that divides it, both written with few decimals."""
    low, steps, hundredths = draw(st.integers(-500, 500)), draw(st.integers(1, 40)), draw(st.integers(1, 300))
    high = low + steps * hundredths
    return FloatParameter(type="float", low=low / 100, high=high / 100, step=hundredths / 100)


@st.composite
def whole(draw):
    low, step, steps = draw(st.integers(-50, 50)), draw(st.integers(1, 9)), draw(st.integers(1, 40))
    return IntParameter(type="int", low=low, high=low + step * steps, step=step)


choices = st.lists(st.one_of(st.integers(2, 9), st.text(max_size=3), st.booleans(), st.none()), min_size=2, unique=True)
categorical = choices.map(lambda values: CategoricalParameter(type="categorical", choices=values))


@given(st.one_of(stepped(), whole(), categorical))
def test_all_values_are_distinct_normal_and_contained(domain):
    values = list(domain.values())
    assert len(set(map(repr, values))) == len(values) == domain.num_values()
    for value in values:
        assert domain.contains(value)
        assert repr(domain.normal(value)) == repr(value)
    assert all(domain.contains(value) for value in domain.samples().values())


@given(stepped())
def test_the_noise_of_floats_does_not_make_another_value(domain):
    for value in domain.values():
        for noisy in (math.nextafter(value, math.inf), math.nextafter(value, -math.inf)):
            assert domain.normal(noisy) == value


@given(st.one_of(stepped(), whole(), categorical))
def test_optuna_knows_the_same_values(domain):
    parameter = SearchedParameter(path=("x",), domain=domain, when=None, at=())
    known = distribution(parameter)
    trial = optuna.trial.create_trial(params={"x": next(domain.values())}, distributions={"x": known}, value=0.0)
    assert trial.params == {"x": next(domain.values())}
    for value in domain.values():
        assert known._contains(known.to_internal_repr(value))


@pytest.mark.parametrize("value", [True, "2", None, 2.5, 11, 0])
def test_what_is_no_value_of_a_whole_number(value):
    assert not IntParameter(type="int", low=1, high=10).contains(value)


@pytest.mark.parametrize("value", [True, "2", None, 2.05, 10.1, 0.9])
def test_what_is_no_value_of_a_number(value):
    assert not FloatParameter(type="float", low=1.0, high=10.0, step=0.1).contains(value)


@pytest.mark.parametrize(("high", "step"), [(1.0, 1e-300), (1e308, 1e-5), (1e308, 5e-324)])
def test_a_step_that_no_float_could_count_is_refused(high, step):
    with pytest.raises(ValidationError, match="is too fine for the range"):
        FloatParameter(type="float", low=0.0, high=high, step=step)


def test_what_nobody_counts_is_as_good_as_infinite():
    fine = FloatParameter(type="float", low=0.0, high=1.0, step=1e-12)
    wide = IntParameter(type="int", low=-(2**53), high=2**53)
    assert fine.num_values() is None
    assert wide.num_values() is None
    assert IntParameter(type="int", low=1, high=10**9).num_values() == 10**9
    assert fine.contains(0.123456789012)
    assert not fine.contains(0.1234567890123)
    assert fine.normal(0.1234567890123) == 0.123456789012
    for domain in (fine, wide):
        distribution(SearchedParameter(path=("x",), domain=domain, when=None, at=()))


@pytest.mark.parametrize("last", [{"low": 0.0, "high": 1.0}, {"low": 0.0, "high": 1.0, "step": 0.1}])
def test_the_size_of_no_space_overflows(last):
    domains = [IntParameter(type="int", low=1, high=10**9)] * 40 + [FloatParameter(type="float", **last)]
    space = SearchSpace(
        trainable=DoNothing(),
        written={},
        parameters=tuple(
            SearchedParameter(path=(f"x{index}",), domain=domain, when=None, at=())
            for index, domain in enumerate(domains)
        ),
    )
    assert space.max_points() > 10**300


def test_true_is_no_one():
    assert not CategoricalParameter(type="categorical", choices=[1, 2]).contains(True)


@pytest.mark.parametrize(
    "model",
    [
        SearchSection,
        Sampler,
        FloatParameter,
        IntParameter,
        CategoricalParameter,
        Objective,
        Constraint,
        Confirm,
        Racing,
        Halving,
    ],
)
def test_every_field_has_a_sentence_and_no_other_key_is_known(model):
    for name, info in model.model_fields.items():
        assert info.description, name
        assert info.description.rstrip()[-1] == ".", name
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({"surely_unknown": 1})
