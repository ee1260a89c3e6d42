"""Laws of the state machine under random schedules: whatever happens, the run ends and every trial counts once."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lifecycle.events import (
    Flushed,
    StackRaised,
    StackSkipped,
    StackTrained,
    StoreAnswered,
    WorkerLost,
    WorkerStarted,
)
from orchestrator.lifecycle.instructions import (
    AskStore,
    CancelQueued,
    Finish,
    Flush,
    RecordFailure,
    RunStacks,
    StartWorker,
)
from orchestrator.lifecycle.machine import Machine
from orchestrator.lifecycle.states import TrialState


class SimulatedWorker:
    def __init__(self):
        self.calls = []  # RunStacks and Flush, in order
        self.buffer = []  # trained attempts that are not published
        self.unreported = []  # published attempts that no reply has told of


class Simulation:
    """Workers that train, raise and die as a random generator says; and a store that keeps what was published."""

    def __init__(self, machine, rng, *, death_rate, poisonous, raising):
        self.machine, self.rng = machine, rng
        self.death_rate, self.poisonous, self.raising = death_rate, poisonous, raising
        self.workers, self.ready = {}, []
        self.events = []
        self.store = []  # attempts, in the order in which they were published
        self.failures, self.executions, self.finish = [], [], None

    def run(self):
        self.obey(self.machine.start())
        for _ in range(20_000):
            if self.finish is not None:
                return
            events = self.next_events()
            assert events, "nothing can happen any more, and the run has not ended"
            for event in events:
                self.obey(self.machine.handle(event))
        raise AssertionError("the run does not end")

    def obey(self, instructions):
        for instruction in instructions:
            match instruction:
                case StartWorker():
                    self.workers[instruction.worker_id] = SimulatedWorker()
                    self.events.append(WorkerStarted(worker_id=instruction.worker_id, host="host"))
                case RunStacks() | Flush():
                    self.workers[instruction.worker_id].calls.append(instruction)
                case AskStore():
                    known = {attempt.attempt_id for attempt in self.store}
                    asked = frozenset(a.attempt_id for a in instruction.attempts) & known
                    self.events.append(StoreAnswered(worker_id=instruction.worker_id, published=asked))
                case RecordFailure():
                    self.failures.append(instruction)
                case CancelQueued():
                    for worker_id, worker in self.workers.items():
                        for call in worker.calls[1:]:
                            if isinstance(call, RunStacks):
                                worker.calls.remove(call)
                                self.events += [self.skipped(worker_id, stack) for stack in call.stacks]
                case Finish():
                    self.finish = instruction

    def next_events(self):
        busy = [worker_id for worker_id, worker in self.workers.items() if worker.calls]
        if self.events and (not busy or self.rng.random() < 0.5):
            return [self.events.pop(0)]
        if not busy:
            return []
        return self.step(self.rng.choice(busy))

    def step(self, worker_id):
        worker = self.workers[worker_id]
        if worker.buffer and self.rng.random() < 0.2:
            self.publish(worker)  # its thread
        call = worker.calls.pop(0)
        if isinstance(call, Flush):
            self.publish(worker)
            return [Flushed(worker_id=worker_id, published=self.report(worker))]
        events = []
        for stack in call.stacks:
            if events and self.rng.random() < 0.2:
                events.append(self.skipped(worker_id, stack))
                continue
            events.append(self.train(worker_id, worker, stack))
            if isinstance(events[-1], WorkerLost):
                return events[-1:]  # nobody hears of what it had done
        return events

    def skipped(self, worker_id, stack):
        return StackSkipped(worker_id=worker_id, stack_id=stack.stack_id)

    def train(self, worker_id, worker, stack):
        attempts = stack.attempts
        self.executions += attempts
        trial_ids = {attempt.trial_id for attempt in attempts}
        if trial_ids & self.poisonous or self.rng.random() < self.death_rate:
            if not trial_ids & (self.poisonous | self.raising) and self.rng.random() < 0.3:
                worker.buffer += attempts
                self.publish(worker)  # it dies after publishing, before its reply
            del self.workers[worker_id]
            return WorkerLost(worker_id=worker_id, cause="killed")
        if trial_ids & self.raising:
            return StackRaised(
                worker_id=worker_id,
                stack_id=stack.stack_id,
                finished=(),
                published=self.report(worker),
                cause="E",
                traceback="",
            )
        worker.buffer += attempts
        if stack.alone or self.rng.random() < 0.5:
            self.publish(worker)
        return StackTrained(
            worker_id=worker_id,
            stack_id=stack.stack_id,
            published=self.report(worker),
            duration_s=self.rng.choice([0.001, 0.03, 0.5, 60.0]),
        )

    def publish(self, worker):
        self.store += worker.buffer
        worker.unreported += [attempt.attempt_id for attempt in worker.buffer]
        worker.buffer = []

    def report(self, worker):
        published, worker.unreported = tuple(worker.unreported), []
        return published


@settings(max_examples=500, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    num_trials=st.integers(1, 25),
    num_workers=st.integers(1, 4),
    stack_size=st.integers(1, 4),
    death_rate=st.sampled_from([0.0, 0.1, 0.4]),
    num_poisonous=st.integers(0, 2),
    num_raising=st.integers(0, 2),
)
def test_no_trial_is_lost_or_counted_twice(
    seed, num_trials, num_workers, stack_size, death_rate, num_poisonous, num_raising
):
    rng = random.Random(seed)
    trials = [f"t{index}" for index in range(num_trials)]
    numbers = itertools.count()
    max_attempts = 3
    machine = Machine(
        stacks=[trials[start : start + stack_size] for start in range(0, num_trials, stack_size)],
        num_workers=num_workers,
        max_attempts=max_attempts,
        max_failed_trials=None,
        new_attempt_id=lambda: str(next(numbers)),
    )
    poisonous = set(rng.sample(trials, min(num_poisonous, num_trials)))
    raising = set(rng.sample(trials, min(num_raising, num_trials))) - poisonous
    simulation = Simulation(machine, rng, death_rate=death_rate, poisonous=poisonous, raising=raising)
    simulation.run()

    stored = {attempt.trial_id for attempt in simulation.store}
    given_up = {failure.attempt.trial_id for failure in simulation.failures if failure.gave_up}
    published = {trial for trial in trials if machine.state_of(trial) is TrialState.PUBLISHED}
    assert published == stored, "a trial counts as done exactly if it is in the store"
    assert given_up == set(trials) - stored, "what is not in the store is recorded as failed"
    assert len(simulation.store) == len(stored), "nothing in the store was run again"
    assert poisonous | raising <= given_up
    if death_rate == 0 and not poisonous:
        assert given_up == raising
    executions = [attempt.trial_id for attempt in simulation.executions]
    assert max(map(executions.count, trials)) <= max_attempts + 2, "attempts are bounded"
    assert len({attempt.attempt_id for attempt in simulation.executions}) == len(executions)
