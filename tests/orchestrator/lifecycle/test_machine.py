"""The driver's decisions: events in, instructions out."""

import pytest
from scripted_machine import at, failure, machine_of, raised, run_of, started, together, trained

from orchestrator.lifecycle.events import (
    Flushed,
    StackSkipped,
    StopRequested,
    StoreAnswered,
    StoreFailed,
    WorkerLost,
)
from orchestrator.lifecycle.instructions import (
    AskStore,
    Attempt,
    CancelQueued,
    Finish,
    Flush,
    StartWorker,
    StopWorker,
)
from orchestrator.lifecycle.states import TrialState


def test_one_trial_from_start_to_finish():
    machine = machine_of(["a"])
    assert machine.start() == [StartWorker(worker_id=0)]
    assert started(machine) == [run_of(0, 0, (0, "a"))]
    assert machine.state_of("a") is TrialState.RUNNING
    assert machine.handle(trained(0, 0)) == [Flush(worker_id=0)]
    assert machine.state_of("a") is TrialState.TRAINED
    assert machine.handle(Flushed(worker_id=0, published=("attempt-0",))) == [Finish()]
    assert machine.state_of("a") is TrialState.PUBLISHED
    assert machine.is_finished


def test_nothing_to_run_is_finished_at_once():
    assert machine_of().start() == [Finish()]


def test_no_more_workers_than_stacks():
    assert len(machine_of(["a"], ["b"], workers=8).start()) == 2


def test_long_stacks_are_not_sent_ahead_and_short_ones_are():
    machine = machine_of(["a"], ["b"], ["c"])
    machine.start()
    assert started(machine) == [run_of(0, 0, (0, "a"))]
    assert machine.handle(trained(0, 0, "attempt-0", duration_s=0.5)) == [
        run_of(0, 1, (1, "b")),
        run_of(0, 2, (2, "c")),
    ]
    slow = machine_of(["a"], ["b"], ["c"])
    slow.start()
    started(slow)
    assert slow.handle(trained(0, 0, "attempt-0", duration_s=60.0)) == [run_of(0, 1, (1, "b"))]


def test_very_short_stacks_share_a_call():
    machine = machine_of(["a"], ["b"], ["c"], ["d", "e"], ["f"])
    machine.start()
    started(machine)
    first = together(0, run_of(0, 1, (1, "b")), run_of(0, 2, (2, "c")))
    second = together(0, run_of(0, 3, (3, "d"), (4, "e")), run_of(0, 4, (5, "f")))
    assert machine.handle(trained(0, 0, "attempt-0", duration_s=0.04)) == [first, second]
    assert machine.handle(trained(0, 1, duration_s=0.04)) == []
    assert machine.handle(StackSkipped(worker_id=0, stack_id=2)) == [run_of(0, 5, (6, "c"))]


def test_no_call_holds_very_many_stacks():
    machine = machine_of(*([f"t{index}"] for index in range(100)))
    machine.start()
    started(machine)
    calls = machine.handle(trained(0, 0, "attempt-0", duration_s=0.0))
    assert [len(call.stacks) for call in calls] == [16, 16]


def test_the_stacks_of_a_lost_call_are_tried_again_alone_and_count_no_attempt():
    machine = machine_of(["a"], ["b"], ["c"], ["d"], max_attempts=1)
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.03))  # b, c and d in one call
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset(["attempt-2"])))
    assert instructions[:2] == [
        failure(1, "b", "lost", "killed", gave_up=False),
        failure(3, "d", "lost", "killed", gave_up=False, is_new=False),
    ]
    assert machine.state_of("c") is TrialState.PUBLISHED
    assert started(machine, 1) == [run_of(1, 4, (4, "b"), alone=True)]


def test_an_exception_is_recorded_and_not_repeated():
    machine = machine_of(["a"], ["b"])
    machine.start()
    started(machine)
    assert machine.handle(raised(0, 0)) == [
        failure(0, "a", "raised", "ValueError: no", gave_up=True, traceback="…"),
        run_of(0, 1, (1, "b")),
    ]
    assert machine.handle(trained(0, 1, "attempt-1")) == [Finish()]
    assert machine.counts()[TrialState.FAILED] == 1


