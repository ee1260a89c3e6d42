"""Plans: what is done, what runs, in which stacks and order, and what is to be warned of."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.executors.capacity import Capacity
from orchestrator.plan.forecast import Forecast, PastCell
from orchestrator.plan.history import plan_study
from orchestrator.plan.plan import make_plan
from orchestrator.plan.stacking import make_stacks
from orchestrator.study.loading import load_study
from orchestrator.study.measuring import Wait
from orchestrator.trainables.amor import AmorTrainable
from orchestrator.trainables.estimates import Estimates
from results_store import FolderStore
from results_store import open as open_results
from results_store.records import Provenance, TrialRecord

TWO_WORKERS = Capacity(num_workers=2, memory_per_worker_bytes=4 * 10**9)

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


def plan(study, done=(), only=(), past=(), source_hashes=None, stack_size=None, waits=()):
    return make_plan(
        study,
        done=done,
        shared=(),
        forecast=Forecast(past),
        source_hashes=source_hashes or {"here": 0},
        capacity=TWO_WORKERS,
        stack_size=stack_size,
        only=only,
        waits=waits,
    )


WAITING = """\
schema_version: 1
name: waiting
seeds: 3
base: {task: {name: simple_retrieval}, model: {name: amor}}
variants:
  source: {}
  control: {model.gate: {name: random, rate: RATE}}
grid: {training.epochs: [2, 30]}
"""


def test_what_waits_is_foreseen_as_if_its_values_were_in_the_middle(tmp_path):
    path = tmp_path / "waiting.yaml"
    path.write_text(WAITING.replace("RATE", "{of: source, metric: validation_gate_rate}"))
    waiting = load_study(path)
    path.write_text(WAITING.replace("RATE", "0.5"))
    known = load_study(path)
    leaves = known.cells[0].leaves()
    past = [PastCell(leaves=leaves, cost=known.trainable.cost(known.cells[0].config), duration_s=60.0)]
    planned, expected = (plan(study, past=past, stack_size=1) for study in (waiting, known))
    assert planned.num_waiting == 2 * 3
    assert planned.cpu_hours == pytest.approx(expected.cpu_hours)
    assert planned.num_stacks == expected.num_stacks == 4 * 3
    assert len(planned.to_run) == len(waiting.trials) == 2 * 3


def test_what_is_not_wanted_is_not_waited_for(tmp_path):
    path = tmp_path / "waiting.yaml"
    path.write_text(WAITING.replace("RATE", "{of: source, metric: validation_gate_rate}"))
    wait = Wait(variant="control", point="", reason="later")
    study = load_study(path)
    assert (plan(study, waits=[wait]).waits, plan(study, waits=[wait], only=["control"]).waits) == ((wait,), (wait,))
    without = plan(study, waits=[wait], only=["source"])
    assert (without.num_waiting, without.waits) == (0, ())


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
@given(data=st.data(), size=st.none() | st.integers(1, 5))
def test_stacks_hold_every_missing_trial_once_and_only_what_fits(study, data, size):
    all_ids = [trial.trial_id for trial in study.trials]
    done = data.draw(st.sets(st.sampled_from(all_ids)))
    made = plan(study, done, stack_size=size)
    stacks = make_stacks(made.to_run, Estimates(made.study.trainable), TWO_WORKERS, size)
    assert len(stacks) == made.num_stacks
    assert sorted(trial.trial_id for stack in stacks for trial in stack.trials) == sorted(set(all_ids) - done)
    for stack in stacks:
        assert len(stack.trials) <= (size or 16)
        assert len({study.trainable.stack_key(trial.cell.config) for trial in stack.trials}) == 1


def test_forecasts_scale_the_most_similar_past_by_cost():
    past = [
        PastCell(leaves={("a",): 1, ("b",): 1}, cost=10.0, duration_s=20.0),
        PastCell(leaves={("a",): 2, ("b",): 1}, cost=10.0, duration_s=50.0),
    ]
    forecast = Forecast(past)
    assert forecast.total_s([({("a",): 1, ("b",): 7}, 5.0)]) == 10.0
    assert forecast.total_s([({("a",): 2, ("b",): 7}, 5.0), ({("a",): 1, ("b",): 1}, 1.0)]) == 27.0
    assert Forecast([]).total_s([({}, 1.0)]) is None


@pytest.mark.parametrize(("past_size", "size"), [(1, 1), (1, 3), (3, 1), (3, 3)])
def test_forecasts_hold_for_stacks_of_other_sizes_than_the_past_ones(tmp_path, past_size, size):
    path = tmp_path / "plan.yaml"
    path.write_text(TEXT[: TEXT.index("variants")])
    study = load_study(path)
    (cell,) = study.cells
    share = {number: study.trainable.stack_cost(cell.config, number) / number for number in (1, 3)}
    assert share[1] != share[3]
    store = FolderStore(tmp_path / "store")
    store.publish([_record(cell, seed, past_size, 720.0 * share[past_size] / share[1]) for seed in (7, 8, 9)])
    made = plan_study(study, store, open_results(store.path), capacity=TWO_WORKERS, stack_size=size)
    assert made.num_stacks == 3 / size
    assert made.cpu_hours == pytest.approx(3 * 0.2 * share[size] / share[1])


@pytest.mark.parametrize("changes", [{"stack_size": 0}, {"stack_size": None}, {"duration_s": None}, {"stack_size": -1}])
def test_rows_without_a_time_per_trial_are_of_no_use_for_a_forecast(tmp_path, study, changes):
    store = FolderStore(tmp_path / "store")
    store.publish([_record(study.cells[0], 7, 1, 720.0)])
    (path,) = store.path.rglob("*.parquet")
    table = pq.read_table(path)
    for name, value in changes.items():
        column = pa.array([value] * len(table), table.schema.field(name).type)
        nullable = table.schema.field(name).with_nullable(True)
        table = table.set_column(table.schema.get_field_index(name), nullable, column)
    pq.write_table(table, path)
    made = plan_study(study, store, open_results(store.path), capacity=TWO_WORKERS)
    assert made.cpu_hours is None


def test_rows_whose_estimate_fails_are_of_no_use_for_a_forecast(tmp_path, study, monkeypatch):
    store = FolderStore(tmp_path / "store")
    store.publish([_record(study.cells[0], 7, 16, 720.0)])
    stack_cost = AmorTrainable.stack_cost
    monkeypatch.setattr(
        AmorTrainable, "stack_cost", lambda self, config, size: stack_cost(self, config, size) if size < 16 else 1 / 0
    )
    made = plan_study(study, store, open_results(store.path), capacity=TWO_WORKERS, stack_size=1)
    assert made.cpu_hours is None


def _record(cell, seed, stack_size, duration_s):
    return TrialRecord(
        trial_id=f"{seed:032x}",
        attempt_id=f"{seed:016x}",
        trainable="amor",
        trainable_version=AmorTrainable.version,
        seed=seed,
        status="completed",
        config=cell.config.model_dump(mode="json"),
        metrics={"test_accuracy": 0.5},
        duration_s=duration_s,
        stack_size=stack_size,
        provenance=Provenance(
            git_commit=None,
            git_dirty=None,
            source_hash="s",
            versions={},
            host="host",
            cpu="cpu",
            threads=1,
            finished_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )


def test_rows_from_another_source_are_worth_a_warning(study):
    assert plan(study).warnings == ()
    (warning,) = plan(study, source_hashes={"here": 0, "there": 4}).warnings
    assert "4 from there" in warning
    assert "raise the version" in warning
