"""The driver's decisions about what hangs, waits for a place, or sits on a bad node."""

from scripted_machine import at, failure, lose, machine_of, run_of, started, trained

from orchestrator.lifecycle.events import (
    StoreAnswered,
    WorkerLost,
    WorkerPlaced,
)
from orchestrator.lifecycle.instructions import (
    Flush,
    StartWorker,
    StopWorker,
    Tell,
)
from orchestrator.lifecycle.states import TrialState

TOLD = "here (node bad) lost 3 workers with different trials in a row: new ones go to other nodes, if there are any"


def test_a_call_that_hangs_loses_its_worker_and_its_trials_are_tried_again_alone():
    machine = machine_of(["a", "b"], ["c"], max_attempts=1, trial_timeout_s=10.0)
    machine.start()
    started(machine)
    assert at(machine, 100.0) == []  # here its time begins
    assert at(machine, 120.0) == []  # two trials may take twice as long
    assert at(machine, 120.1) == [StopWorker(worker_id=0)]
    assert at(machine, 130.0) == [], "it is killed once"
    machine.handle(WorkerLost(worker_id=0, cause="killed", details="by ray.kill"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset(["attempt-1"])))
    cause = "no reply for 20 s; limits.trial_timeout_s = 10, for each of 2 trials"
    assert instructions[0] == failure(0, "a", "lost", cause, gave_up=False, traceback="by ray.kill", stack_size=2)
    assert machine.state_of("b") is TrialState.PUBLISHED
    assert started(machine, 1) == [run_of(1, 1, (2, "a"), alone=True)]
    at(machine, 200.0)
    assert at(machine, 211.0) == [StopWorker(worker_id=1)]
    machine.handle(WorkerLost(worker_id=1, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=1, published=frozenset()))
    cause = "no reply for 10 s; limits.trial_timeout_s = 10"
    assert instructions[0] == failure(2, "a", "lost", cause, gave_up=True)


def test_the_time_of_a_second_call_begins_with_the_answer_to_the_first():
    machine = machine_of(["a"], ["b"], ["c"], ["d"], trial_timeout_s=10.0)
    machine.start()
    started(machine)
    machine.handle(trained(0, 0, "attempt-0", duration_s=0.5))  # b and c are sent
    at(machine, 0.0)
    assert at(machine, 9.0) == []
    machine.handle(trained(0, 1, "attempt-1", duration_s=9.0))
    assert at(machine, 9.1) == []
    assert at(machine, 19.0) == []
    assert at(machine, 19.2) == [StopWorker(worker_id=0)]


def test_a_reply_that_comes_after_all_counts():
    machine = machine_of(["a"], ["b"], trial_timeout_s=10.0)
    machine.start()
    started(machine)
    at(machine, 0.0)
    assert at(machine, 11.0) == [StopWorker(worker_id=0)]
    assert machine.handle(trained(0, 0, "attempt-0")) == [], "nothing more is given to it"
    assert machine.state_of("a") is TrialState.PUBLISHED
    assert machine.handle(WorkerLost(worker_id=0, cause="killed")) == [StartWorker(worker_id=1)]


def test_without_a_limit_a_call_may_take_any_time():
    machine = machine_of(["a"])
    machine.start()
    started(machine)
    at(machine, 0.0)
    assert at(machine, 1e9) == []


def test_a_start_that_hangs_does_not_hang_the_run():
    machine = machine_of(["a"])
    machine.start()
    at(machine, 0.0)
    machine.handle(WorkerPlaced(worker_id=0, host="here", node="n"))
    at(machine, 50.0)
    assert at(machine, 640.0) == []
    assert at(machine, 651.0) == [StopWorker(worker_id=0)]
    assert machine.handle(WorkerLost(worker_id=0, cause="killed")) == [StartWorker(worker_id=1)]


