"""What every store promises, asked of every implementation."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from results_store import FolderStore, Kind, Layout, MemoryStore, RecordError, Store, WeightsError
from results_store.records import EntropyRecord, EpochRecord, GateRecord, RetractionRecord
from results_store.search import SearchInfo


@pytest.fixture(params=["folder", "memory"])
def store(request, weird_path) -> Store:
    makers: dict[str, Callable[[], Store]] = {
        "folder": lambda: FolderStore(weird_path / "results"),
        "memory": MemoryStore,
    }
    return makers[request.param]()


def test_empty_store_knows_nothing(store):
    assert store.published(["a"]) == set()
    assert store.finished(["t"]) == {}
    assert all(store.rows(kind) == [] for kind in Kind)


def test_nothing_is_published_for_no_records(store):
    store.publish([])
    assert store.rows(Kind.TRIALS) == []


def test_a_trial_comes_back_as_it_was(store, make):
    metrics = {"test_accuracy": 0.1, "train_loss": math.inf, "num_parameters": 3, "undefined": None}
    store.publish([make.trial("t", metrics=metrics)])
    (row,) = store.rows(Kind.TRIALS)
    assert row["trial_id"] == "t"
    assert row["model_gate_scale"] == 1.5
    assert row["model_attention_top_k"] == 3
    assert row["test_accuracy"] == 0.1
    assert row["train_loss"] == math.inf
    assert "undefined" not in row
    assert row["finished_at"] == make.start.replace(tzinfo=None)
    assert row["versions"] == '{"torch": "2.13"}'


def test_nan_stays_nan_and_is_not_missing(store, make):
    store.publish([make.trial("t", metrics={"train_loss": math.nan})])
    assert math.isnan(store.rows(Kind.TRIALS)[0]["train_loss"])


def test_published_tells_attempts_whatever_their_status(store, make):
    store.publish([make.trial("t", status="pruned"), make.trial("u", status="diverged")])
    assert store.published(["t-1", "u-1", "v-1"]) == {"t-1", "u-1"}
    assert store.published([]) == set()


def test_finished_tells_what_must_not_run_again(store, make):
    store.publish([make.trial("done"), make.trial("bad", status="diverged"), make.trial("cut", status="pruned")])
    store.publish([make.failure("failed")])
    asked = ["done", "bad", "cut", "failed", "new"]
    assert store.finished(asked) == {"done": "completed", "bad": "diverged"}


def test_the_earliest_full_attempt_decides(store, make):
    store.publish([make.trial("t", attempt_id="late", minutes=9, status="diverged")])
    store.publish([make.trial("t", attempt_id="cut", minutes=1, status="pruned")])
    store.publish([make.trial("t", attempt_id="early", minutes=2)])
    assert store.finished(["t"]) == {"t": "completed"}


def test_the_same_records_twice_are_there_once(store, make):
    store.publish([make.trial("t")])
    store.publish([make.trial("t")])
    assert len(store.rows(Kind.TRIALS)) == 1


def test_every_kind_of_record_can_be_published(store, make):
    ids = {"trial_id": "t", "attempt_id": "t-1"}
    store.publish([make.submission({"a": ["t", "u"]})])
    store.publish([EpochRecord(**ids, epoch=epoch, metrics={"train_loss": 1.0 / (epoch + 1)}) for epoch in range(3)])
    store.publish([EntropyRecord(**ids, values={"position": "local", "bin_low": 0.0, "count": 2})])
    store.publish([GateRecord(**ids, values={"tokens": [1, 2], "gate": [True, None], "entropy": [0.5, 1]})])
    store.publish([make.failure("t")])
    store.publish([make.candidate("asked", 3)])
    assert [row["seed"] for row in sorted(store.rows(Kind.STUDIES), key=lambda row: row["member"])] == [0, 1]
    assert sorted(row["epoch"] for row in store.rows(Kind.EPOCHS)) == [0, 1, 2]
    assert store.rows(Kind.ENTROPY)[0]["count"] == 2
    assert store.rows(Kind.GATES)[0]["gate"] == [True, None]
    assert store.rows(Kind.GATES)[0]["entropy"] == [0.5, 1.0]
    assert store.rows(Kind.FAILURES)[0]["cause"] == "ValueError: no"
    assert store.rows(Kind.SEARCH)[0]["candidate"] == 3


def test_a_candidate_comes_back_as_it_was(store, make):
    store.publish([make.candidate("told", 4, objective_values=[math.inf], seeds=[], num_invalid=2)])
    (row,) = store.rows(Kind.SEARCH)
    assert (row["event"], row["state"], row["candidate"], row["num_invalid"]) == ("told", "completed", 4, 2)
    assert (row["objective_values"], row["violations"], row["seeds"], row["trial_ids"]) == ([math.inf], [], [], [])
    assert (row["parameters"], row["model_gate_scale"]) == ('{"model.gate.scale": 5.0}', 5.0)
    assert row["recorded_at"] == make.start.replace(tzinfo=None)
    store.publish([make.candidate("asked", 4)])
    asked = next(row for row in store.rows(Kind.SEARCH) if row["event"] == "asked")
    assert (asked["state"], asked["objective_values"], asked["violations"]) == (None, None, None)


def test_a_study_that_only_searches_is_one_row_without_a_member(store, make):
    store.publish([make.submission({}, searches=make.searches())])
    (row,) = store.rows(Kind.STUDIES)
    own = ("member", "variant", "cell_id", "trial_id", "seed", "config")
    assert [row[name] for name in own] == [None] * 6
    assert [info.search_id for info in SearchInfo.parse(row["searches"])] == [make.search]
    with pytest.raises(RecordError, match="has no trials"):
        store.publish([make.submission({})])


@pytest.mark.parametrize("field", ["rank", "round_index", "confirmed_n"])
def test_a_candidate_with_a_field_of_a_taken_name_is_refused_whole(store, make, field):
    with pytest.raises(RecordError, match=f"'{field}' would share a column"):
        store.publish([make.candidate("asked", 0), make.candidate("asked", 1, config={field: 1})])
    assert store.rows(Kind.SEARCH) == []


def test_a_retracted_attempt_finishes_nothing_and_another_one_does(store, make):
    ids = {"reason": "wrong data", "retracted_at": make.start}
    store.publish([make.trial("t", attempt_id="first"), make.trial("u", attempt_id="second")])
    store.publish([RetractionRecord(trial_id="t", attempt_id="first", **ids)])
    assert store.finished(["t", "u"]) == {"u": "completed"}
    assert store.published(["first"]) == {"first"}, "its row stays"
    store.publish([make.trial("t", attempt_id="third", minutes=9, status="diverged")])
    assert store.finished(["t", "u"]) == {"t": "diverged", "u": "completed"}


def test_weights_come_back_as_they_were_and_the_row_names_them(store, make):
    contents = [b"", b"\0" * 100, bytes(range(256)) * 1000]
    names = [store.publish_weights(content) for content in contents]
    assert names == [Layout.name_of_weights(content) for content in contents]
    assert store.publish_weights(contents[0]) == names[0]
    assert [store.weights(name) for name in names] == contents
    store.publish([make.trial("t", weights_file=names[2]), make.trial("u")])
    assert {row["trial_id"]: row["weights_file"] for row in store.rows(Kind.TRIALS)} == {"t": names[2], "u": None}


@pytest.mark.parametrize("name", [Layout.name_of_weights(b"x"), "x", "", "../trials", "a\n" * 9, "a" * 64 + ".parquet"])
def test_weights_that_are_not_there_are_one_line(store, name):
    store.publish_weights(b"others")
    with pytest.raises(WeightsError) as told:
        store.weights(name)
    assert "\n" not in str(told.value)


def test_kinds_cannot_be_mixed(store, make):
    with pytest.raises(RecordError, match="exactly one kind"):
        store.publish([make.trial("t"), make.failure("t")])
    assert store.rows(Kind.TRIALS) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": {"seed": 1}}, "'seed'"),
        ({"metrics": {"task_name": 1.0}}, "'task_name'"),
        ({"config": {"a": {"b": 1}, "a_b": 2}}, "'a_b'"),
        ({"config": {"status": 1}}, "'status'"),
        ({"metrics": {"x": object()}}, "object"),
    ],
)
def test_what_cannot_be_stored_is_refused_whole(store, make, changes, message):
    with pytest.raises(RecordError, match=message):
        store.publish([make.trial("good"), make.trial("t", **changes)])
    assert store.rows(Kind.TRIALS) == []


def test_a_time_without_a_zone_is_refused(store, make):
    with pytest.raises(RecordError, match="zone"):
        store.publish([make.failure("t", failed_at=datetime(2026, 1, 1))])


def test_times_are_kept_in_utc(store, make):
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC).astimezone()
    store.publish([make.failure("t", failed_at=moment)])
    assert store.rows(Kind.FAILURES)[0]["failed_at"] == datetime(2026, 6, 1, 12)
