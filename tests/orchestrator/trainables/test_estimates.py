"""What a trainable estimates is checked before anything rests on it."""

import math

import numpy as np
import pytest

from orchestrator.errors import TrainableError
from orchestrator.trainables.amor import AmorTrainable
from orchestrator.trainables.do_nothing import DoNothing, DoNothingConfig
from orchestrator.trainables.estimates import Estimates

CONFIG = DoNothingConfig()
QUESTIONS = {
    "cost": lambda estimates: estimates.cost(CONFIG),
    "stack_cost": lambda estimates: estimates.stack_cost(CONFIG, 3),
    "memory_bytes": lambda estimates: estimates.memory_bytes(CONFIG, 3),
}


def answering(question, answer):
    trainable = DoNothing()
    setattr(trainable, question, answer)
    return Estimates(trainable)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, -1e-9, None, "4", True, [1.0], 1j])
def test_nonsense_is_one_clear_line(question, value):
    with pytest.raises(TrainableError) as error:
        QUESTIONS[question](answering(question, lambda *_: value))
    assert str(error.value) == (
        f"trainable 'do_nothing': {question}() returned {value!r}, which is no number of 0 or more"
    )


@pytest.mark.parametrize("question", [*QUESTIONS, "stack_key"])
def test_an_exception_is_one_clear_line(question):
    def broken(*_):
        raise ValueError("in two\nlines")

    questions = QUESTIONS | {"stack_key": lambda estimates: estimates.stack_key(CONFIG)}
    with pytest.raises(TrainableError) as error:
        questions[question](answering(question, broken))
    assert str(error.value) == f"trainable 'do_nothing': {question}() raised ValueError: in two lines"


def test_a_number_too_large_is_one_clear_line():
    with pytest.raises(TrainableError) as error:
        answering("cost", lambda _: 10**400).cost(CONFIG)
    assert str(error.value) == "trainable 'do_nothing': cost() returned a number too large"


@pytest.mark.parametrize("value", [0, 2, 2.5, np.float32(2.5), np.int64(2)])
def test_numbers_are_numbers(value):
    assert answering("stack_cost", lambda *_: value).stack_cost(CONFIG, 1) == float(value)


def test_by_default_stacking_gains_nothing_and_memory_is_not_known():
    estimates = answering("cost", lambda _: 2.0)
    assert [estimates.stack_cost(CONFIG, size) for size in (1, 4)] == [2.0, 8.0]
    assert estimates.memory_bytes(CONFIG, 4) == 0


@pytest.mark.parametrize("model", ["ssm", "ssm_mlp", "full_attention", "amor"])
def test_amor_knows_the_time_and_memory_of_its_stacks(model):
    trainable = AmorTrainable()
    config = trainable.config_model.model_validate({"task": {"name": "needle_haystack"}, "model": {"name": model}})
    estimates = Estimates(trainable)
    assert estimates.stack_cost(config, 1) == estimates.cost(config)
    memory = [estimates.memory_bytes(config, size) for size in (1, 2, 4, 8)]
    assert memory == sorted(memory)
    assert memory[0] > 10**8
