"""What every executor has to do, run against all of them."""

import itertools
import os
import time
from dataclasses import replace

import pytest
from living import wait_until_gone

from orchestrator.executors.capacity import machine_memory_bytes
from orchestrator.executors.inline import InlineExecutor
from orchestrator.executors.ray_executor import RayExecutor
from orchestrator.lifecycle.events import (
    Flushed,
    StackRaised,
    StackSkipped,
    StackTrained,
    StoreFailed,
    WorkerLost,
    WorkerPlaced,
    WorkerStarted,
)
from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup
from results_store import FolderStore, Kind

SETUP = WorkerSetup(trainable="misbehaving:Misbehaving", pins={"data": 42}, git_commit=None, git_dirty=None)


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "store")


@pytest.fixture(params=["inline", "ray"])
def executor(request, store):
    if request.param == "inline":
        executor = InlineExecutor(lambda: store)
    else:
        request.getfixturevalue("ray_cluster")
        executor = RayExecutor(str(store.path))
    yield executor
    executor.close()


def assignment(stack_id, *configs, publish_at_once=False):
    numbers = itertools.count()
    tasks = [
        AttemptTask(
            attempt_id=f"attempt-{stack_id}-{number}", trial_id=f"trial-{stack_id}-{number}", config=config, seed=7
        )
        for config, number in zip(configs, numbers, strict=False)
    ]
    return Assignment(stack_id=stack_id, tasks=tuple(tasks), publish_at_once=publish_at_once)


def wait_for(executor, num_events, timeout_s=60.0):
    events = []
    deadline = time.monotonic() + timeout_s
    while len(events) < num_events:
        assert time.monotonic() < deadline, f"only {events} within {timeout_s} s"
        events += executor.poll(0.2)
    return events


def start(executor, num_workers=1, setup=SETUP):
    capacity = executor.open(setup, num_workers)
    assert capacity.num_workers == num_workers
    num_at_once = num_workers if executor.can_stop_workers else 1  # in one process one after another
    assert 0 < capacity.memory_per_worker_bytes * num_at_once < machine_memory_bytes()
    start_workers(executor, num_workers)


def start_workers(executor, num_workers=1):
    for worker_id in range(num_workers):
        executor.start_worker(worker_id)
    events = wait_for(executor, 2 * num_workers)
    for worker_id in range(num_workers):
        placed, started = (event for event in events if event.worker_id == worker_id)
        assert isinstance(placed, WorkerPlaced)
        assert placed.host
        assert isinstance(started, WorkerStarted)


def processes(executor, store, num_workers=1):
    """Ids of the processes of the workers, which they train one trial to tell."""
    numbers = iter(range(len(store.rows(Kind.TRIALS)), 1000))
    stack_ids = [next(numbers) for _ in range(num_workers)]
    for worker_id, stack_id in enumerate(stack_ids):
        executor.run(worker_id, [assignment(stack_id, {"behaviour": "pid"}, publish_at_once=True)])
    assert {type(event) for event in wait_for(executor, num_workers)} == {StackTrained}
    scores = {row["trial_id"]: int(row["score"]) for row in store.rows(Kind.TRIALS)}
    return [scores[f"trial-{stack_id}-0"] for stack_id in stack_ids]


def test_a_stack_is_trained_and_published(executor, store):
    start(executor)
    executor.run(0, [assignment(3, {"number": 1}, {"number": 2}, publish_at_once=True)])
    (event,) = wait_for(executor, 1)
    assert isinstance(event, StackTrained)
    assert (event.worker_id, event.stack_id) == (0, 3)
    assert event.published == ("attempt-3-0", "attempt-3-1")
    rows = {row["trial_id"]: row for row in store.rows(Kind.TRIALS)}
    assert {trial: row["score"] for trial, row in rows.items()} == {"trial-3-0": 8.0, "trial-3-1": 9.0}
    assert {(row["status"], row["stack_size"], row["seed"]) for row in rows.values()} == {("completed", 2, 7)}
    assert len(store.rows(Kind.EPOCHS)) == 2


def test_stacks_of_one_worker_are_trained_in_order(executor):
    start(executor)
    for stack_id in range(4):
        executor.run(0, [assignment(stack_id, {})])
    assert [event.stack_id for event in wait_for(executor, 4)] == [0, 1, 2, 3]