def test_members_of_a_failed_stack_are_tried_again_alone():
    machine = machine_of(["a", "b"])
    machine.start()
    started(machine)
    instructions = machine.handle(raised(0, 0))
    assert instructions == [
        failure(0, "a", "raised", "ValueError: no", gave_up=False, traceback="…", stack_size=2),
        failure(1, "b", "raised", "ValueError: no", gave_up=False, is_new=False, traceback="…", stack_size=2),
        run_of(0, 1, (2, "a"), alone=True),
    ]
    assert machine.handle(raised(0, 1))[-1] == run_of(0, 2, (3, "b"), alone=True)
    assert machine.handle(trained(0, 2, "attempt-3")) == [Finish()]
    assert (machine.state_of("a"), machine.state_of("b")) == (TrialState.FAILED, TrialState.PUBLISHED)


def test_what_a_failed_stack_had_finished_is_kept():
    machine = machine_of(["a", "b"])
    machine.start()
    started(machine)
    instructions = machine.handle(raised(0, 0, finished=("attempt-0",), published=("attempt-0",)))
    assert machine.state_of("a") is TrialState.PUBLISHED
    assert instructions[-1] == run_of(0, 1, (2, "b"), alone=True)


def test_the_store_is_asked_before_anything_is_run_again():
    machine = machine_of(["a"])
    machine.start()
    started(machine)
    attempt = Attempt(attempt_id="attempt-0", trial_id="a")
    assert machine.handle(WorkerLost(worker_id=0, cause="killed")) == [AskStore(worker_id=0, attempts=(attempt,))]
    assert machine.handle(StoreAnswered(worker_id=0, published=frozenset({"attempt-0"}))) == [Finish()]
    assert machine.state_of("a") is TrialState.PUBLISHED


def test_a_lost_trial_is_tried_again_until_its_attempts_are_used_up():
    machine = machine_of(["a"], max_attempts=2)
    machine.start()
    started(machine)
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    assert machine.handle(StoreAnswered(worker_id=0, published=frozenset())) == [
        failure(0, "a", "lost", "killed", gave_up=False),
        StartWorker(worker_id=1),
    ]
    assert started(machine, 1) == [run_of(1, 1, (1, "a"), alone=True)]
    machine.handle(WorkerLost(worker_id=1, cause="killed"))
    assert machine.handle(StoreAnswered(worker_id=1, published=frozenset())) == [
        failure(1, "a", "lost", "killed", gave_up=True, is_new=False),
        Finish(),
    ]


def test_what_was_queued_behind_a_lost_stack_is_not_blamed():
    machine = machine_of(["a"], ["b"], ["c"])
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    assert instructions == [failure(1, "b", "lost", "killed", gave_up=False), StartWorker(worker_id=1)]
    assert machine.state_of("c") is TrialState.PENDING


def test_a_trial_with_another_behind_it_may_be_innocent_and_is_tried_again_also_where_it_has_one_attempt():
    machine = machine_of(["a"], ["b"], ["c"], max_attempts=1)
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))  # b runs, c waits behind it
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    assert instructions[0] == failure(1, "b", "lost", "killed", gave_up=False)
    assert started(machine, 1) == [run_of(1, 3, (3, "b"), alone=True)]
    machine.handle(WorkerLost(worker_id=1, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=1, published=frozenset()))
    assert instructions[0] == failure(3, "b", "lost", "killed", gave_up=True, is_new=False)


def test_a_trial_that_hangs_is_charged_also_with_another_behind_it():
    machine = machine_of(["a"], ["b"], ["c"], max_attempts=1, trial_timeout_s=10.0)
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))
    at(machine, 0.0)
    assert at(machine, 11.0) == [StopWorker(worker_id=0)]
    machine.handle(WorkerLost(worker_id=0, cause="stopped"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    cause = "no reply for 10 s; limits.trial_timeout_s = 10"
    assert instructions == [failure(1, "b", "lost", cause, gave_up=True), StartWorker(worker_id=1)]
    assert machine.state_of("c") is TrialState.PENDING


def test_what_is_in_the_store_is_not_run_again_also_where_it_seemed_to_wait():
    machine = machine_of(["a"], ["b"], ["c", "d"])
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))  # b raises, and this reply is lost; c is published
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset({"attempt-2"})))
    assert instructions == [failure(1, "b", "lost", "killed", gave_up=False), StartWorker(worker_id=1)]
    assert machine.state_of("c") is TrialState.PUBLISHED
    started(machine, 1)
    assert machine.handle(trained(1, 3, "attempt-4")) == [run_of(1, 4, (5, "d"))]


