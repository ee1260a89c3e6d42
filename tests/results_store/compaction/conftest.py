"""Stores of many small files of every kind, and all that their views show."""

from types import SimpleNamespace

import pyarrow as pa
import pytest

import results_store
from results_store import Kind, Layout
from results_store.catalogue import VIEW_NAMES
from results_store.records import EntropyRecord, EpochRecord, GateRecord
from results_store.stores.publishing import encode, publish


def views_of(path):
    """Columns, types and rows of every view, and the different rows of every kind as they were published."""
    opened = results_store.open(path)
    queries = [f"SELECT * FROM {view}" for view in VIEW_NAMES]
    queries += [f"SELECT DISTINCT * FROM raw.{kind.value}" for kind in Kind]
    queries.append("SELECT * FROM raw.candidates")
    found = {}
    for query in queries:
        table = opened.sql(query).arrow()
        found[query] = (table.schema, sorted(map(repr, table.to_pylist())))
    return found


def files_of(path):
    return sorted(file.name for kind in Kind for file in (path / kind.value).glob("*"))


def publish_one(store, make, kind, number, value):
    """One file; `value` is of any type, and what is published depends on nothing but the arguments."""
    ids = {"trial_id": f"t{number}", "attempt_id": f"{number}-{value!r}"}
    match kind:
        case Kind.TRIALS:
            store.publish(
                [make.trial(**ids, minutes=number % 3, config={"x": value}, metrics={"test_accuracy": number})]
            )
        case Kind.STUDIES:
            variants = {"a": ["t0", "t1"], "b": [f"t{number}"]}
            store.publish([make.submission(variants, minutes=number, searches=make.searches(max_trials=3 + number))])
        case Kind.EPOCHS:
            store.publish([EpochRecord(**ids, epoch=epoch, metrics={"x": value}) for epoch in range(2)])
        case Kind.ENTROPY:
            store.publish([EntropyRecord(**ids, values={"x": value, "count": number})])
        case Kind.GATES:
            store.publish([GateRecord(**ids, values={"tokens": [number, 2], "gate": [True, None], "x": value})])
        case Kind.SEARCH:
            at = {"round_index": number // 2, "minutes": number % 3, "config": {"x": value}, "study": "demo"}
            events = ["asked", "told", "confirmed"][: 1 + number % 4]
            trial_ids = ["t0", f"t{number}"]
            store.publish([make.candidate(event, number, trial_ids=trial_ids, **at) for event in events])
        case Kind.FAILURES:
            store.publish([make.failure(f"t{number}", attempt_id=f"f{number}", gave_up=number % 2 == 0)])
        case Kind.RETRACTIONS:
            table = pa.table(
                {"trial_id": [ids["trial_id"]], "attempt_id": [ids["attempt_id"]], "reason": [repr(value)]}
            )
            publish(Layout(store.path), kind, encode(table))


@pytest.fixture(scope="session")
def shown() -> SimpleNamespace:
    return SimpleNamespace(views=views_of, files=files_of, publish=publish_one)


@pytest.fixture
def filled(store, make, shown):
    """Six files of each kind; every other trial is retracted."""
    for kind in Kind:
        for number in range(6):
            is_of_no_attempt = kind is Kind.RETRACTIONS and number % 2
            shown.publish(store, make, kind, number, "other" if is_of_no_attempt else 0.5 * number)
    return store
