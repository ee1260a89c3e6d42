"""The view `results` with the trials of searches."""

import pytest

import results_store
from results_store import retract


def rows(store, columns="*", where="true"):
    return results_store.open(store.path).sql(f"SELECT {columns} FROM results WHERE {where} ORDER BY member").rows()


@pytest.fixture
def filled(store, of, trials, make):
    second = of.info(search_id="b" * 32, variants=("x", "y"), max_trials=1)
    store.publish([of.submission(of.info(), second, variants={"plain": ["t0", "t1"]})])
    store.publish([of.asked(0), of.asked(1), of.told(0), of.told(1, state="pruned", seeds=[0], objective_values=None)])
    store.publish([of.asked(number, search_id="b" * 32) for number in range(2)])
    store.publish([of.confirmed(0, seeds=[8, 7]), of.confirmed(0, seeds=[7]), of.confirmed(0, study="another")])
    store.publish([make.trial("t0"), *trials(0, validation_accuracy=0.5), *trials(0, [7], test_accuracy=0.25)])
    return store


def test_members_go_on_by_search_variant_candidate_phase_and_seed(filled):
    found = rows(filled, "member, variant, phase, model_gate_scale, seed, state")
    assert found == [
        (0, "plain", "grid", 1.5, 0, "completed"),
        (1, "plain", "grid", 1.5, 1, "pending"),
        (2, "searched", "search", 1.0, 0, "completed"),
        (3, "searched", "search", 1.0, 1, "completed"),
        (4, "searched", "confirm", 1.0, 7, "completed"),
        (5, "searched", "confirm", 1.0, 8, "pending"),
        (6, "searched", "search", 2.0, 0, "pending"),
        (7, "x", "search", 1.0, 0, "completed"),
        (8, "x", "search", 1.0, 1, "completed"),
        (9, "y", "search", 1.0, 0, "completed"),
        (10, "y", "search", 1.0, 1, "completed"),
    ]
    assert rows(filled, "point, trainable, trainable_version", "member = 6") == [("model.gate.scale=2", "amor", 1)]
    assert len(results_store.open(filled.path).results("demo").rows()) == 11


def test_trials_of_searches_have_all_states(filled, of, make):
    retract(filled.path, of.trial_ids(0, [7]), why="wrong")
    filled.publish([make.failure(of.trial_ids(1, [0])[0])])
    assert rows(filled, "state", "member IN (4, 6)") == [("retracted",), ("failed",)]


def test_a_study_that_only_searches_has_no_rows_of_its_own(store, of):
    store.publish([of.submission()])
    assert rows(store) == []
    (study,) = results_store.open(store.path).sql("SELECT * FROM studies").dicts()
    assert (study["num_variants"], study["num_cells"], study["num_trials"], study["is_latest"]) == (0, 0, 0, True)
    assert study["searches"].startswith('[{"search_id"')
    store.publish([of.asked(0)])
    assert rows(store, "member, phase, state") == [(0, "search", "pending"), (1, "search", "pending")]


def test_without_searches_every_row_is_of_the_grid(store, make):
    store.publish([make.submission({"a": ["t"]})])
    assert rows(store, "phase") == [("grid",)]


def test_fields_of_members_and_candidates_come_together(store, of, make):
    members = make.submission({"a": ["t"]}).members
    store.publish([of.submission(of.info(), members=members)])
    store.publish([of.asked(0, config={"model": {"gate": {"scale": 2}, "name": ["x"]}, "extra": True})])
    assert rows(store, "model_gate_scale, model_attention_top_k, model_name, extra") == [
        (1.5, 3, "amor", None),
        *[(2.0, None, "[x]", True)] * 2,
    ]
