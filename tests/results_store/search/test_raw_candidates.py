"""Which of the rows of a search counts: the earliest that asks, and the latest that tells of the same cell."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import results_store
from results_store import FolderStore, compact


def rows(store, sql="SELECT * FROM raw.candidates ORDER BY search_id, candidate"):
    return results_store.open(store.path).sql(sql).dicts()


def test_there_is_none_in_an_empty_store(store):
    assert rows(store) == []


def test_it_is_pending_until_it_is_told(store, of):
    store.publish([of.asked(0, num_invalid=3)])
    (row,) = rows(store)
    assert (row["state"], row["told_at"], row["reason"], row["seeds"]) == (None, None, "", [0, 1])
    assert (row["trial_ids"], row["model_gate_scale"], row["num_invalid"]) == (of.trial_ids(0, [0, 1]), 1.0, 3)
    store.publish([of.told(0, 0.75, seeds=[0], reason="enough")])
    (row,) = rows(store)
    assert (row["state"], row["objective_values"], row["seeds"]) == ("completed", [0.75], [0])
    assert (row["trial_ids"], row["reason"]) == (of.trial_ids(0, [0]), "enough")
    assert row["told_at"] > row["asked_at"]


def test_what_was_asked_first_stays_and_the_latest_word_of_it_counts(store, of):
    store.publish([of.asked(0, minutes=1, cell_id="b" * 32, point="late")])
    store.publish([of.asked(0, cell_id="a" * 32, point="first")])
    store.publish([of.asked(0, cell_id="b" * 32, point="as early")])
    store.publish([of.told(0, 0.1, cell_id="a" * 32), of.told(0, 0.2, cell_id="a" * 32, minutes=30)])
    store.publish([of.told(0, 0.3, cell_id="b" * 32, minutes=40)])
    (row,) = rows(store)
    assert (row["point"], row["objective_values"]) == ("first", [0.2])


def test_what_was_told_of_another_cell_only_is_not_told(store, of):
    store.publish([of.asked(0), of.told(0, cell_id="b" * 32), of.told(1)])
    assert [(row["candidate"], row["state"]) for row in rows(store)] == [(0, None)]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["asked", "told"]), st.integers(0, 2), st.sampled_from("ab"), st.integers(0, 2)),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.randoms())
def test_it_follows_the_rule_whatever_the_order_of_publishing(tmp_path_factory, of, events, random):
    store = FolderStore(tmp_path_factory.mktemp("store") / "results")
    values = itertools.count()
    records = [
        getattr(of, event)(number, minutes=minutes, cell_id=cell * 32)
        if event == "asked"
        else of.told(number, next(values), minutes=minutes, cell_id=cell * 32)
        for event, number, cell, minutes in events
    ]
    expected = {}
    for record in sorted(records, key=lambda record: (record.recorded_at, record.cell_id), reverse=True):
        if record.event == "asked":
            expected[record.candidate] = (record.cell_id, None)
    for number, (cell, _) in expected.items():
        told = [r for r in records if r.event == "told" and (r.candidate, r.cell_id) == (number, cell)]
        if told:
            last = max(record.recorded_at for record in told)
            least = min(record.objective_values for record in told if record.recorded_at == last)
            expected[number] = (cell, least)
    random.shuffle(records)
    for record in records:
        store.publish([record])
    found = rows(store)
    assert {row["candidate"]: (row["cell_id"], row["objective_values"]) for row in found} == expected
    compact(store.path)
    assert rows(store) == found


@pytest.mark.parametrize("query", ["SELECT candidate FROM raw.candidates", 'SELECT candidate FROM "raw"."candidates"'])
def test_it_is_found_by_its_name(store, of, query):
    store.publish([of.asked(4)])
    assert rows(store, query) == [{"candidate": 4}]
