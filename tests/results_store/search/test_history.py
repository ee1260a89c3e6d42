"""A search read back as values, and as a study of Optuna."""

import optuna
import pytest
import told_search
from optuna.trial import TrialState

import results_store
from results_store import StoreError, UnknownNameError
from results_store.search import frozen_trials, optuna_study, read_searches


@pytest.fixture
def history(store):
    told_search.publish(store, confirm=(2, 9))
    return results_store.open(store.path).search("gates")


def test_every_candidate_is_there_with_what_came_of_it(history):
    assert [candidate.candidate for candidate in history.candidates] == list(range(64))
    assert {candidate.state for candidate in history.candidates} == {"completed", "failed", "pruned"}
    for candidate in history.candidates:
        assert ("model.gate.scale" in candidate.parameters) == (candidate.parameters["model.gate.name"] == "entropy")
        assert bool(candidate.values) == candidate.is_completed == (candidate.is_feasible is not None)
        assert candidate.round_index == candidate.candidate // 8
        assert candidate.told_at > candidate.asked_at


def test_values_are_those_of_the_replicates_of_the_search(history):
    for candidate in history.completed:
        assert len(candidate.trial_ids) == 3
        for value, replicates in zip(candidate.values, candidate.replicates, strict=True):
            assert value == pytest.approx(sum(replicates) / 3)
    assert {len(candidate.replicates[0]) for candidate in history.candidates if candidate.state == "pruned"} == {1}


def test_confirming_replicates_are_of_the_test_split_and_no_part_of_the_search(history):
    assert history.confirmed_metrics == ("test_retrieval_accuracy", "test_gate_rate")
    confirmed = [candidate for candidate in history.candidates if candidate.confirmed]
    assert [candidate.candidate for candidate in confirmed] == [2, 9]
    assert all(len(values) == 10 for candidate in confirmed for values in candidate.confirmed)


def test_an_objective_that_is_a_parameter_is_its_own_replicate(store):
    told_search.publish(store, told_search.info(3), confirm=(2,))
    candidate = results_store.open(store.path).search("gates").candidates[2]
    length = candidate.parameters["task.noise_length"]
    assert list(candidate.replicates[2]) == [length] * 3
    assert list(candidate.confirmed[2]) == [length] * 10


def test_a_candidate_whose_trials_are_withdrawn_is_told_apart(store):
    told_search.publish(store, num_candidates=8)
    completed = results_store.open(store.path).search("gates").completed[0]
    results_store.retract(store.path, [completed.trial_ids[0]], why="wrong")
    history = results_store.open(store.path).search("gates")
    again = history.candidates[completed.candidate]
    assert again.state == "retracted"
    assert again.values == ()
    assert frozen_trials(history)[completed.candidate].state is TrialState.FAIL


def test_one_of_several_searches_is_chosen_by_variant_or_id(store):
    infos = (
        told_search.info(variants=("one",), search_id="a" * 32),
        told_search.info(variants=("two",), search_id="b" * 32),
    )
    told_search.publish(store, *infos, num_candidates=8)
    results = results_store.open(store.path)
    assert results.search("gates", "two").info.search_id == "b" * 32
    assert results.search("gates", "aaaa").info.variants == ("one",)
    assert [history.name for history in read_searches(results, "gates")] == ["gates one", "gates two"]
    with pytest.raises(UnknownNameError, match=r"several searches; name one of: one \(aaaaaaaa\); two \(bbbbbbbb\)"):
        results.search("gates")
    with pytest.raises(UnknownNameError, match="has no search 'three'"):
        results.search("gates", "three")


def test_searches_of_one_variant_are_told_apart_by_their_ids(store):
    told_search.publish(
        store, told_search.info(search_id="a" * 32), told_search.info(search_id="b" * 32), num_candidates=8
    )
    names = [history.name for history in read_searches(results_store.open(store.path), "gates")]
    assert names == ["gates searched aaaaaaaa", "gates searched bbbbbbbb"]