def test_a_trained_trial_lost_before_it_was_published_is_run_again():
    machine = machine_of(["a"], ["b"], max_attempts=1)
    machine.start()
    started(machine)
    machine.handle(trained(0, 0))
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    assert instructions[0] == failure(0, "a", "lost", "killed", gave_up=False)  # its training did not lose the worker
    assert instructions[1] == failure(1, "b", "lost", "killed", gave_up=True, is_new=False)


def test_a_flush_that_publishes_nothing_ends_all_the_same():
    machine = machine_of(["a"], max_attempts=2)
    machine.start()
    started(machine)
    for stack_id in range(2):
        assert machine.handle(trained(0, stack_id))[-1] == Flush(worker_id=0)
        instructions = machine.handle(Flushed(worker_id=0, published=()))
    assert instructions[-1] == Finish()
    assert machine.state_of("a") is TrialState.FAILED


def test_an_error_after_the_last_trial_was_finished_is_told_and_the_trials_count():
    machine = machine_of(["a"])
    machine.start()
    started(machine)
    instructions = machine.handle(raised(0, 0, finished=("attempt-0",), published=("attempt-0",)))
    told = failure(0, "a", "raised", "ValueError: no", gave_up=False, traceback="…")
    assert instructions == [told, Finish()]
    assert machine.state_of("a") is TrialState.PUBLISHED


def test_a_stop_that_comes_with_the_last_trial_stops_nothing():
    machine = machine_of(["a"])
    machine.start()
    started(machine)
    machine.handle(StopRequested(at_once=False, reason="the time budget is spent"))
    assert machine.handle(trained(0, 0, "attempt-0")) == [Finish()]


def test_interruption_finishes_what_runs():
    machine = machine_of(["a"], ["b"], ["c"])
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))
    assert machine.handle(StopRequested(at_once=False, reason="interrupted")) == [CancelQueued()]
    assert machine.handle(StackSkipped(worker_id=0, stack_id=2)) == []
    assert machine.handle(trained(0, 1, "attempt-1")) == [Finish(reason="interrupted")]
    assert machine.counts()[TrialState.PENDING] == 1


def test_a_second_interruption_stops_at_once():
    machine = machine_of(["a"], ["b"])
    machine.start()
    started(machine)
    machine.handle(StopRequested(at_once=False, reason="interrupted"))
    assert machine.handle(StopRequested(at_once=True, reason="interrupted")) == [Finish(reason="interrupted")]
    assert machine.handle(trained(0, 0)) == []


def test_too_many_failed_trials_stop_the_run():
    machine = machine_of(["a"], ["b"], ["c"], max_failed_trials=1)
    machine.start()
    started(machine)
    machine.handle(raised(0, 0))
    instructions = machine.handle(raised(0, 1))
    assert instructions[1:] == [CancelQueued(), Finish(reason="2 trials failed; the study allows 1")]


def test_a_broken_store_ends_the_run():
    machine = machine_of(["a"])
    machine.start()
    assert machine.handle(StoreFailed(cause="no space left")) == [Finish(reason="no space left", broken=True)]


def test_workers_that_never_begin_end_the_run():
    machine = machine_of(["a"])
    instructions = machine.start()
    for worker_id in range(10):
        instructions = machine.handle(WorkerLost(worker_id=worker_id, cause="no such module"))
        if machine.is_finished:
            break
    assert instructions == [Finish(reason="workers keep dying before they begin: no such module", broken=True)]


@pytest.mark.parametrize("event", [trained(7, 0), raised(7, 0), Flushed(worker_id=7, published=("x",)), trained(0, 99)])
def test_events_about_what_is_gone_change_nothing(event):
    machine = machine_of(["a"], ["b"])
    machine.start()
    started(machine)
    before = machine.counts()
    assert machine.handle(event) == []
    assert machine.counts() == before
