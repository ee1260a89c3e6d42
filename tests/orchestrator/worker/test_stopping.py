"""Attempts that are stopped after an epoch: what is recorded, what is not trained, and that nobody else notices."""

import math
import time
from types import SimpleNamespace

import counting
import pytest
from counting import Counting

import results_store
from orchestrator.driver.driver import Driver
from orchestrator.driver.signals import StopSignals
from orchestrator.executors.inline import InlineExecutor
from orchestrator.lifecycle.states import TrialState
from orchestrator.study.schema import Limits
from orchestrator.study.study import Trial
from orchestrator.trainables.amor import AmorTrainable
from orchestrator.trainables.do_nothing import DoNothing
from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup
from orchestrator.worker.worker import StackRun
from results_store import FolderStore
from results_store.records import EpochRecord, TrialRecord


class Kept:
    """A sink that keeps records in their order."""

    def __init__(self):
        self.records = []

    def add_details(self, records):
        self.records += records

    def add_trial(self, record):
        self.records.append(record)

    def trial(self, trial_id):
        (record,) = (record for record in self.of(trial_id) if isinstance(record, TrialRecord))
        return record

    def epochs(self, trial_id):
        return {record.epoch: dict(record.metrics) for record in self.of(trial_id) if isinstance(record, EpochRecord)}

    def of(self, trial_id):
        return [record for record in self.records if record.trial_id == trial_id]


def stack_run(trainable, members, sink):
    """A stack of members: name, configuration, and where to stop."""
    tasks = tuple(
        AttemptTask(attempt_id=f"attempt-{name}", trial_id=name, config=config, seed=number, stop_after_epoch=stop)
        for number, (name, config, stop) in enumerate(members)
    )
    setup = WorkerSetup(trainable=trainable.name, pins={}, git_commit=None, git_dirty=None)
    return StackRun(Assignment(stack_id=0, tasks=tasks), trainable, setup, "source", sink)


def train(trainable, members):
    sink = Kept()
    counting.WORK.clear()
    stack_run(trainable, members, sink).train()
    return sink


def statuses(sink):
    return {record.trial_id: record.status for record in sink.records if isinstance(record, TrialRecord)}


def test_a_trial_that_is_stopped_has_the_metrics_of_its_last_epoch_and_is_trained_no_further():
    kept = train(Counting(), [("a", {}, 2), ("b", {"score": 10.0}, 2)])
    assert statuses(kept) == {"a": "pruned", "b": "pruned"}
    assert kept.trial("a").metrics == {"score": 2.0}  # `loss` is a metric of epochs only
    assert kept.trial("b").metrics == {"score": 12.0}
    assert list(kept.epochs("a")) == list(kept.epochs("b")) == [1, 2]
    assert counting.WORK == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_the_row_of_a_stopped_trial_comes_after_its_details():
    kept = train(Counting(), [("a", {}, 3), ("b", {}, None)])
    kinds = [type(record).__name__ for record in kept.of("a")]
    assert kinds == ["EntropyRecord", "EpochRecord"] * 3 + ["TrialRecord"]


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5, None])
def test_a_trial_that_finishes_before_it_would_be_stopped_is_completed(stop):
    kept = train(Counting(), [("short", {"epochs": 2}, stop), ("long", {"epochs": 4}, stop)])
    never = 10
    assert statuses(kept) == {
        "short": "completed" if (stop or never) > 2 else "pruned",
        "long": "completed" if (stop or never) > 4 else "pruned",
    }
    assert max(epoch for _, epoch in counting.WORK) == min(stop or never, 4)
    if statuses(kept)["short"] == "completed":
        assert kept.trial("short").metrics == {"score": 2.0, "size": 7}


def test_where_not_every_epoch_is_reported_the_first_report_behind_counts():
    kept = train(Counting(), [("a", {"epochs": 9, "reports_every": 3}, 4)])
    assert statuses(kept) == {"a": "pruned"}
    assert list(kept.epochs("a")) == [3, 6]
    assert kept.trial("a").metrics == {"score": 6.0}
    assert len(counting.WORK) == 6


def test_a_trainable_without_epochs_trains_to_its_end():
    kept = train(Counting(), [("a", {"reports_every": 0}, 1)])
    assert statuses(kept) == {"a": "completed"}
    assert counting.WORK[-1] == ("a", 0)


def test_stack_mates_that_are_not_stopped_are_trained_to_their_end():
    members = [("a", {}, 1), ("b", {"score": 5.0}, None), ("c", {}, 3)]
    kept = train(Counting(), members)
    alone = train(Counting(), [members[1]])
    assert statuses(kept) == {"a": "pruned", "b": "completed", "c": "pruned"}
    assert kept.trial("b").metrics == alone.trial("b").metrics
    assert kept.epochs("b") == alone.epochs("b")
    assert list(kept.epochs("a")) == [1]


def test_trial_after_trial_what_is_reported_after_the_stop_is_ignored():
    kept = train(Counting(), [("a", {"in_lockstep": False}, 2), ("b", {"in_lockstep": False}, 2)])
    assert statuses(kept) == {"a": "pruned", "b": "pruned"}
    assert list(kept.epochs("a")) == list(kept.epochs("b")) == [1, 2]
    assert counting.WORK[-1] == ("b", 2)


def test_do_nothing_can_be_stopped():
    kept = train(DoNothing(), [("a", {"epochs": 4}, 1), ("b", {"epochs": 4}, 1)])
    assert statuses(kept) == {"a": "pruned", "b": "pruned"}
    assert kept.trial("b").metrics == kept.epochs("b")[1]


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_kept_as_it_is_and_the_trial_is_pruned(score):
    kept = train(Counting(), [("a", {"score": score}, 1)])
    assert statuses(kept) == {"a": "pruned"}
    assert str(kept.trial("a").metrics["score"]) == str(score)
    assert statuses(train(Counting(), [("a", {"score": score}, None)])) == {"a": "diverged"}