def test_stacks_of_one_call_are_trained_in_order(executor, store):
    start(executor)
    executor.run(0, [assignment(9, {}, publish_at_once=True)])  # the first one takes long: it imports
    wait_for(executor, 1)
    behaviours = ["work", "raise", "work"]
    calls = [assignment(stack_id, {"behaviour": behaviour}) for stack_id, behaviour in enumerate(behaviours)]
    executor.run(0, calls)
    executor.flush(0)
    *events, flushed = wait_for(executor, 4)
    assert [(type(event), event.stack_id) for event in events] == [
        (StackTrained, 0),
        (StackRaised, 1),
        (StackTrained, 2),
    ]
    published = [attempt for event in [*events, flushed] for attempt in event.published]
    assert sorted(published) == ["attempt-0-0", "attempt-2-0"]
    assert store.published(published) == set(published)


def test_a_call_that_takes_long_gives_back_what_it_has_not_begun(executor):
    start(executor)
    executor.run(0, [assignment(0, {"sleep_s": 1.2}), assignment(1, {}), assignment(2, {})])
    kinds = [type(event) for event in wait_for(executor, 3)]
    if isinstance(executor, InlineExecutor):
        assert kinds == [StackTrained, StackTrained, StackTrained]  # nobody else is waiting for work
    else:
        assert kinds == [StackTrained, StackSkipped, StackSkipped]


def test_everything_trained_is_published_by_a_flush(executor, store):
    start(executor)
    for stack_id in range(3):
        executor.run(0, [assignment(stack_id, {})])
    executor.flush(0)
    *replies, flushed = wait_for(executor, 4)
    assert isinstance(flushed, Flushed)
    published = [attempt for event in [*replies, flushed] for attempt in event.published]
    assert sorted(published) == ["attempt-0-0", "attempt-1-0", "attempt-2-0"]
    assert store.published(published) == set(published)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        ("raise", "RuntimeError: the trainable says no in two lines"),
        ("nothing", "ended without a Finished report for trial trial-0-0"),
        ("undeclared", "reported metrics that it does not declare: secret"),
        ("stranger", "reported on trial 'somebody else', which is not in its stack"),
        ("twice", "reported on trial trial-0-0 after its Finished report"),
        ("exit", "SystemExit: 0"),
        ("interrupt", "KeyboardInterrupt"),
        ("mute", "MuteError: (its message cannot be made)"),
        ("text", "reported score = 'high'; a metric is a float, an int or None"),
        ("flag", "reported score = True; a metric is a float, an int or None"),
        ("array", "reported score = array([0., 0., 0.]); a metric is a float, an int or None"),
        ("huge", "reported score = 1180591620717411303424; a metric is a float, an int or None"),
        ("status", "reported status 'weird'"),
        ("no_report", "yielded dict, which is no report"),
        ("half_epoch", "reported epoch 1.5, which is no whole number"),
        ("same_epoch", "reported epoch 1 of trial trial-0-0 twice"),
    ],
)
def test_what_a_trainable_does_wrong_is_an_event(executor, behaviour, cause):
    start(executor)
    executor.run(0, [assignment(0, {"behaviour": behaviour})])
    executor.run(0, [assignment(1, {})])
    raised, trained = wait_for(executor, 2)
    assert isinstance(raised, StackRaised)
    assert cause in raised.cause
    assert "Traceback" in raised.traceback
    assert raised.finished == (("attempt-0-0",) if behaviour == "twice" else ())
    assert isinstance(trained, StackTrained)


def test_numbers_of_numpy_are_numbers(executor, store):
    start(executor)
    executor.run(0, [assignment(0, {"behaviour": "numpy"}, publish_at_once=True)])
    assert isinstance(wait_for(executor, 1)[0], StackTrained)
    assert [row["score"] for row in store.rows(Kind.TRIALS)] == [0.5]


def test_a_metric_that_is_nan_marks_the_trial_as_diverged(executor, store):
    start(executor)
    executor.run(0, [assignment(0, {"behaviour": "nan"}, publish_at_once=True)])
    assert isinstance(wait_for(executor, 1)[0], StackTrained)
    assert [row["status"] for row in store.rows(Kind.TRIALS)] == ["diverged"]


def test_an_attempt_is_stopped_after_the_epoch_that_it_was_given(executor, store):
    start(executor)
    whole = assignment(0, {"number": 1}, {"number": 2}, publish_at_once=True)
    first, second = whole.tasks
    executor.run(0, [replace(whole, tasks=(replace(first, stop_after_epoch=1), replace(second, stop_after_epoch=2)))])
    (event,) = wait_for(executor, 1)
    assert isinstance(event, StackTrained)
    assert event.published == ("attempt-0-0", "attempt-0-1")
    rows = sorted((row["trial_id"], row["status"], row["score"]) for row in store.rows(Kind.TRIALS))
    assert rows == [("trial-0-0", "pruned", None), ("trial-0-1", "completed", 9.0)]


