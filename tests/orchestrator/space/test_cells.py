"""Equal configurations are one cell, which keeps its weights if any of them asks for it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.space.cells import cell_of
from orchestrator.space.trial import by_id, trials_of
from orchestrator.study.loading import load_study
from orchestrator.trainables.loading import load_trainable

BASE = """\
schema_version: 1
name: cells
seeds: 2
base: {task: {name: needle_haystack}, model: {name: ssm}}
"""


@pytest.fixture
def cells(tmp_path):
    def load(text, *settings):
        path = tmp_path / "cells.yaml"
        path.write_text(BASE + text)
        return {cell.variants: cell.saves_weights for cell in load_study(path, settings).cells}

    return load


def test_variants_that_differ_in_it_are_one_cell_whatever_their_order(cells):
    asks, does_not = "{training.save_weights: true}", "{training.save_weights: false}"
    for first, second in [(asks, does_not), (does_not, asks), (asks, "{}"), ("{}", asks), (asks, asks)]:
        assert cells(f"variants: {{a: {first}, b: {second}, c: {{training.epochs: 2}}}}") == {
            ("a", "b"): True,
            ("c",): False,
        }
    assert cells(f"variants: {{a: {{}}, b: {does_not}}}") == {("a", "b"): False}


def test_settings_win(cells):
    assert cells("variants: {a: {}, b: {training.epochs: 2}}", "training.save_weights=true") == {
        ("a",): True,
        ("b",): True,
    }


def test_what_has_no_weights_keeps_none(cells):
    text = "variants: {rule: {model: {name: heuristic, rule: uniform}, training.save_weights: true}}"
    assert cells(text) == {("rule",): False}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.booleans()), max_size=8))
def test_a_trial_of_several_cells_is_trained_once_and_keeps_its_weights_if_one_asks(asked):
    amor = load_trainable("amor")
    trials = []
    for name, seed, keeps in asked:
        data = {
            "task": {"name": "simple_retrieval", "vocab_size": 4 + ord(name) % 3},
            "model": {"name": "ssm"},
            "training": {"save_weights": keeps},
        }
        cell = cell_of(amor, amor.config_model.model_validate_json(json.dumps(data)), {}, (name,))
        trials += trials_of(amor, cell, {}, [seed])
    found = by_id(trials)
    assert list(found) == list(dict.fromkeys(trial.trial_id for trial in trials))
    for trial_id, trial in found.items():
        assert trial.trial_id == trial_id
        assert trial.cell.saves_weights == any(
            other.cell.saves_weights for other in trials if other.trial_id == trial_id
        )
