"""Numbers come out of the store with every bit, whatever else is in it."""

import dataclasses
import math
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

import results_store
from orchestrator.replay.recorded import read_recorded
from orchestrator.worker.assignment import WorkerSetup
from orchestrator.worker.provenance import provenance_now
from results_store import FolderStore
from results_store import open as open_results
from results_store.records import EpochRecord, TrialRecord

NUMBERS = [0.0, -0.0, 0.1 + 0.2, 5e-324, -1.7976931348623157e308, math.nan, math.inf, 1.0, 1e16]
SETUP = WorkerSetup(trainable="x", pins={}, git_commit=None, git_dirty=None)


def row(trial_id, **changes):
    fields = {
        "trial_id": trial_id,
        "attempt_id": f"attempt of {trial_id}",
        "trainable": "x",
        "trainable_version": 1,
        "seed": 0,
        "status": "completed",
        "config": {},
        "metrics": {},
        "duration_s": 0.0,
        "stack_size": 1,
        "provenance": provenance_now(SETUP, "s"),
    }
    return TrialRecord(**(fields | changes))


def bits(value):
    return None if value is None else "nan" if math.isnan(value) else struct.pack("<d", value)


def publish(path, numbers):
    store = FolderStore(path)
    for index, number in enumerate(numbers):
        trial = row(f"t{index}", metrics={"score": number, "count": index})
        epochs = [
            EpochRecord(trial_id=trial.trial_id, attempt_id=trial.attempt_id, epoch=epoch, metrics={"loss": loss})
            for epoch, loss in enumerate(numbers)
        ]
        store.publish(epochs)
        store.publish([trial])


def check(path, numbers):
    results = open_results(path)
    for index, number in enumerate(numbers):
        run = read_recorded(results, f"t{index}")
        assert bits(run.trial.metrics["score"]) == bits(number)
        assert run.trial.metrics["count"] == index
        assert [bits(metrics["loss"]) for metrics in run.epochs.values()] == list(map(bits, numbers))


def test_bits_survive_parquet_and_compaction(tmp_path):
    publish(tmp_path, NUMBERS)
    check(tmp_path, NUMBERS)
    results_store.compact(tmp_path)
    check(tmp_path, NUMBERS)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(width=64), min_size=1, max_size=8))
def test_bits_survive_where_another_trainable_has_text_of_that_name(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("store")
    publish(path, numbers)
    FolderStore(path).publish([row("other", config={"score": "high", "count": "many"})])
    check(path, numbers)
    assert read_recorded(open_results(path), "other").trial.metrics == {}


def test_a_row_of_a_later_attempt_does_not_count(tmp_path):
    store = FolderStore(tmp_path)
    first = row("t", metrics={"score": 1.0})
    later = dataclasses.replace(
        row("t", metrics={"score": 2.0}), attempt_id="later", provenance=provenance_now(SETUP, "s")
    )
    store.publish([later])
    store.publish([first])
    assert read_recorded(open_results(tmp_path), "t").trial.metrics == {"score": 1.0}
