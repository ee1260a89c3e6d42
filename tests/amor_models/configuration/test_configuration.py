"""What configurations accept, refuse, resolve, and mean."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from amor_models import configuration
from amor_models.configuration import ExperimentConfig, identity_config

SIMPLE, NEEDLE = {"name": "simple_retrieval"}, {"name": "needle_haystack"}
SSM, AMOR = {"name": "ssm"}, {"name": "amor"}


def build(task=SIMPLE, model=SSM, **training):
    return ExperimentConfig.model_validate({"task": task, "model": model, "training": training})


def test_defaults_are_the_papers():
    simple, needle = build(), build(NEEDLE)
    assert (simple.training.epochs, simple.training.balance_weight) == (15, 0.1)
    assert (needle.training.epochs, needle.training.balance_weight) == (30, 0.0)
    assert (simple.task.num_train, needle.task.num_train) == (2000, 3000)
    assert needle.task.noise_range == (50, 150)
    gate = build(model=AMOR).model.gate
    assert (gate.name, gate.threshold, gate.scale, gate.target_rate) == ("entropy", 0.5, 5.0, 0.2)
    assert build(task={**NEEDLE, "noise_length": 12}).task.noise_range == (5, 22)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"model": SSM}, "task"),
        ({"task": SIMPLE}, "model"),
        ({"task": {}, "model": SSM}, "name"),
        ({"task": {**SIMPLE, "noise_length": 3}, "model": SSM}, "Extra inputs"),
        ({"task": SIMPLE, "model": {**SSM, "num_heads": 4}}, "Extra inputs"),
        ({"task": SIMPLE, "model": {**AMOR, "gate": {"name": "oracle", "scale": 2}}}, "Extra inputs"),
        ({"task": SIMPLE, "model": {**AMOR, "gate": {"name": "psychic"}}}, "psychic"),
        ({"task": SIMPLE, "model": {**AMOR, "gate": {"name": "random"}}}, "rate"),
        ({"task": SIMPLE, "model": {**AMOR, "gate": {"name": "random", "rate": 1.5}}}, "less than or equal"),
        ({"task": SIMPLE, "model": {**AMOR, "attention": {"top_k": 0}}}, "greater than or equal to 1"),
        ({"task": SIMPLE, "model": {**AMOR, "num_heads": 5}}, "d_model 64 is not divisible by num_heads 5"),
        ({"task": SIMPLE, "model": {**AMOR, "dropout": 1.0}}, "less than 1"),
        ({"task": {**SIMPLE, "num_train": "5"}, "model": SSM}, "valid integer"),
        ({"task": {**SIMPLE, "num_train": True}, "model": SSM}, "valid integer"),
        ({"task": {**SIMPLE, "retrieval_prob": float("nan")}, "model": SSM}, "finite"),
        ({"task": {**SIMPLE, "seq_length": 22}, "model": SSM}, "seq_length 22 is too short"),
        ({"task": {**SIMPLE, "retrieval_distance_range": [9, 3]}, "model": SSM}, "upside down: 9 > 3"),
        ({"task": {**NEEDLE, "noise_length_range": [150, 50]}, "model": SSM}, "upside down: 150 > 50"),
        ({"task": {**NEEDLE, "noise_length_range": [5, 9], "noise_length": 7}, "model": SSM}, "exclude"),
        ({"task": {**NEEDLE, "noise_length": 1, "noise_width": 2}, "model": SSM}, "the shortest noise"),
        ({"task": {**NEEDLE, "noise_width": 7}, "model": SSM}, "no meaning without noise_length"),
        ({"task": {**NEEDLE, "seq_length": 58}, "model": SSM}, "seq_length 58 is too short"),
        ({"task": SIMPLE, "model": {"name": "heuristic", "rule": "uniform"}}, "needle_haystack only"),
        ({"task": {**SIMPLE, "seq_length": 1026}, "model": {"name": "full_attention"}}, "too long"),
        ({"task": SIMPLE, "model": SSM, "training": {"learning_rate": 0}}, "greater than 0"),
        ({"task": SIMPLE, "model": SSM, "training": {"epochs": 0}}, "greater than or equal to 1"),
    ],
)
def test_impossible_configurations_are_refused(document, message):
    with pytest.raises(ValidationError, match=message):
        ExperimentConfig.model_validate(document)


tasks = st.one_of(
    st.builds(
        lambda low, width, prob: {
            **SIMPLE,
            "retrieval_distance_range": [low, low + width],
            "retrieval_prob": prob,
        },
        st.integers(1, 60),
        st.integers(0, 60),
        st.floats(0, 1),
    ),
    st.builds(
        lambda middle, width: {**NEEDLE, "noise_length": middle, "noise_width": width}, *[st.integers(5, 100)] * 2
    ),
    st.builds(lambda low, width: {**NEEDLE, "noise_length_range": [low, low + width]}, *[st.integers(0, 100)] * 2),
    st.just(NEEDLE),
)
models = st.one_of(
    st.builds(
        lambda layers, dropout: {**SSM, "num_layers": layers, "dropout": dropout},
        *[
            st.integers(1, 3),
            st.floats(0, 0.9),
        ],
    ),
    st.sampled_from(
        [
            {"name": "full_attention", "num_layers": 1, "dropout": 0.3},
            {**AMOR, "gate": {"name": "oracle"}},
            {**AMOR, "gate": {"name": "entropy", "target_rate": 0.5}},
            {**AMOR, "gate": {"name": "random", "rate": 0.5}, "attention": {"kv": "raw_embedding"}},
        ]
    ),
)


@settings(deadline=None, max_examples=100)
@given(task=tasks, model=models, balance_weight=st.one_of(st.none(), st.just(0.0), st.floats(0, 2)))
def test_identity_is_idempotent_and_survives_the_round_trip(task, model, balance_weight):
    config = build(task, model, **({} if balance_weight is None else {"balance_weight": balance_weight}))
    assert ExperimentConfig.model_validate(config.model_dump()) == config
    assert ExperimentConfig.model_validate_json(config.model_dump_json()) == config
    identity = identity_config(config)
    assert identity_config(identity) == identity
    assert ExperimentConfig.model_validate(identity.model_dump()) == identity
    if config.task.name == "needle_haystack":
        assert identity.task.noise_range == config.task.noise_range


def test_spellings_of_one_experiment_have_one_identity():
    spellings = [
        build({**NEEDLE, "noise_length": 20}),
        build({**NEEDLE, "noise_length": 20, "noise_width": 10}),
        build({**NEEDLE, "noise_length_range": [10, 30]}, balance_weight=0.7),
    ]
    assert len({identity_config(each) for each in spellings}) == 1
    heuristic = {"name": "heuristic", "rule": "last_stored"}
    blind = [
        build(NEEDLE, heuristic),
        build({**NEEDLE, "num_train": 10}, {**heuristic, "pairs": "surviving"}, epochs=3),
    ]
    assert len({identity_config(each) for each in blind}) == 1


@pytest.mark.parametrize("name", [n for n in configuration.__all__ if n[0].isupper()])
def test_every_field_is_explained(name):
    fields = getattr(getattr(configuration, name), "model_fields", {})
    for field_name, field in fields.items():
        assert field.description, (name, field_name)