@pytest.mark.parametrize(
    ("at_close", "error", "message"),
    [("raise", ValueError, "no end"), ("go on", RuntimeError, "ignored GeneratorExit")],
)
def test_what_is_raised_when_the_training_is_closed_is_the_trainables(at_close, error, message):
    sink = Kept()
    run = stack_run(Counting(), [("a", {"at_close": at_close}, 1)], sink)
    with pytest.raises(error, match=message):
        run.train()
    assert run.finished_attempts() == ("attempt-a",)
    assert statuses(sink) == {"a": "pruned"}


def test_an_iterator_that_cannot_be_closed_is_left():
    class Listed(Counting):
        def train(self, trials):
            return iter(list(super().train(trials)))

    assert statuses(train(Listed(), [("a", {}, 1)])) == {"a": "pruned"}


# AMOR's own models

TASK = {
    "name": "simple_retrieval",
    "num_train": 48,
    "num_validation": 16,
    "num_test": 16,
    "seq_length": 48,
}
MODELS = {
    "ssm": {"name": "ssm"},
    "full": {"name": "full_attention"},
    "entropy": {"name": "amor"},
    "learned": {"name": "amor", "gate": {"name": "learned_ste"}},
}


def amor_config(model, *, learning_rate=5e-3):
    return {"task": TASK, "model": MODELS[model], "training": {"epochs": 3, "learning_rate": learning_rate}}


def bits(metrics):
    return {name: value.hex() if isinstance(value, float) else value for name, value in metrics.items()}


@pytest.fixture(scope="module")
def amor():
    trainable = AmorTrainable()
    trainable.prepare_worker()
    return trainable


@pytest.mark.parametrize("model", MODELS)
def test_the_epochs_of_a_stopped_trial_are_the_first_of_the_full_run_bit_for_bit(amor, model):
    members = [("a", amor_config(model), None), ("b", amor_config(model, learning_rate=1e-3), None)]
    full = train(amor, members)
    assert statuses(full) == {"a": "completed", "b": "completed"}
    for stop in (1, 2):
        stopped = train(amor, [(name, config, stop) for name, config, _ in members])
        assert statuses(stopped) == {"a": "pruned", "b": "pruned"}
        for name in "ab":
            epochs = stopped.epochs(name)
            assert list(epochs) == list(range(1, stop + 1))
            for epoch, metrics in epochs.items():
                assert bits(metrics) == bits(full.epochs(name)[epoch])
            assert bits(stopped.trial(name).metrics) == bits(epochs[stop])


def test_a_stopped_mate_does_not_change_one_bit_of_others(amor):
    members = [("a", amor_config("entropy"), None), ("b", amor_config("entropy", learning_rate=1e-3), None)]
    full = train(amor, members)
    mixed = train(amor, [members[0], (*members[1][:2], 1)])
    assert statuses(mixed) == {"a": "completed", "b": "pruned"}
    assert bits(mixed.trial("a").metrics) == bits(full.trial("a").metrics)
    assert {epoch: bits(metrics) for epoch, metrics in mixed.epochs("a").items()} == {
        epoch: bits(metrics) for epoch, metrics in full.epochs("a").items()
    }
    kinds = [type(record).__name__ for record in mixed.of("a")]
    assert kinds == [type(record).__name__ for record in full.of("a")]
    assert [type(record).__name__ for record in mixed.of("b")] == ["EpochRecord", "TrialRecord"]


# Through the driver, into a store


def test_a_full_attempt_counts_before_a_pruned_one(tmp_path):
    store = FolderStore(tmp_path / "store")
    executor = InlineExecutor(lambda: store)
    executor.open(WorkerSetup(trainable="counting:Counting", pins={}, git_commit=None, git_dirty=None), 1)
    quiet = SimpleNamespace(update=lambda counts: None, failure=pytest.fail, notice=pytest.fail)
    driver = Driver(
        store=store,
        executor=executor,
        observer=quiet,
        signals=StopSignals(leaves_training=False),
        clock=SimpleNamespace(now_s=time.monotonic),
    )
    cell = SimpleNamespace(config=SimpleNamespace(model_dump=lambda mode: {"epochs": 3}), saves_weights=False)
    trials = [Trial(trial_id=name, cell=cell, seed=0) for name in "ab"]

    def rows(sql):
        return results_store.open(store.path).sql(sql).rows()

    def run(trials, stop_after_epoch):
        outcome = driver.run(
            [trials], limits=Limits(), num_workers=1, keep_workers=True, stop_after_epoch=stop_after_epoch
        )
        assert outcome.counts[TrialState.PUBLISHED] == len(trials)

    run(trials, 1)
    assert rows("SELECT trial_id, status, score FROM trials ORDER BY ALL") == [("a", "pruned", 1), ("b", "pruned", 1)]
    assert store.finished(["a", "b"]) == {}
    run(trials[:1], None)
    run(trials[:1], 2)
    assert store.finished(["a", "b"]) == {"a": "completed"}
    assert rows("SELECT trial_id, status, score, size FROM trials ORDER BY ALL") == [
        ("a", "completed", 3, 7),
        ("b", "pruned", 1, None),
    ]
    assert rows("SELECT trial_id, max(epoch), count(*) FROM epochs GROUP BY ALL ORDER BY ALL") == [
        ("a", 3, 3),
        ("b", 1, 1),
    ]
    executor.close()
