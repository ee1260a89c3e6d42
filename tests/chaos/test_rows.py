"""The judge itself: what is lost, twice or wrong is found, and so is a fault that did not happen."""

from dataclasses import replace

import pytest

import orchestrator
from tests.chaos.outcome import Outcome
from tests.chaos.rows import Findings, differences, rows_of
from tests.chaos.studies import chaotic_study


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth")
    options = orchestrator.SubmitOptions(executor="inline")
    orchestrator.submit(chaotic_study(folder, 45), store=folder / "store", options=options)
    return rows_of(folder / "store")


def changed(rows, view, key, copies):
    """The rows with those of one key replaced."""
    of_view = {**rows.by_key[view], key: copies}
    return replace(rows, by_key={**rows.by_key, view: {key: copies for key, copies in of_view.items() if copies}})


def first(rows, view):
    return next(iter(rows.by_key[view].items()))


def test_the_study_has_numbers_of_every_kind(truth):
    rows = [dict(row) for copies in truth.by_key["results"].values() for row in copies]
    assert {row["state"] for row in rows} == {"'completed'", "'diverged'"}
    assert {"nan", "None"} <= {row[name] for row in rows for name in ("score", "rare")}
    assert len(truth.by_key["epochs"]) == 2 * len(truth.trial_ids)
    assert len(truth.by_key["entropy"]) == 3 * len(truth.trial_ids)
    assert len(rows) > len(truth.trial_ids), "one trial under two names"
    assert {"weights" in row for row in rows} == {True, False}


def test_nothing_is_found_where_nothing_differs(truth):
    assert differences(truth, truth) == Findings()


@pytest.mark.parametrize("view", ["trials", "epochs", "entropy", "results"])
def test_a_row_that_differs_is_wrong_and_a_second_one_is_twice(truth, view):
    key, (row,) = first(truth, view)
    other = tuple((name, "0x1.8p+0" if name in ("score", "train_loss", "share") else text) for name, text in row)
    assert other != row
    assert differences(changed(truth, view, key, [other]), truth).wrong == {key[0]}
    assert differences(changed(truth, view, key, [row, row]), truth).twice == {key[0]}


@pytest.mark.parametrize(("view", "is_lost"), [("trials", True), ("epochs", False), ("entropy", False)])
def test_a_row_that_is_missing(truth, view, is_lost):
    key, _ = first(truth, view)
    findings = differences(changed(truth, view, key, []), truth)
    assert (findings.lost, findings.wrong) == ((({key[0]}), set()) if is_lost else (set(), {key[0]}))


def test_a_trial_that_is_pending_in_a_study_is_lost(truth):
    key, (row,) = first(truth, "results")
    pending = tuple((name, "'pending'" if name == "state" else text) for name, text in row)
    assert differences(changed(truth, "results", key, [pending]), truth).lost == {key[0]}


def test_a_table_that_differs_is_wrong(truth):
    assert differences(replace(truth, tables={}), truth).wrong


@pytest.mark.parametrize("bad", ["num_lost", "num_twice", "num_wrong", "num_damaged", "num_orphans"])
def test_an_outcome_is_clean_only_if_the_fault_happened_and_did_nothing(bad):
    outcome = Outcome(part="any", injected="any", where="any", num_injected=1, num_trials=1, num_again=1)
    assert outcome.is_clean
    assert not replace(outcome, num_injected=0).is_clean
    assert not replace(outcome, **{bad: 1}).is_clean
