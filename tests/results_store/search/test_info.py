"""What a submission records of its searches reads back as it was written, and garbage gives none."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.search import SearchConstraint, SearchInfo, SearchObjective

FULL = SearchInfo(
    search_id="a" * 32,
    variants=("first", "second"),
    parameters={"model.gate.scale": '{"name": "FloatDistribution"}'},
    objectives=(
        SearchObjective(name="validation_accuracy", kind="metric", direction="maximize"),
        SearchObjective(name="task.length", kind="parameter", direction="minimize"),
    ),
    constraints=(SearchConstraint(metric="validation_rate", at_most=0.25),),
    sampler={"name": "tpe", "seed": 0},
    max_trials=120,
    round_size=8,
    seeds=(0, 1, 2),
    reduction="worst",
    pruning={"method": "racing", "first_seeds": 1, "keep": 0.5},
    confirm={"top": 5, "seeds": 10},
    point="epochs=1, sleep_s=0.001",
)
SMALL = SearchInfo(
    search_id="b" * 32,
    variants=("first",),
    objectives=(SearchObjective(name="x", kind="metric", direction="minimize"),),
    max_trials=1,
)


def text(*infos):
    return json.dumps([dataclasses.asdict(info) for info in infos])


def test_it_reads_back_as_it_was():
    assert SearchInfo.parse(text(FULL, SMALL)) == (FULL, SMALL)
    assert FULL.objective_metrics == ("validation_accuracy",)


def test_of_two_with_one_identity_the_first_counts():
    assert SearchInfo.parse(text(FULL, dataclasses.replace(SMALL, search_id=FULL.search_id))) == (FULL,)


def test_what_a_later_version_adds_is_left_aside():
    assert SearchInfo.parse(json.dumps([dataclasses.asdict(FULL) | {"later": 1}])) == (FULL,)


@pytest.mark.parametrize("point", [None, 7, "", "\0", "\ud800", ["x"]])
def test_a_search_is_no_worse_without_its_point(point):
    (found,) = SearchInfo.parse(json.dumps([dataclasses.asdict(FULL) | {"point": point}]))
    assert found == dataclasses.replace(FULL, point="")
    earlier = dataclasses.asdict(SMALL)
    del earlier["point"]
    assert SearchInfo.parse(json.dumps([earlier])) == (SMALL,)


@pytest.mark.parametrize("garbage", [None, "", "{", "7", "{}", "null", "[" * 100_000, '[null, 1, "x", [], {}]'])
def test_garbage_is_no_search(garbage):
    assert SearchInfo.parse(garbage) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from([field.name for field in dataclasses.fields(SearchInfo)]), json_values)
def test_one_wrong_field_takes_no_other_search_with_it(name, value):
    entry = dataclasses.asdict(FULL) | {name: value}
    found = SearchInfo.parse(json.dumps([entry, dataclasses.asdict(SMALL)]))
    assert found[-1] == SMALL
    for info in found:
        assert all(isinstance(variant, str) and variant.encode() for variant in info.variants)
        assert 0 <= info.max_trials < 2**63
        hash((info.search_id, info.objectives, info.constraints, info.seeds, info.reduction))
