"""One driver, many runs: workers stay warm, and no run hears of the one before."""

import os
import signal
import time
from types import SimpleNamespace

import pytest
from living import is_alive, wait_until_gone

from orchestrator.driver.driver import Driver
from orchestrator.driver.signals import StopSignals
from orchestrator.errors import ExecutionError
from orchestrator.executors.inline import InlineExecutor
from orchestrator.executors.ray_executor import RayExecutor
from orchestrator.lifecycle.events import StackRaised, StackTrained, WorkerPlaced, WorkerStarted
from orchestrator.lifecycle.states import TrialState
from orchestrator.study.schema import Limits
from orchestrator.study.study import Trial
from orchestrator.worker.assignment import WorkerSetup
from results_store import FolderStore, Kind, StoreError

SETUP = WorkerSetup(trainable="misbehaving:Misbehaving", pins={}, git_commit=None, git_dirty=None)
PAUSE_S = 1e6


class Watcher:
    def __init__(self):
        self.failures = []

    def update(self, counts):
        pass

    def failure(self, failure):
        self.failures.append(failure)

    def notice(self, text):
        pass


class Study:
    """Runs of a few trials each, on a real executor and store."""

    def __init__(self, executor, store):
        self.executor, self.store, self.watcher, self.paused_s = executor, store, Watcher(), 0.0
        self.driver = Driver(
            store=store,
            executor=executor,
            observer=self.watcher,
            signals=StopSignals(leaves_training=False),
            clock=SimpleNamespace(now_s=lambda: time.monotonic() + self.paused_s),
        )
        self.limits = Limits(trial_timeout_s=60.0 if executor.can_stop_workers else None)
        executor.open(SETUP, 2)

    def run(self, name, behaviour="pid", num_trials=4, *, keep_workers=True):
        """Trains trials, one in each stack; ids of the processes that did it."""
        config = SimpleNamespace(model_dump=lambda mode: {"behaviour": behaviour, "sleep_s": 0.1})
        cell = SimpleNamespace(config=config, saves_weights=False)
        trials = [Trial(trial_id=f"{name}-{number}", cell=cell, seed=0) for number in range(num_trials)]
        self.outcome = self.driver.run(
            [[trial] for trial in trials], limits=self.limits, num_workers=2, keep_workers=keep_workers
        )
        rows = [row for row in self.store.rows(Kind.TRIALS) if row["trial_id"].startswith(name)]
        if behaviour == "pid":
            assert self.outcome.counts[TrialState.PUBLISHED] == len(rows) == num_trials
            assert self.outcome.stop_reason is None
        return {int(row["score"]) for row in rows}


@pytest.fixture(params=["inline", "ray"])
def study(request, tmp_path):
    store = FolderStore(tmp_path / "store")
    if request.param == "inline":
        executor = InlineExecutor(lambda: store)
    else:
        request.getfixturevalue("ray_cluster")
        executor = RayExecutor(str(store.path))
    yield Study(executor, store)
    executor.close()


def test_runs_one_after_another_use_the_same_workers(study):
    pids = study.run("first")
    for name in ("second", "third"):
        study.paused_s += PAUSE_S
        assert study.run(name) <= pids
    assert study.run("empty", num_trials=0) == set()
    assert study.run("last", keep_workers=False) <= pids
    assert study.watcher.failures == []
    wait_until_gone(pids - {os.getpid()})


def test_a_run_may_be_of_another_size(study):
    pids = study.run("wide")
    assert study.run("narrow", num_trials=1) <= pids
    assert study.run("wide again") <= pids
    assert study.watcher.failures == []


def test_workers_rest_after_a_run_with_failed_trials(study):
    pids = study.run("fine")
    study.run("bad", "raise", 2)
    assert study.outcome.counts[TrialState.FAILED] == 2
    assert study.outcome.stop_reason is None
    assert study.run("fine again") <= pids


