"""Expected times: laws of the table of measurements."""

from typing import get_args

import pytest

from amor_models.configuration import ExperimentConfig
from amor_models.training import max_stack_size, training_time
from amor_models.training.training_time import STACK_SIZES, STEP_MS

MODELS = [
    {"name": "ssm"},
    {"name": "ssm_mlp"},
    {"name": "full_attention"},
    {"name": "amor"},
    {"name": "amor", "gate": {"name": "oracle"}},
]


def experiment(model, **training):
    return ExperimentConfig.model_validate(
        {"task": {"name": "needle_haystack"}, "model": model, "training": {"epochs": 2, **training}}
    )


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_time_grows_with_the_stack_and_with_epochs(model):
    config = experiment(model)
    times = [training_time(config, size) for size in range(1, 20)]
    assert times == sorted(set(times))
    assert training_time(experiment(model, epochs=4), 3) == pytest.approx(2 * training_time(config, 3))


def test_what_cannot_be_stacked_gains_nothing():
    odd = experiment({"name": "ssm", "d_model": 10})
    assert max_stack_size(odd) == 1
    assert training_time(odd, 4) == pytest.approx(4 * training_time(odd))


def test_every_model_has_been_timed_in_every_stack():
    heuristic = experiment({"name": "heuristic", "rule": "last_stored"})
    assert 0 < training_time(heuristic) < training_time(experiment({"name": "ssm"}))
    names = {get_args(member)[0] for member in _model_names()} - {"heuristic"}
    assert {name.split(",")[0] for name in STEP_MS} == names
    assert all(len(row) == len(STACK_SIZES) for row in STEP_MS.values())


def _model_names():
    union = ExperimentConfig.model_fields["model"].annotation
    return [member.model_fields["name"].annotation for member in get_args(union)]
