"""The thin shell around the state machine: carries out its instructions and tells it what happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.driver.clock import Clock
from orchestrator.driver.signals import StopSignals
from orchestrator.errors import StopNow
from orchestrator.executors.protocol import Executor
from orchestrator.identity.identifiers import new_attempt_id
from orchestrator.lifecycle.events import Event, StopRequested, StoreAnswered, StoreFailed, TimePassed
from orchestrator.lifecycle.instructions import (
    AskStore,
    CancelQueued,
    Finish,
    Flush,
    Instruction,
    RecordFailure,
    RunStacks,
    Stack,
    StartWorker,
    StopWorker,
    Tell,
)
from orchestrator.lifecycle.machine import Machine
from orchestrator.lifecycle.states import TrialState
from orchestrator.space.trial import Trial
from orchestrator.study.schema import Limits
from orchestrator.worker.assignment import Assignment, AttemptTask
from results_store import Store, StoreError
from results_store.records import FailureRecord

POLL_S = 0.2

MAX_STEP_S = 1.0
"""Time passes for workers in steps of at most this. What is more the driver itself stood still (Ctrl-Z, a machine that
slept): replies of that time are still on their way, and nobody hangs."""


class Observer(Protocol):
    """Who is told how a run goes."""

    def update(self, counts: Mapping[TrialState, int]) -> None:
        """The number of trials in each state has changed, or time has passed."""

    def failure(self, failure: RecordFailure) -> None:
        """An attempt failed; shown where `is_new`."""

    def notice(self, text: str) -> None:
        """Something else that the user should know."""


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """How a run ended.

    Attributes:
        counts: trials by state.
        stop_reason: why it was stopped early, or None.
        is_broken: it could not go on; the reason is an error.
        failed: ids of the trials that have failed for good.
    """

    counts: Mapping[TrialState, int]
    stop_reason: str | None = None
    is_broken: bool = False
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What earlier runs have used up of the limits.

    Attributes:
        num_failed: trials that have failed.
        begun_s: when the time budget began to run; None: it begins with the run.
    """

    num_failed: int = 0
    begun_s: float | None = None


