"""Weights on their way from a trainable into a store: kept with the row, or not at all."""

import json
import struct
from typing import ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, Field
from safetensors.numpy import load

from orchestrator import Epoch, Finished, Metric, Trainable, TrainableError, Weights
from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup
from orchestrator.worker.publisher import Publisher
from orchestrator.worker.worker import StackRun
from results_store import Kind, Layout, MemoryStore, StorePathError

TENSORS = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array(1.5),
    "c": np.zeros((0, 2), np.int64),
}


class Config(BaseModel):
    reports: list = []
    keep: bool = Field(default=False, exclude=True)


class Heavy(Trainable):
    """Yields what it is given."""

    name: ClassVar = "heavy"
    version: ClassVar = 3
    config_model: ClassVar = Config
    metrics: ClassVar = (Metric(name="score"),)
    epoch_metrics: ClassVar = metrics
    asked: ClassVar = []

    def saves_weights(self, config):
        return config.keep

    def train(self, trials):
        for trial in trials:
            self.asked.append(trial.save_weights)
            for make in self.reports:
                yield make(trial.trial_id)


def weights(trial, tensors=TENSORS):
    return Weights(trial_id=trial, tensors=tensors)


def finished(trial, score=1.0, status="completed"):
    return Finished(trial_id=trial, metrics={"score": score}, status=status)


class RecordingStore(MemoryStore):
    def __init__(self):
        super().__init__()
        self.calls = []

    def publish(self, records):
        self.calls.append(type(records[0]).__name__)
        super().publish(records)

    def publish_weights(self, content):
        self.calls.append("weights")
        return super().publish_weights(content)


@pytest.fixture
def run():
    """Trains one stack of trials that yield these reports; the store afterwards."""

    def run(*reports, trials="t", stop_after_epoch=None, store=None):
        store = store or RecordingStore()
        trainable = Heavy()
        trainable.reports = reports
        tasks = tuple(
            AttemptTask(
                attempt_id=f"attempt {trial}", trial_id=trial, config={}, seed=9, stop_after_epoch=stop_after_epoch
            )
            for trial in trials
        )
        setup = WorkerSetup(trainable="heavy", pins={"data": 4, "x": {"offset": 5}}, git_commit=None, git_dirty=None)
        publisher = Publisher(store, trial_interval_s=60)
        try:
            StackRun(Assignment(stack_id=0, tasks=tasks), trainable, setup, "source", publisher).train()
            publisher.flush()
        finally:
            publisher.close()
        return store

    return run


def test_the_file_explains_itself_and_the_row_names_it(run):
    store = run(weights, finished)
    (row,) = store.rows(Kind.TRIALS)
    content = store.weights(row["weights_file"])
    assert row["weights_file"] == Layout.name_of_weights(content)
    found = load(content)
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert (found[name].dtype, found[name].tolist()) == (tensor.dtype, tensor.tolist())
    (size,) = struct.unpack("<Q", content[:8])
    metadata = json.loads(content[8 : 8 + size])["__metadata__"]
    assert {name: metadata[name] for name in metadata if name not in ("config", "randomness")} == {
        "trial_id": "t",
        "attempt_id": "attempt t",
        "trainable": "heavy",
        "trainable_version": "3",
        "seed": "9",
    }
    assert json.loads(metadata["config"]) == {}
    assert json.loads(metadata["randomness"]) == {"data": 4, "x": {"offset": 5}}


def test_files_come_first_and_rows_last(run):
    def epoch(trial):
        return Epoch(trial_id=trial, epoch=1, metrics={})

    store = run(epoch, weights, finished, trials="abc")
    assert store.calls == ["weights"] * 3 + ["EpochRecord", "TrialRecord"]
    files = {row["trial_id"]: row["weights_file"] for row in store.rows(Kind.TRIALS)}
    assert len(set(files.values())) == 3, "one file for each trial"


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (lambda trial: finished(trial, score=float("nan")), "diverged"),
        (lambda trial: finished(trial, status="diverged"), "diverged"),
        (lambda trial: finished(trial, status="pruned"), "pruned"),
    ],
)
def test_only_completed_trials_keep_theirs(run, last, status):
    store = run(weights, last)
    assert store.calls == ["TrialRecord"]
    assert [(row["status"], row["weights_file"]) for row in store.rows(Kind.TRIALS)] == [(status, None)]


def test_a_trial_that_is_stopped_keeps_none(run):
    def epoch(trial):
        return Epoch(trial_id=trial, epoch=2, metrics={"score": 0.5})

    store = run(weights, epoch, weights, finished, stop_after_epoch=2)
    assert store.calls == ["EpochRecord", "TrialRecord"]
    assert [(row["status"], row["weights_file"]) for row in store.rows(Kind.TRIALS)] == [("pruned", None)]


@pytest.mark.parametrize(
    ("reports", "message"),
    [
        ((weights, weights, finished), "weights of trial t twice"),
        ((finished, weights), "after its Finished report"),
        ((lambda trial: weights("u"), finished), "'u', which is not in its stack"),
        ((lambda trial: weights(trial, {"a": [1.0]}), finished), "weights 'a' that are no NumPy array"),
        ((lambda trial: weights(trial, {"a": np.array(["x"])}), finished), "weights that cannot be kept"),
        ((lambda trial: weights(trial, {1: np.zeros(2)}), finished), "weights that cannot be kept"),
        ((lambda trial: weights(trial, 7), finished), "weights that cannot be kept"),
    ],
)
def test_what_breaks_the_contract_is_told_in_one_line(run, reports, message):
    with pytest.raises(TrainableError, match=message) as told:
        run(*reports)
    assert "\n" not in str(told.value)


def test_no_row_names_weights_that_could_not_be_written(run):
    class FullStore(RecordingStore):
        def publish_weights(self, content):
            raise StorePathError("no space left")

    store = FullStore()
    with pytest.raises(StorePathError, match="no space left"):
        run(weights, finished, store=store)
    assert store.calls == []


def test_a_trainable_is_told_whether_they_are_wanted(run):
    Heavy.asked.clear()
    run(finished)
    assert Heavy.asked == [False]
