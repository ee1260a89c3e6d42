"""A state machine with attempts that are numbered, and short names for its events and instructions."""

import itertools

from orchestrator.lifecycle.events import (
    StackRaised,
    StackTrained,
    StoreAnswered,
    TimePassed,
    WorkerLost,
    WorkerPlaced,
    WorkerStarted,
)
from orchestrator.lifecycle.instructions import (
    Attempt,
    RecordFailure,
    RunStacks,
    Stack,
)
from orchestrator.lifecycle.machine import Machine


def machine_of(*stacks, workers=1, max_attempts=3, max_failed_trials=None, trial_timeout_s=None):
    numbers = itertools.count()
    return Machine(
        stacks=stacks,
        num_workers=workers,
        max_attempts=max_attempts,
        max_failed_trials=max_failed_trials,
        trial_timeout_s=trial_timeout_s,
        new_attempt_id=lambda: f"attempt-{next(numbers)}",
    )


def started(machine, worker_id=0, node=""):
    assert machine.handle(WorkerPlaced(worker_id=worker_id, host="here", node=node)) == []
    return machine.handle(WorkerStarted(worker_id=worker_id))


def at(machine, now_s):
    return machine.handle(TimePassed(now_s=now_s))


def trained(worker_id, stack_id, *published, duration_s=60.0):
    return StackTrained(worker_id=worker_id, stack_id=stack_id, published=published, duration_s=duration_s)


def raised(worker_id, stack_id, finished=(), published=(), cause="ValueError: no"):
    return StackRaised(
        worker_id=worker_id,
        stack_id=stack_id,
        finished=finished,
        published=published,
        cause=cause,
        traceback="…",
    )


def run_of(worker_id, stack_id, *pairs, alone=False):
    attempts = tuple(Attempt(attempt_id=f"attempt-{number}", trial_id=trial) for number, trial in pairs)
    return RunStacks(worker_id=worker_id, stacks=(Stack(stack_id=stack_id, attempts=attempts, alone=alone),))


def failure(number, trial, kind, cause, *, gave_up, is_new=True, traceback="", stack_size=1):
    return RecordFailure(
        attempt=Attempt(attempt_id=f"attempt-{number}", trial_id=trial),
        kind=kind,
        host="here",
        cause=cause,
        traceback=traceback,
        stack_size=stack_size,
        gave_up=gave_up,
        is_new=is_new,
    )


def together(worker_id, *runs):
    return RunStacks(worker_id=worker_id, stacks=tuple(stack for run in runs for stack in run.stacks))


def lose(machine, worker_id, node):
    """Starts a worker on a node and loses it with what it is given."""
    started(machine, worker_id, node)
    instructions = machine.handle(WorkerLost(worker_id=worker_id, cause="killed"))
    return instructions + machine.handle(StoreAnswered(worker_id=worker_id, published=frozenset()))