def test_stacks_that_have_not_begun_can_be_taken_back(executor):
    start(executor)
    executor.run(0, [assignment(0, {"sleep_s": 1.0})])
    executor.run(0, [assignment(1, {})])
    if not isinstance(executor, InlineExecutor):
        time.sleep(0.3)  # inline, nothing begins before it is polled
        executor.cancel_queued()
        assert {type(event) for event in wait_for(executor, 2)} == {StackTrained, StackSkipped}
    else:
        executor.cancel_queued()
        assert wait_for(executor, 2) == [StackSkipped(worker_id=0, stack_id=0), StackSkipped(worker_id=0, stack_id=1)]


def test_a_worker_that_is_stopped_is_lost_and_nothing_more_is_heard_of_it(executor, store):
    start(executor, 2)
    executor.run(0, [assignment(0, {"sleep_s": 600.0} if executor.can_stop_workers else {})])
    executor.flush(0)
    executor.stop_worker(0)
    executor.stop_worker(0)
    (lost,) = wait_for(executor, 1)
    assert isinstance(lost, WorkerLost)
    assert lost.worker_id == 0
    executor.run(0, [assignment(1, {})])
    executor.run(1, [assignment(2, {}, publish_at_once=True)])
    (trained,) = wait_for(executor, 1)
    assert (trained.worker_id, trained.stack_id) == (1, 2)
    assert store.published(["attempt-0-0", "attempt-1-0", "attempt-2-0"]) == {"attempt-2-0"}


def test_a_store_that_cannot_be_written_is_an_event(executor, store):
    start(executor)
    store.path.mkdir(exist_ok=True)
    (store.path / "trials").write_text("in the way")
    executor.run(0, [assignment(0, {}, publish_at_once=True)])
    (event,) = wait_for(executor, 1)
    assert isinstance(event, StoreFailed)
    assert "trials" in event.cause
    assert "\n" not in event.cause


def test_it_can_be_opened_again(executor):
    start(executor)
    executor.run(0, [assignment(0, {"sleep_s": 0.5})])
    executor.release()
    start(executor)
    assert executor.poll(0.7) == []


def test_a_worker_at_rest_is_taken_over(executor, store):
    start(executor, 2)
    before = processes(executor, store, 2)
    executor.rest()
    executor.rest()  # a run without trials
    start_workers(executor)
    (first,) = processes(executor, store)
    executor.rest()  # the other one was not taken over, and rests on
    start_workers(executor, 2)
    again = processes(executor, store, 2)
    assert first in before
    assert sorted(again) == sorted(before)


def test_after_a_rest_nothing_is_heard_of_what_was_asked_before(executor):
    executor.open(SETUP, 2)
    executor.start_worker(0)
    executor.start_worker(1)
    executor.rest()
    assert executor.poll(0.5) == []
    start_workers(executor, 2)
    executor.run(0, [assignment(0, {"sleep_s": 1.0})])
    executor.flush(0)
    executor.stop_worker(1)
    executor.rest()
    assert executor.poll(2.5) == []
    start_workers(executor, 2)
    executor.run(1, [assignment(1, {})])
    (event,) = wait_for(executor, 1)
    assert (type(event), event.worker_id, event.stack_id) == (StackTrained, 1, 1)


@pytest.mark.parametrize("end", ["release", "close"])
def test_workers_at_rest_are_ended_with_the_others(executor, store, end):
    start(executor, 2)
    pids = processes(executor, store, 2)
    executor.rest()
    start_workers(executor)
    getattr(executor, end)()
    wait_until_gone(set(pids) - {os.getpid()})


def test_workers_at_rest_serve_their_own_setup_only(executor, store):
    start(executor)
    old = processes(executor, store)
    executor.rest()
    start(executor)
    assert processes(executor, store) == old
    executor.rest()
    start(executor, setup=replace(SETUP, git_commit="another"))
    new = processes(executor, store)
    assert [row["git_commit"] for row in store.rows(Kind.TRIALS)].count("another") == 1
    if not isinstance(executor, InlineExecutor):
        assert old != new
        wait_until_gone(old)
