from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import results_store
from results_store import FolderStore, Kind, Layout, UnknownNameError
from results_store.catalogue import VIEW_NAMES
from results_store.catalogue import segments as segments_module
from results_store.records import EntropyRecord, EpochRecord
from results_store.stores.publishing import encode, publish


def query(store, sql, **parameters):
    return results_store.open(store.path).sql(sql, parameters).rows()


@pytest.mark.parametrize("view", VIEW_NAMES)
def test_every_view_exists_in_an_empty_store(store, view):
    opened = results_store.open(store.path)
    assert opened.sql(f"SELECT * FROM {view}").rows() == []
    assert "study" in opened.sql("SELECT * FROM results").columns


def test_a_trial_under_three_names_is_there_once_and_in_all_of_them(store, make):
    store.publish([make.submission({"a": ["t"], "b": ["t"], "c": ["t"]})])
    store.publish([make.submission({"d": ["t"]}, study="other")])
    store.publish([make.trial("t")])
    assert query(store, "SELECT count(*) FROM trials") == [(1,)]
    found = query(store, "SELECT study, variant, state, test_accuracy FROM results ORDER BY ALL")
    assert found == [("demo", name, "completed", 0.5) for name in "abc"] + [("other", "d", "completed", 0.5)]


def test_states(store, make):
    trials = ["done", "bad", "cut", "failed", "retried", "new", "withdrawn"]
    store.publish([make.submission({"a": trials})])
    store.publish(
        [
            make.trial("done"),
            make.trial("bad", status="diverged"),
            make.trial("cut", status="pruned"),
            make.trial("withdrawn", metrics={"test_accuracy": 0.9}),
        ]
    )
    store.publish([make.failure("failed"), make.failure("retried", gave_up=False)])
    store.publish([make.failure("done", attempt_id="earlier")])
    retraction = pa.table({"trial_id": ["withdrawn"], "attempt_id": ["withdrawn-1"], "reason": ["wrong"]})
    publish(Layout(store.path), Kind.RETRACTIONS, encode(retraction))
    found = query(store, "SELECT trial_id, state FROM results ORDER BY member")
    states = ["completed", "diverged", "pruned", "failed", "pending", "pending", "retracted"]
    assert found == list(zip(trials, states, strict=True))
    assert query(store, "SELECT test_accuracy FROM results WHERE trial_id = 'withdrawn'") == [(None,)]
    assert store.finished(trials) == {"done": "completed", "bad": "diverged"}


def test_members_wait_for_numbers_that_are_measured_later(store, make):
    submission = make.submission({"known": ["t"], "waiting": ["u"]})
    config = make.config()
    config["model"]["gate"]["scale"] = None
    waiting = replace(submission.members[1], config=config, measured_later=("model.gate.scale",))
    store.publish([make.trial("t")])
    store.publish([replace(submission, members=[submission.members[0], waiting])])
    sql = "SELECT variant, state, model_gate_scale FROM results ORDER BY member"
    assert query(store, sql) == [("known", "completed", 1.5), ("waiting", "waiting", None)]


def test_a_number_that_is_measured_later_has_its_column_already(store, make):
    submission = make.submission({"a": ["u"]})
    config = {"Odd-Name": None}
    waiting = replace(submission.members[0], config=config, measured_later=("Odd-Name",))
    store.publish([replace(submission, members=[waiting])])
    assert query(store, "SELECT typeof(odd_name), odd_name FROM results") == [("DOUBLE", None)]


def test_pending_rows_have_their_configuration(store, make):
    store.publish([make.submission({"a": ["t"]})])
    found = query(store, "SELECT model_attention_top_k, task_name, seed, status, test_accuracy FROM results")
    assert found == [(3, "simple_retrieval", 0, None, None)]


def test_results_are_of_the_latest_submission(store, make):
    store.publish([make.submission({"old": ["t"], "same": ["u"]})])
    store.publish([make.submission({"same": ["u"]}, minutes=5)])
    assert query(store, "SELECT variant FROM results") == [("same",)]
    assert query(store, "SELECT is_latest FROM studies ORDER BY submitted_at") == [(False,), (True,)]


def test_epochs_are_those_of_the_attempts_that_count(store, make):
    store.publish([make.trial("t", attempt_id="late", minutes=9), make.trial("t", attempt_id="early")])
    for attempt in ("late", "early", "lost"):
        store.publish([EpochRecord(trial_id="t", attempt_id=attempt, epoch=epoch, metrics={}) for epoch in (0, 1)])
    store.publish([EpochRecord(trial_id="t", attempt_id="early", epoch=1, metrics={})])
    store.publish([EntropyRecord(trial_id="t", attempt_id="late", values={"count": 1})])
    assert query(store, "SELECT attempt_id, epoch FROM epochs ORDER BY epoch") == [("early", 0), ("early", 1)]
    assert query(store, "SELECT count(*) FROM entropy") == [(0,)]
    assert query(store, "SELECT count(*) FROM raw.epochs") == [(7,)]


