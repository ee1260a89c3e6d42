"""From a row and the submissions that list it back to how the trial was trained."""

import dataclasses
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import unsteady
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import UsageError
from orchestrator.replay.reconstruction import reconstruct
from orchestrator.replay.recorded import read_recorded
from orchestrator.study.loading import load_study
from orchestrator.study.submission import submission_record
from results_store import FolderStore
from results_store import open as open_results
from results_store.records import Provenance, TrialRecord

PROVENANCE = Provenance(
    git_commit="0123456789abcdef",
    git_dirty=False,
    source_hash="s",
    versions={"python": "3"},
    host="h",
    cpu="c",
    threads=1,
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
)

SEEDS = st.integers(0, 2**63 - 1)
PINS = st.one_of(SEEDS, st.fixed_dictionaries({"offset": st.integers(-1000, 1000)}))


def rows_of(study):
    return [
        TrialRecord(
            trial_id=trial.trial_id,
            attempt_id=f"attempt of {trial.trial_id}",
            trainable=study.trainable.name,
            trainable_version=study.trainable.version,
            seed=trial.seed,
            status="completed",
            config=trial.cell.config.model_dump(mode="json"),
            metrics={"score": 0.5},
            duration_s=1.0,
            stack_size=1,
            provenance=PROVENANCE,
        )
        for trial in study.trials
    ]


def recorded(folder, data, *arguments, change=None):
    """A store with a study and a row for each of its trials."""
    path = Path(folder) / "study.yaml"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    study = load_study(path, arguments)
    rows = rows_of(study)
    store = FolderStore(Path(folder) / "store")
    store.publish([submission_record(study)])
    store.publish([change(row) for row in rows] if change else rows)
    return study, open_results(store.path)


AMOR = {"task": {"name": "simple_retrieval"}, "model": {"name": "ssm"}}


def study_data(**changes):
    return {"schema_version": 1, "name": "s", "trainable": "unsteady:Unsteady", "seeds": [3], **changes}


@settings(max_examples=25, deadline=None)
@given(
    seeds=st.lists(SEEDS, min_size=1, max_size=3, unique=True),
    randomness=st.dictionaries(st.sampled_from(["data", "noise"]), PINS),
    levels=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3, unique=True),
    level_set=st.none() | st.floats(-1e6, 1e6),
    pin_set=st.none() | SEEDS,
    seeds_set=st.none() | st.integers(1, 3),
)
def test_every_trial_gives_its_id_again(seeds, randomness, levels, level_set, pin_set, seeds_set):
    arguments = []
    if level_set is not None:
        arguments.append(f"level={level_set!r}")
    if pin_set is not None:
        arguments.append(f"randomness.data={pin_set}")
    if seeds_set is not None:
        arguments.append(f"seeds={seeds_set}")
    data = study_data(seeds=seeds, randomness=randomness, grid={"level": levels})
    with tempfile.TemporaryDirectory() as folder:
        study, results = recorded(folder, data, *arguments)
        for trial in study.trials:
            row = read_recorded(results, trial.trial_id).trial
            recipe = reconstruct(results, row)
            assert recipe.pins == study.pins
            assert recipe.trainable.config_model.model_validate(row.config) == trial.cell.config
            assert (row.seed, row.metrics) == (trial.seed, {"score": 0.5})


@pytest.mark.parametrize(("trainable", "base"), [("amor", AMOR), ("do_nothing", {})])
def test_built_in_trainables_need_no_submission_unless_streams_are_pinned(tmp_path, trainable, base):
    study, results = recorded(tmp_path, study_data(trainable=trainable, base=base))
    trial_id = study.trials[0].trial_id
    row = read_recorded(results, trial_id).trial
    for file in (tmp_path / "store" / "studies").iterdir():
        file.unlink()
    assert reconstruct(open_results(tmp_path / "store"), row).pins == {}


def test_without_a_submission_nothing_tells_where_the_trainable_is(tmp_path):
    study, results = recorded(tmp_path, study_data())
    row = read_recorded(results, study.trials[0].trial_id).trial
    for file in (tmp_path / "store" / "studies").iterdir():
        file.unlink()
    with pytest.raises(UsageError, match="no submission in the store lists it"):
        reconstruct(open_results(tmp_path / "store"), row)


def test_lost_pins_are_found_out(tmp_path):
    study, results = recorded(tmp_path, study_data(trainable="amor", base=AMOR, randomness={"test_data": 43}))
    row = read_recorded(results, study.trials[0].trial_id).trial
    assert reconstruct(results, row).pins == {"test_data": 43}
    for file in (tmp_path / "store" / "studies").iterdir():
        file.unlink()
    with pytest.raises(UsageError, match=r"without pinned streams .*, its configuration and seed make trial"):
        reconstruct(open_results(tmp_path / "store"), row)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"config": {"epochs": 3, "level": 0.25, "random": False}},
    ],
)
def test_a_row_that_does_not_give_its_id_is_not_replayed(tmp_path, change):
    study, results = recorded(tmp_path, study_data(), change=lambda row: dataclasses.replace(row, **change))
    row = read_recorded(results, study.trials[0].trial_id).trial
    with pytest.raises(UsageError, match="they are not what it was trained with"):
        reconstruct(results, row)


def test_any_submission_that_lists_the_trial_will_do(tmp_path, monkeypatch):
    """The latest cannot be read any more; an earlier one can."""
    study, _ = recorded(tmp_path, study_data(randomness={"data": 1}))
    torn = dataclasses.replace(submission_record(study), file_text="schema_version: 7\nname: s\n", settings=())
    FolderStore(tmp_path / "store").publish([torn])
    results = open_results(tmp_path / "store")
    row = read_recorded(results, study.trials[0].trial_id).trial
    assert reconstruct(results, row).pins == {"data": 1}


def test_another_version_is_refused_with_the_commit(tmp_path, monkeypatch):
    study, results = recorded(tmp_path, study_data())
    row = read_recorded(results, study.trials[0].trial_id).trial
    monkeypatch.setattr(unsteady.Unsteady, "version", 2)
    with pytest.raises(UsageError) as refusal:
        reconstruct(results, row)
    assert str(refusal.value).endswith(
        "recorded by version 1 of 'unsteady'; installed is version 2: check out commit 0123456789abcdef to replay it"
    )


def test_a_renamed_trainable_is_refused(tmp_path, monkeypatch):
    study, results = recorded(tmp_path, study_data())
    row = read_recorded(results, study.trials[0].trial_id).trial
    monkeypatch.setattr(unsteady.Unsteady, "name", "shaky")
    with pytest.raises(UsageError, match="is called 'shaky' now; it was recorded by 'unsteady'"):
        reconstruct(results, row)


def test_a_configuration_that_is_refused_now(tmp_path, monkeypatch):
    study, results = recorded(
        tmp_path, study_data(), change=lambda row: dataclasses.replace(row, config={**row.config, "gone": 1})
    )
    row = read_recorded(results, study.trials[0].trial_id).trial
    with pytest.raises(UsageError, match="refuses its recorded configuration: gone: unknown key"):
        reconstruct(results, row)
