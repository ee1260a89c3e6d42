"""Optuna opens what is exported, and finds the same search."""

import optuna
import pytest
import told_search
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import results_store
from results_store.errors import ExportError
from results_store.search import export_journal, frozen_trials, read_searches


def opened(path):
    return JournalStorage(JournalFileBackend(str(path)))


@pytest.mark.parametrize("num_objectives", [1, 2, 3])
def test_optuna_finds_the_same_trials(store, weird_path, num_objectives):
    told_search.publish(store, told_search.info(num_objectives), confirm=(2,))
    history = results_store.open(store.path).search("gates")
    export_journal([history], weird_path / "gates.journal.log")
    study = optuna.load_study(study_name="gates", storage=opened(weird_path / "gates.journal.log"))
    assert [direction.name.lower() for direction in study.directions] == [
        objective.direction for objective in history.info.objectives
    ]
    assert study.metric_names == [objective.name for objective in history.info.objectives]
    assert len(study.trials) == 64
    for found, trial, candidate in zip(study.trials, frozen_trials(history), history.candidates, strict=True):
        assert (found.state, found.values) == (trial.state, trial.values)
        assert (found.params, found.distributions) == (trial.params, trial.distributions)
        assert {type(value) for value in found.params.values()} == {type(value) for value in trial.params.values()}
        assert list(found.constraints.values()) == list(candidate.violations)
        assert found.user_attrs.items() >= trial.user_attrs.items()
    best = {trial.number for trial in study.best_trials}
    assert best == {candidate.candidate for candidate in history.candidates if candidate.on_front}


def test_optuna_goes_on_from_there(store, tmp_path):
    told_search.publish(store)
    export_journal([results_store.open(store.path).search("gates")], tmp_path / "journal")
    study = optuna.load_study(study_name="gates", storage=opened(tmp_path / "journal"))
    trial = study.ask(dict(told_search.RANGES))
    study.tell(trial, [0.5, 0.1])
    assert trial.number == 64


def test_constraints_are_where_the_dashboard_looks_for_them(store, tmp_path):
    told_search.publish(store)
    export_journal([results_store.open(store.path).search("gates")], tmp_path / "journal")
    trial = optuna.load_study(study_name="gates", storage=opened(tmp_path / "journal")).trials[0]
    assert trial.system_attrs["constraints"] == list(trial.user_attrs["constraints"].values())
    assert list(trial.user_attrs["constraints"]) == ["validation_gate_rate <= 0.4"]


def test_the_same_search_gives_the_same_file(store, tmp_path):
    told_search.publish(store)
    for name in ("one", "two"):
        export_journal([results_store.open(store.path).search("gates")], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_several_searches_are_several_studies(store, tmp_path):
    infos = (
        told_search.info(variants=("one",), search_id="a" * 32),
        told_search.info(variants=("two",), search_id="b" * 32),
    )
    told_search.publish(store, *infos, num_candidates=8)
    export_journal(read_searches(results_store.open(store.path), "gates"), tmp_path / "journal")
    storage = opened(tmp_path / "journal")
    assert sorted(optuna.get_all_study_names(storage)) == ["gates one", "gates two"]
    assert len(optuna.load_study(study_name="gates two", storage=storage).trials) == 8


def test_nothing_is_overwritten(store, tmp_path):
    told_search.publish(store, num_candidates=8)
    history = results_store.open(store.path).search("gates")
    (tmp_path / "journal").write_text("mine")
    with pytest.raises(ExportError, match="is there already"):
        export_journal([history], tmp_path / "journal")
    assert (tmp_path / "journal").read_text() == "mine"
    with pytest.raises(ExportError, match="cannot be written: no such file or directory"):
        export_journal([history], tmp_path / "nowhere" / "journal")