def test_a_worker_that_does_not_publish_is_given_nothing_and_killed_in_the_end():
    machine = machine_of(["a"], ["b"], workers=2)
    machine.start()
    started(machine)
    at(machine, 0.0)
    assert machine.handle(trained(0, 0, duration_s=0.5))[0] == run_of(0, 1, (1, "b"))
    assert machine.handle(trained(0, 1, duration_s=0.5)) == [Flush(worker_id=0)]
    at(machine, 1000.0)
    assert at(machine, 1600.0) == []
    assert at(machine, 1601.0) == [StopWorker(worker_id=0)]
    machine.handle(WorkerLost(worker_id=0, cause="stopped"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset({"attempt-0"})))
    cause = "it had not published what it had trained after 600 s"
    assert instructions[0] == failure(1, "b", "lost", cause, gave_up=False)


def test_nothing_is_sent_behind_a_flush():
    machine = machine_of(["a"], ["b"], workers=2)
    machine.start()
    started(machine, 0)
    started(machine, 1)
    assert machine.handle(trained(0, 0, duration_s=0.5)) == [Flush(worker_id=0)]
    machine.handle(WorkerLost(worker_id=1, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=1, published=frozenset()))
    assert instructions == [failure(1, "b", "lost", "killed", gave_up=False), StartWorker(worker_id=2)]
    assert started(machine, 2) == [run_of(2, 2, (2, "b"), alone=True)]


def test_workers_that_wait_for_a_cpu_wait_as_long_as_it_takes_and_the_user_is_told_once():
    machine = machine_of(["a"], ["b"], workers=2)
    machine.start()
    started(machine)
    at(machine, 0.0)
    assert at(machine, 14.0) == []
    assert at(machine, 15.0) == [Tell(text="1 of 2 workers have been waiting for a free CPU for 15 s")]
    assert at(machine, 1e6) == []


def test_a_node_that_loses_three_different_trials_is_avoided():
    machine = machine_of(["a", "b"], ["c"], ["d"], ["e"], max_attempts=1)
    machine.start()
    for worker_id in range(4):  # a and b together, a, b, c: two different losses, and repetitions
        assert not any(isinstance(instruction, Tell) for instruction in lose(machine, worker_id, "bad"))
    instructions = lose(machine, 4, "bad")
    assert Tell(text=TOLD) in instructions
    assert instructions[-1] == StartWorker(worker_id=5, avoid=frozenset(["bad"]))


def test_a_lost_trial_is_tried_again_on_another_node():
    machine = machine_of(["a"], ["b"], ["c"], workers=2)
    machine.start()
    started(machine, 0, "bad")
    started(machine, 1, "good")
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    assert started(machine, 2, "bad") == [run_of(2, 2, (2, "c"))], "a is not for this one"
    assert machine.handle(trained(1, 1, "attempt-1")) == [run_of(1, 3, (3, "a"), alone=True)]


def test_where_there_is_no_other_node_a_lost_trial_is_tried_again_on_the_same():
    machine = machine_of(["a"])
    machine.start()
    started(machine, 0, "only")
    machine.handle(WorkerLost(worker_id=0, cause="killed"))
    instructions = machine.handle(StoreAnswered(worker_id=0, published=frozenset()))
    assert instructions[-1] == StartWorker(worker_id=1, avoid=frozenset(["only"]))  # if there is any other
    assert started(machine, 1, "only") == [run_of(1, 1, (1, "a"), alone=True)]


def test_nodes_are_forgiven_where_there_is_nowhere_else_to_go():
    machine = machine_of(["a"], ["b"], ["c"], ["d"], max_attempts=1)
    instructions = machine.start()
    for worker_id in range(3):
        machine.handle(WorkerPlaced(worker_id=worker_id, host="here", node="bad"))
        instructions = machine.handle(WorkerLost(worker_id=worker_id, cause="no such file"))
    assert instructions == [Tell(text=TOLD), StartWorker(worker_id=3, avoid=frozenset(["bad"]))]
    at(machine, 0.0)
    assert at(machine, 61.0) == [
        Tell(text="1 of 1 workers have been waiting for a free CPU for 15 s"),
        StopWorker(worker_id=3),
    ]
    assert machine.handle(WorkerLost(worker_id=3, cause="killed")) == [StartWorker(worker_id=4)]