def test_searches_of_one_variant_are_told_apart_by_their_grid_points(store):
    infos = [told_search.info(search_id=f"{n}" * 32, point=f"epochs={n}") for n in (1, 2)]
    told_search.publish(store, *infos, num_candidates=8)
    results = results_store.open(store.path)
    names = [history.name for history in read_searches(results, "gates")]
    assert names == ["gates searched, epochs=1", "gates searched, epochs=2"]
    assert results.search("gates", "searched, epochs=2").info.search_id == "2" * 32
    with pytest.raises(UnknownNameError, match=r"name one of: searched, epochs=1 \(11111111\); searched, epochs=2"):
        results.search("gates", "searched")
    assert {line.label.partition(": ")[0] for line in results.table("gates", "importances").lines} == {
        "searched, epochs=1",
        "searched, epochs=2",
    }


def test_a_candidate_is_confirmed_when_every_seed_came_to_a_number(store):
    told_search.publish(store, confirm=(2, 9))
    (trial_id,) = (
        results_store.open(store.path)
        .sql("SELECT trial_ids[1] FROM raw.search WHERE event = 'confirmed' AND candidate = 9")
        .rows()[0]
    )
    results_store.retract(store.path, [trial_id], why="wrong")
    history = results_store.open(store.path).search("gates")
    confirmed = {one.candidate: one.is_confirmed for one in history.candidates if one.confirmed}
    assert confirmed == {2: True, 9: False}
    figure = results_store.open(store.path).figure("gates", "front")
    assert "winners, confirmed (n=1)" in [text.get_text() for text in figure.legends[0].get_texts()]
    said = figure.get_supxlabel().replace("\n", " ")
    assert "1 winner is without a diamond: not every fresh seed came to a number." in said
    assert "mean over 10 fresh seeds" in said


def test_a_study_without_a_search_is_refused_clearly(store, make):
    store.publish([make.submission({"base": ["t1"]})])
    results = results_store.open(store.path)
    with pytest.raises(UnknownNameError, match="study 'demo' has no search"):
        results.search("demo")
    with pytest.raises(UnknownNameError, match="no study 'other'"):
        results.search("other")
    assert "importances" not in results.tables("demo")


def test_optuna_sees_the_same_candidates(history):
    study = optuna_study(history)
    assert [trial.number for trial in study.trials] == [candidate.candidate for candidate in history.candidates]
    for trial, candidate in zip(study.trials, history.candidates, strict=True):
        assert trial.params == candidate.parameters
        assert trial.state.name == {"completed": "COMPLETE", "failed": "FAIL", "pruned": "PRUNED"}[candidate.state]
        assert (trial.values or []) == list(candidate.values)
        assert list(trial.constraints.values()) == list(candidate.violations)
        assert trial.user_attrs["cell_id"] == candidate.cell_id
        assert trial.distributions.keys() == candidate.parameters.keys()
        assert all(told_search.RANGES[name] == found for name, found in trial.distributions.items())
    assert {trial.number for trial in study.best_trials} == {
        candidate.candidate for candidate in history.candidates if candidate.on_front
    }
    assert len(study.trials[2].user_attrs["confirmed test_gate_rate"]) == 10
    assert study.trials[0].constraints.keys() == {"validation_gate_rate <= 0.4"}


def test_optuna_keeps_its_settings(history):
    verbosity = optuna.logging.get_verbosity()
    optuna_study(history)
    assert optuna.logging.get_verbosity() == verbosity


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"name": "FloatDistribution", "attributes": {}}', "[1"])
def test_ranges_that_make_no_sense_are_said_so(store, text):
    of = told_search.info()
    told_search.publish(
        store, told_search.info(parameters={**of.parameters, "model.gate.name": text}), num_candidates=8
    )
    with pytest.raises(StoreError, match=r"what the store holds on the range of 'model.gate.name'"):
        optuna_study(results_store.open(store.path).search("gates"))


def test_values_out_of_their_range_are_said_so(store):
    narrow = optuna.distributions.FloatDistribution(0.0, 1e-6)
    of = told_search.info(ranges={**told_search.RANGES, told_search.RATE: narrow})
    told_search.publish(store, of, num_candidates=8)
    with pytest.raises(StoreError, match="what the store holds on candidate 0"):
        optuna_study(results_store.open(store.path).search("gates"))
