"""What waits for a measured value is resolved by the rows that count, and by nothing else."""

import math
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.space.measured import measured_value
from orchestrator.study.loading import load_study
from orchestrator.study.measuring import measure
from orchestrator.study.submission import submission_record
from results_store import FolderStore, retract
from results_store import open as open_results
from results_store.records import Provenance, TrialRecord

TEXT = """\
schema_version: 1
name: measured
trainable: do_nothing
seeds: {seeds}
base: {{spread: 0.5}}
variants:
  before: {{value: {value}}}
  source: {{}}
  after: {{value: 1.5}}
grid:
  epochs: {epochs}
"""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROVENANCE = Provenance(
    git_commit=None, git_dirty=None, source_hash="s", versions={}, host="h", cpu="c", threads=1, finished_at=NOW
)


def load(folder, value="{of: source, metric: score}", seeds=3, epochs="[1, 2]"):
    path = Path(folder) / "study.yaml"
    path.write_text(TEXT.format(value=value, seeds=seeds, epochs=epochs))
    return load_study(path)


def row(trial, score, status="completed", attempt="a", seconds=0):
    return TrialRecord(
        trial_id=trial.trial_id,
        attempt_id=f"{attempt} {trial.trial_id}",
        trainable="do_nothing",
        trainable_version=1,
        seed=trial.seed,
        status=status,
        config=trial.cell.config.model_dump(mode="json"),
        metrics={"score": score},
        duration_s=1.0,
        stack_size=1,
        provenance=replace(PROVENANCE, finished_at=NOW + timedelta(seconds=seconds)),
    )


def of_source(study):
    return [trial for trial in study.trials if "source" in trial.cell.variants]


def measured(study, store):
    return measure(study, open_results(store.path))


def waits(study, store):
    return [str(wait) for wait in measured(study, store).waits]


SCORES = st.floats(-1e6, 1e6)


@settings(max_examples=25, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=5), st.randoms())
def test_what_is_resolved_is_what_the_file_would_be_with_the_number_in_it(scores, rng):
    with tempfile.TemporaryDirectory() as folder:
        study = load(folder, seeds=len(scores), epochs="[1]")
        rows = [row(trial, score) for trial, score in zip(of_source(study), scores, strict=True)]
        rng.shuffle(rows)
        store = FolderStore(Path(folder) / "store")
        for one in rows:
            store.publish([one])
        found = measured(study, store)
        written = load(folder, value=repr(measured_value(scores)), seeds=len(scores), epochs="[1]")
        assert found.waits == ()
        assert found.study.cells == written.cells
        assert found.study.trials == written.trials
        assert submission_record(found.study).members == submission_record(written).members


def test_a_value_that_gives_a_cell_of_the_study_is_that_cell(tmp_path):
    study = load(tmp_path, epochs="[1]")
    store = FolderStore(tmp_path / "store")
    store.publish([row(trial, score) for trial, score in zip(of_source(study), (1.0, 2.0, 1.5), strict=True)])
    written = load(tmp_path, value="1.5", epochs="[1]")
    found = measured(study, store).study
    assert found.cells == written.cells
    assert ("before", "after") in {cell.variants for cell in found.cells}


def test_each_grid_point_is_resolved_for_itself_as_soon_as_it_can_be(tmp_path):
    study = load(tmp_path)
    store = FolderStore(tmp_path / "store")
    assert waits(study, store) == [
        "before (epochs=1): 0 of 3 seeds of source (epochs=1) are done",
        "before (epochs=2): 0 of 3 seeds of source (epochs=2) are done",
    ]
    store.publish([row(trial, trial.seed) for trial in of_source(study)[:5]])  # the second point lacks a seed
    found = measured(study, store)
    assert [str(wait) for wait in found.waits] == ["before (epochs=2): 2 of 3 seeds of source (epochs=2) are done"]
    assert [cell.config.epochs for cell in found.study.cells if "before" in cell.variants] == [1]
    store.publish([row(trial, trial.seed) for trial in of_source(study)[5:]])
    again, at_once = measured(found.study, store), measured(study, store)
    assert again.waits == at_once.waits == ()
    assert again.study.cells == at_once.study.cells


@pytest.mark.parametrize(
    ("score", "status", "reason"),
    [
        (None, "completed", "1 of 3 seeds of source have no score"),
        (math.nan, "completed", "1 of 3 seeds of source have no score"),
        (math.nan, "diverged", "1 of 3 seeds of source diverged"),
        (0.5, "pruned", "2 of 3 seeds of source are done"),
    ],
)
def test_no_replicate_is_averaged_away(tmp_path, score, status, reason):
    study = load(tmp_path, epochs="[1]")
    store = FolderStore(tmp_path / "store")
    first, *others = of_source(study)
    store.publish([row(first, score, status), *(row(trial, 0.25) for trial in others)])
    found = measured(study, store)
    assert [str(wait) for wait in found.waits] == [f"before: {reason}"]
    assert found.study.places == study.places


def test_a_value_that_the_key_refuses_is_told(tmp_path):
    path = tmp_path / "study.yaml"
    load(tmp_path, epochs="[1]")
    path.write_text(path.read_text().replace("value: {of", "spread: {of"))
    study = load_study(path)
    store = FolderStore(tmp_path / "store")
    store.publish([row(trial, -2.0) for trial in of_source(study)])
    assert waits(study, store) == [
        "before: score of source is -2.0, as spread: should be greater than or equal to 0 (got -2.0)"
    ]


def test_rows_that_count_decide_and_withdrawn_ones_do_not(tmp_path):
    study = load(tmp_path, epochs="[1]")
    store = FolderStore(tmp_path / "store")
    store.publish([row(trial, 0.25, attempt="first", seconds=1) for trial in of_source(study)])
    store.publish([row(of_source(study)[0], 0.5, attempt="second", seconds=2)])  # a second driver's: it does not count
    (value,) = {cell.config.value for cell in measured(study, store).study.cells if "before" in cell.variants}
    assert value == 0.25
    retract(store.path, [of_source(study)[0].trial_id], why="wrong")
    assert waits(study, store) == ["before: 2 of 3 seeds of source are done"]
    store.publish([row(of_source(study)[0], 0.55, attempt="third", seconds=3)])
    (value,) = {cell.config.value for cell in measured(study, store).study.cells if "before" in cell.variants}
    assert value == 0.35


def test_differences_behind_the_last_decimal_make_no_other_cell(tmp_path):
    rng = random.Random(0)
    ids = set()
    for number in range(3):
        study = load(tmp_path, epochs="[1]")
        store = FolderStore(tmp_path / f"store {number}")
        store.publish([row(trial, 0.21724 + rng.uniform(-1e-5, 1e-5)) for trial in of_source(study)])
        ids |= {cell.cell_id for cell in measured(study, store).study.cells if "before" in cell.variants}
    assert len(ids) == 1