def test_after_a_run_that_was_stopped_no_worker_is_kept(study):
    pids = study.run("fine")
    study.limits = study.limits.model_copy(update={"max_failed_trials": 0})
    study.run("bad", "raise")
    assert study.outcome.stop_reason is not None
    wait_until_gone(pids - {os.getpid()})
    new = study.run("fine again")
    assert not new & pids or pids == {os.getpid()}


def test_workers_that_are_killed_at_rest_are_replaced_and_no_trial_is_lost(ray_cluster, tmp_path):
    store = FolderStore(tmp_path / "store")
    study = Study(RayExecutor(str(store.path)), store)
    try:
        pids = study.run("before")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_until_gone(pids)
        after = study.run("after")
        assert after
        assert not after & pids
        assert all(is_alive(pid) for pid in after)
        assert study.watcher.failures == []
    finally:
        study.executor.close()


class Scripted:
    """An executor that trains every stack at once, or does with it what a test says; notes how runs end."""

    can_stop_workers = True

    def __init__(self):
        self.events, self.endings, self.raises, self.is_gone = [], [], False, False

    def start_worker(self, worker_id, avoid=()):
        self.events += [WorkerPlaced(worker_id=worker_id, host="", node=""), WorkerStarted(worker_id=worker_id)]

    def run(self, worker_id, assignments):
        for assignment in assignments:
            attempts = tuple(task.attempt_id for task in assignment.tasks)
            trained = StackTrained(
                worker_id=worker_id, stack_id=assignment.stack_id, published=attempts, duration_s=1.0
            )
            raised = StackRaised(
                worker_id=worker_id,
                stack_id=assignment.stack_id,
                finished=(),
                published=(),
                cause="no",
                traceback="",
            )
            self.events.append(raised if self.raises else trained)

    def poll(self, timeout_s):
        if self.is_gone:
            raise ExecutionError("nothing can happen any more")
        events, self.events = self.events, []
        return events

    def cancel_queued(self):
        pass

    def rest(self):
        self.endings.append("rest")

    def release(self):
        self.endings.append("release")


class Store:
    """A store that may refuse what it is given."""

    is_full = False

    def publish(self, records):
        if self.is_full:
            raise StoreError("no space left on device")

    def published(self, attempt_ids):
        return set(attempt_ids)


@pytest.fixture
def scripted():
    executor, store = Scripted(), Store()
    driver = Driver(
        store=store,
        executor=executor,
        observer=Watcher(),
        signals=StopSignals(leaves_training=False),
        clock=SimpleNamespace(now_s=lambda: 0.0),
    )

    def run(trial_ids="abc", *, keep_workers=True, **limits):
        cell = SimpleNamespace(config=SimpleNamespace(model_dump=lambda mode: {}), saves_weights=False)
        trials = [Trial(trial_id=trial_id, cell=cell, seed=0) for trial_id in trial_ids]
        stacks = [[trial] for trial in trials]
        return driver.run(stacks, limits=Limits(**limits), num_workers=1, keep_workers=keep_workers)

    return SimpleNamespace(executor=executor, store=store, run=run)


def test_workers_rest_only_when_they_are_to_be_kept(scripted):
    scripted.run()
    scripted.run(keep_workers=False)
    assert scripted.executor.endings == ["rest", "release"]


def test_workers_are_released_when_a_run_is_stopped(scripted):
    scripted.executor.raises = True
    assert scripted.run(max_failed_trials=0).stop_reason is not None
    assert scripted.executor.endings == ["release"]


def test_workers_are_released_when_a_run_raises(scripted):
    scripted.executor.is_gone = True
    with pytest.raises(ExecutionError):
        scripted.run()
    assert scripted.executor.endings == ["release"]


def test_a_run_does_not_hear_what_the_one_before_was_not_told(scripted):
    scripted.executor.raises = scripted.store.is_full = True
    assert scripted.run("a").is_broken  # its last failure could not be recorded
    assert scripted.executor.endings == ["release"]
    scripted.executor.raises = scripted.store.is_full = False
    outcome = scripted.run()
    assert (outcome.stop_reason, outcome.is_broken) == (None, False)
    assert outcome.counts[TrialState.PUBLISHED] == 3
    assert scripted.executor.endings == ["release", "rest"]
