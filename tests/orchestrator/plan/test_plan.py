"""Plans: what is done, what runs, in which stacks and order, and what is to be warned of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.plan.forecast import Forecast, PastCell
from orchestrator.plan.plan import make_plan
from orchestrator.study.loading import load_study

TEXT = """\
schema_version: 1
name: plan
seeds: 3
base: {task: {name: simple_retrieval}, model: {name: amor}}
variants:
  ssm: {model.name: ssm}
  short: {training.epochs: 2}
  long: {training.epochs: 30}
  oracle: {model.gate.name: oracle}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(TEXT)
    return load_study(path)


def plan(study, done=(), only=(), past=(), source_hashes=None):
    return make_plan(
        study, done=done, shared=(), forecast=Forecast(past), source_hashes=source_hashes or {"here": 0}, only=only
    )


def test_the_longest_come_first(study):
    made = plan(study)
    costs = [study.trainable.cost(trial.cell.config) for trial in made.to_run]
    assert costs == sorted(costs, reverse=True)
    assert made.to_run[0].cell.variants == ("long",)


def test_only_leaves_the_others_alone(study):
    made = plan(study, only=["ssm"])
    assert {trial.cell.variants for trial in made.to_run} == {("ssm",)}
    assert len(made.left_out) == 9


@settings(deadline=None, max_examples=50)
@given(data=st.data(), size=st.integers(1, 5))
def test_stacks_hold_every_missing_trial_once_and_only_what_fits(study, data, size):
    all_ids = [trial.trial_id for trial in study.trials]
    done = data.draw(st.sets(st.sampled_from(all_ids)))
    made = plan(study, done)
    stacks = made.stacks(size)
    stacked = [trial.trial_id for stack in stacks for trial in stack]
    assert sorted(stacked) == sorted(set(all_ids) - done)
    assert all(1 <= len(stack) <= size for stack in stacks)
    for stack in stacks:
        assert len({study.trainable.stack_key(trial.cell.config) for trial in stack}) == 1


def test_forecasts_scale_the_most_similar_past_by_cost():
    past = [
        PastCell(leaves={("a",): 1, ("b",): 1}, cost=10.0, duration_s=20.0),
        PastCell(leaves={("a",): 2, ("b",): 1}, cost=10.0, duration_s=50.0),
    ]
    forecast = Forecast(past)
    assert forecast.total_s([({("a",): 1, ("b",): 7}, 5.0)]) == 10.0
    assert forecast.total_s([({("a",): 2, ("b",): 7}, 5.0), ({("a",): 1, ("b",): 1}, 1.0)]) == 27.0
    assert Forecast([]).total_s([({}, 1.0)]) is None


def test_rows_from_another_source_are_worth_a_warning(study):
    assert plan(study).warnings == ()
    (warning,) = plan(study, source_hashes={"here": 0, "there": 4}).warnings
    assert "4 from there" in warning
    assert "raise the version" in warning