class Driver:
    """Runs the stacks of one study on one executor."""

    def __init__(
        self,
        *,
        store: Store,
        executor: Executor,
        observer: Observer,
        signals: StopSignals,
        clock: Clock,
        attempt_ids: Callable[[], str] = new_attempt_id,
    ) -> None:
        self._store = store
        self._executor = executor
        self._observer = observer
        self._signals = signals
        self._clock = clock
        self._attempt_ids = attempt_ids
        self._trials: dict[str, Trial] = {}
        self._stop_after_epoch: int | None = None
        self._answers: list[Event] = []
        self._finish: Finish | None = None
        self._seen_s = clock.now_s()
        self._told_s = 0.0

    def run(
        self,
        stacks: Sequence[Sequence[Trial]],
        *,
        limits: Limits,
        num_workers: int,
        keep_workers: bool = False,
        stop_after_epoch: int | None = None,
        spent: Spent = Spent(),
    ) -> RunOutcome:
        """Runs every trial to its end, or until it is told to stop, on an executor that has been opened.

        May be called again and again: every run counts attempts for itself, and failures and time beside what is spent.

        Args:
            stacks: trials to be trained together, in the order in which they are to be started.
            limits: of this run, with those before it.
            num_workers: how many workers are kept alive.
            keep_workers: another run of this setup follows: after a complete run workers rest (`Executor.rest`). After
                any other one they are released all the same: what they hold or do then is not known.
            stop_after_epoch: trials are stopped after this epoch, and recorded as pruned; None: they are trained to
                their end. A trial that ends at this very epoch is stopped before it can report its final metrics.
            spent: what the runs before have used up of the limits.
        """
        self._trials = {trial.trial_id: trial for stack in stacks for trial in stack}
        self._stop_after_epoch = stop_after_epoch
        self._finish = None
        self._answers = []  # of the run before
        self._seen_s = self._clock.now_s()  # the pause since then is nobody's silence
        is_complete = False
        machine = Machine(
            stacks=[[trial.trial_id for trial in stack] for stack in stacks],
            num_workers=num_workers,
            max_attempts=limits.max_attempts,
            max_failed_trials=limits.max_failed_trials,
            num_failed_before=spent.num_failed,
            trial_timeout_s=limits.trial_timeout_s if self._executor.can_stop_workers else None,
            new_attempt_id=self._attempt_ids,
        )
        try:
            with self._signals.training():
                self._carry_out(machine.start())
                begun_s = self._clock.now_s() if spent.begun_s is None else spent.begun_s
                finish = self._until_finished(machine, limits, begun_s)
            is_complete = finish.reason is None and not finish.broken
        except StopNow:
            finish = Finish(reason="interrupted")
        finally:
            if keep_workers and is_complete:
                self._executor.rest()
            else:
                self._executor.release()
        self._observer.update(machine.counts())
        failed = (trial_id for trial_id in self._trials if machine.state_of(trial_id) is TrialState.FAILED)
        return RunOutcome(
            counts=machine.counts(),
            stop_reason=finish.reason,
            is_broken=finish.broken,
            failed=frozenset(failed),
        )

    def _until_finished(self, machine: Machine, limits: Limits, begun_s: float) -> Finish:
        while (finish := self._finish) is None:
            self._observer.update(machine.counts())
            for event in self._events(limits, begun_s):
                self._carry_out(machine.handle(event))
        unheard = next((answer for answer in self._answers if isinstance(answer, StoreFailed)), None)
        if unheard is not None and not finish.broken:  # the last failure could not be recorded
            return Finish(reason=unheard.cause, broken=True)
        return finish

    def _events(self, limits: Limits, begun_s: float) -> list[Event]:
        answers, self._answers = self._answers, []
        events = [*answers, *self._executor.poll(0.0 if answers else POLL_S)]
        for request in self._signals.take():
            if not request.at_once:
                self._observer.notice("interrupted: what runs is finished first; Ctrl-C again stops now")
            events.append(request)
        now_s = self._clock.now_s()
        if limits.time_budget_s is not None and now_s - begun_s >= limits.time_budget_s:
            reason = f"the time budget of {limits.time_budget_s:g} s is spent"
            events.append(StopRequested(at_once=False, reason=reason))
        # Last: what was answered in time is no longer waited for, and what is sent in answer begins now.
        self._told_s += min(now_s - self._seen_s, MAX_STEP_S)
        self._seen_s = now_s
        return [*events, TimePassed(now_s=self._told_s)]

    def _carry_out(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case StartWorker():
                    self._executor.start_worker(instruction.worker_id, instruction.avoid)
                case StopWorker():
                    self._executor.stop_worker(instruction.worker_id)
                case RunStacks():
                    assignments = [self._assignment(stack) for stack in instruction.stacks]
                    self._executor.run(instruction.worker_id, assignments)
                case Flush():
                    self._executor.flush(instruction.worker_id)
                case CancelQueued():
                    self._executor.cancel_queued()
                case AskStore():
                    self._answers.append(self._ask(instruction))
                case RecordFailure():
                    self._record(instruction)
                case Tell():
                    self._observer.notice(instruction.text)
                case Finish():
                    self._finish = instruction

    def _assignment(self, stack: Stack) -> Assignment:
        tasks = [
            AttemptTask(
                attempt_id=attempt.attempt_id,
                trial_id=attempt.trial_id,
                config=self._trials[attempt.trial_id].cell.config.model_dump(mode="json"),
                seed=self._trials[attempt.trial_id].seed,
                stop_after_epoch=self._stop_after_epoch,
                save_weights=self._trials[attempt.trial_id].cell.saves_weights,
            )
            for attempt in stack.attempts
        ]
        return Assignment(stack_id=stack.stack_id, tasks=tuple(tasks), publish_at_once=stack.alone)

    def _ask(self, instruction: AskStore) -> Event:
        try:
            published = self._store.published(attempt.attempt_id for attempt in instruction.attempts)
        except StoreError as error:
            return StoreFailed(cause=str(error))
        return StoreAnswered(worker_id=instruction.worker_id, published=frozenset(published))

    def _record(self, failure: RecordFailure) -> None:
        self._observer.failure(failure)
        record = FailureRecord(
            trial_id=failure.attempt.trial_id,
            attempt_id=failure.attempt.attempt_id,
            kind=failure.kind,
            host=failure.host,
            cause=failure.cause,
            traceback=failure.traceback,
            gave_up=failure.gave_up,
            stack_size=failure.stack_size,
            failed_at=datetime.now(UTC),
        )
        try:
            self._store.publish([record])
        except StoreError as error:
            self._answers.append(StoreFailed(cause=str(error)))
