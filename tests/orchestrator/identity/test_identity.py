"""Identity: golden ids, and the laws that keep them."""

import json
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator

from orchestrator.identity.canonical import canonical_config, canonical_json
from orchestrator.identity.identifiers import cell_id, trial_ids
from orchestrator.study.loading import load_study
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import load_trainable

AMOR = load_trainable("amor")
SIMPLE = {"task": {"name": "simple_retrieval"}, "model": {"name": "amor"}}
NEEDLE = {"task": {"name": "needle_haystack"}, "model": {"name": "ssm"}}


def amor(**changes):
    return AMOR.config_model.model_validate_json(json.dumps({**SIMPLE, **changes}))


def trial_id(config, pins=None, seed=0, trainable=AMOR):
    return trial_ids(trainable, config, pins or {}, (seed,))[seed]


GOLDEN = {
    "defaults": (amor(), {}, 0, "c098738a79cadf49746c9e867882492e"),
    "seed 7, data of the paper": (
        amor(),
        {"train_data": 42, "test_data": {"offset": 43}},
        7,
        "5a5d478a312ba07c90981cf952f682bf",
    ),
    "a changed field": (
        amor(model={"name": "amor", "attention": {"top_k": 8}}),
        {},
        0,
        "2c1674e0c1384b2e9174e56fea76c708",
    ),
    "another task": (AMOR.config_model.model_validate(NEEDLE), {}, 0, "74591f8e7b51e5b2b94974a2a2277638"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_ids(name):
    """These ids stand in users' stores: if one changes, their trials are lost. Raise the trainable's version instead."""
    config, pins, seed, expected = GOLDEN[name]
    assert trial_id(config, pins, seed) == expected


def test_ids_differ_by_everything_that_changes_the_result():
    ids = [trial_id(config, pins, seed) for config, pins, seed, _ in GOLDEN.values()]
    ids += [trial_id(amor(), {"train_data": 42}), trial_id(amor(), {"train_data": {"offset": 42}})]
    ids += [trial_id(amor(), {}, 1), trial_id(amor(task={"name": "simple_retrieval", "vocab_size": 9}))]
    assert len(set(ids)) == len(ids)
    assert all(len(id_) == 32 and set(id_) <= set("0123456789abcdef") for id_ in ids)


def test_a_default_written_out_is_the_default_left_out():
    assert trial_id(amor(training={"epochs": 15})) == trial_id(amor())
    gate = {"name": "entropy", "threshold": 0.5, "scale": 5.0}
    assert trial_id(amor(model={"name": "amor", "gate": gate})) == trial_id(amor())


def test_what_does_not_change_the_result_does_not_enter():
    """The oracle gate has no gradient: the weight of a loss term about it is without effect."""
    oracle = {"name": "amor", "gate": {"name": "oracle"}}
    plain = trial_id(amor(model=oracle))
    assert trial_id(amor(model=oracle, training={"balance_weight": 0.7})) == plain


def test_whether_weights_are_kept_does_not_enter_and_is_not_recorded():
    for config, pins, seed, expected in GOLDEN.values():
        kept = config.model_copy(update={"training": config.training.model_copy(update={"save_weights": True})})
        assert AMOR.saves_weights(kept)
        assert not AMOR.saves_weights(config)
        assert trial_id(kept, pins, seed) == expected
        assert kept.model_dump() == config.model_dump()


def test_two_ways_to_write_a_noise_range_are_one():
    task = {"name": "needle_haystack"}
    by_middle = amor(task={**task, "noise_length": 100, "noise_width": 50})
    by_range = amor(task={**task, "noise_length_range": [50, 150]})
    assert trial_id(by_middle) == trial_id(by_range) == trial_id(amor(task=task))


class Round(BaseModel):
    kind: Literal["round"]
    radius: float = 1.0


class Square(BaseModel):
    kind: Literal["square"]
    width: float = 2.0
    turned: bool = False


class Shape(BaseModel):
    shape: Annotated[Round | Square, Field(discriminator="kind")] = Round(kind="round")
    count: int = 1
    total: int | None = None
    names: list[str] = []

    @model_validator(mode="after")
    def _default_total(self):
        if self.total is None:
            self.total = 10 * self.count
        return self


shapes = st.builds(
    Shape,
    shape=st.one_of(
        st.builds(Round, kind=st.just("round"), radius=st.sampled_from([0.5, 1.0, -0.0, 0.0])),
        st.builds(Square, kind=st.just("square"), width=st.sampled_from([2.0, 3.0]), turned=st.booleans()),
    ),
    count=st.integers(1, 3),
    total=st.sampled_from([None, 10, 20]),
    names=st.lists(st.text(max_size=3), max_size=2),
)


@settings(deadline=None)
@given(shapes)
def test_the_canonical_form_validates_to_the_same_configuration(shape):
    canonical = canonical_config(shape)
    assert Shape.model_validate(canonical) == shape
    assert canonical_config(Shape.model_validate(canonical)) == canonical


@settings(deadline=None)
@given(shapes)
def test_a_new_field_with_a_default_keeps_old_ids(shape):
    class Newer(Shape):
        colour: str = "red"

    newer = Newer.model_validate(shape.model_dump())
    assert canonical_json(canonical_config(newer)) == canonical_json(canonical_config(shape))


@settings(deadline=None)
@given(shapes, shapes)
def test_equal_configurations_and_only_they_have_equal_canonical_forms(one, other):
    same = canonical_json(canonical_config(one)) == canonical_json(canonical_config(other))
    assert same == (one == other)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_canonical_json_is_json_and_does_not_depend_on_order(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    if isinstance(value, dict):
        assert canonical_json(dict(reversed(value.items()))) == text


def test_name_and_version_of_the_trainable_enter():
    class Other(Trainable):
        name = "other"
        version = 1
        config_model = AMOR.config_model
        metrics = ()

        def train(self, trials):
            yield from ()

    class Newer(Other):
        version = 2

    ids = {cell_id(trainable, amor(), {}) for trainable in (Other(), Newer())}
    assert len(ids) == 2


def test_names_of_study_and_variants_and_the_order_of_keys_do_not_enter(tmp_path):
    texts = [
        "schema_version: 1\nname: a\nseeds: 2\nbase: {task: {name: simple_retrieval}, model: {name: ssm}}\n"
        "variants: {x: {model.d_model: 32, training.epochs: 3}}\n",
        "schema_version: 1\nname: b\nseeds: [1, 0]\nbase: {model.name: ssm, task.name: simple_retrieval}\n"
        "variants: {y: {training: {epochs: 3}, model: {d_model: 32}}}\n",
    ]
    found = []
    for text in texts:
        (tmp_path / "study.yaml").write_text(text)
        found.append({trial.trial_id for trial in load_study(tmp_path / "study.yaml").trials})
    assert found[0] == found[1]