def test_columns_that_files_hold_in_different_types_come_together(store, make):
    store.publish([make.trial("a", config={"x": 1, "y": 1, "z": [1]}, metrics={"test_accuracy": 1})])
    store.publish([make.trial("b", config={"x": 0.5, "y": "no", "z": [0.5]}, metrics={"test_accuracy": 0.5})])
    store.publish([make.trial("c", config={})])
    found = query(store, "SELECT trial_id, x, y, z, test_accuracy FROM trials ORDER BY trial_id")
    assert found == [("a", 1.0, "1", [1.0], 1.0), ("b", 0.5, "no", [0.5], 0.5), ("c", None, None, None, 0.5)]


def test_a_metric_of_one_study_may_be_a_field_of_another(store, make):
    store.publish([make.submission({"a": ["t"]})])
    store.publish([make.trial("t", metrics={"scale": 7})])
    member = make.submission({"b": ["u"]}).members[0]
    changed = type(member)(variant="b", cell_id="c", trial_id="u", seed=0, config={"scale": 2})
    store.publish([make.submission({}, study="other", members=[changed])])
    assert query(store, "SELECT variant, scale FROM results ORDER BY variant") == [("a", 7), ("b", 2)]


def test_metrics_can_be_asked_for_before_any_trial_has_reported_them(store, make):
    store.publish([make.submission({"a": ["t"]})])
    sql = "SELECT variant, avg(test_retrieval_accuracy), count(*) FROM results GROUP BY variant"
    assert query(store, sql) == [("a", None, 1)]


def test_results_of_an_unknown_study(store, make):
    store.publish([make.submission({"a": ["t"]})])
    opened = results_store.open(store.path)
    assert opened.results("demo").df()["variant"].tolist() == ["a"]
    with pytest.raises(UnknownNameError, match="it has: demo"):
        opened.results("dmeo")


def test_what_is_published_after_opening_is_not_in_sight(store, make):
    store.publish([make.trial("t")])
    opened = results_store.open(store.path)
    store.publish([make.trial("u")])
    assert opened.sql("SELECT count(*) FROM trials").rows() == [(1,)]


attempts = st.lists(
    st.tuples(st.sampled_from("tuv"), st.sampled_from(["completed", "diverged", "pruned"]), st.integers(0, 3)),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attempts=attempts, order=st.randoms(use_true_random=False))
def test_one_row_per_trial_whatever_the_order_of_publishing(tmp_path_factory, make, attempts, order):
    records = [
        make.trial(trial, attempt_id=f"a{number}", status=status, minutes=minutes)
        for number, (trial, status, minutes) in enumerate(attempts)
    ]
    expected = {}
    for record in records:
        key = (record.status == "pruned", record.provenance.finished_at, record.attempt_id)
        expected[record.trial_id] = min(key, expected.get(record.trial_id, key))
    order.shuffle(records)
    store = FolderStore(tmp_path_factory.mktemp("any"))
    for record in records:
        store.publish([record])
    found = dict(query(store, "SELECT trial_id, attempt_id FROM trials"))
    assert found == {trial: key[2] for trial, key in expected.items()}


def test_segments_show_the_same_rows(store, make, monkeypatch):
    monkeypatch.setattr(segments_module, "_MIN_MEMBERS", 4)
    monkeypatch.setattr(segments_module, "_MAX_SEGMENTS", 2)
    sql = "SELECT trial_id, attempt_id, test_accuracy, extra FROM trials ORDER BY trial_id"
    expected = []
    for number in range(20):
        metrics = {"test_accuracy": number if number % 3 else number + 0.5, "extra": number}
        store.publish([make.trial(f"t{number:02}", metrics=metrics)])
        expected.append((f"t{number:02}", f"t{number:02}-1", float(metrics["test_accuracy"]), number))
        if number >= 1:
            assert query(store, sql) == expected
    folder = store.path / ".cache" / "segments" / "trials"
    assert len(list(folder.iterdir())) >= 1
    # An earlier attempt that comes late, a file that goes, a segment that is damaged:
    store.publish([make.trial("t03", attempt_id="earlier", minutes=-1, metrics={"test_accuracy": 9.0})])
    expected[3] = ("t03", "earlier", 9.0, None)
    assert query(store, sql) == expected
    for segment in folder.iterdir():
        segment.write_bytes(segment.read_bytes()[:-1])
    assert query(store, sql) == expected
    for file in (store.path / "trials").iterdir():
        file.write_bytes(b"")
        break
    assert len(query(store, sql)) in (19, 20)
    assert len(store.problems()) == 1
