"""The driver's decisions as a pure state machine: events in, instructions out, no I/O, no clock.

Every trial is PENDING until a stack that holds it is sent to a worker (RUNNING), until the worker has trained it
(TRAINED), and until it stands in the store (PUBLISHED). When a worker is lost, the store is asked first: what was
published is done. Of the rest, the call that ran is blamed, and its trials are tried again alone; only losses of
attempts that had a call for themselves count towards `max_attempts` (and, unless it hung, no call behind it that may
have been the one), so that a poisonous trial cannot use up its neighbours' tries. A worker that hangs is killed, and
is lost like any other.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from orchestrator.lifecycle.events import (
    Event,
    Flushed,
    StackRaised,
    StackSkipped,
    StackTrained,
    StopRequested,
    StoreAnswered,
    StoreFailed,
    TimePassed,
    WorkerLost,
    WorkerPlaced,
    WorkerStarted,
)
from orchestrator.lifecycle.instructions import (
    AskStore,
    Attempt,
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
from orchestrator.lifecycle.nodes import MAX_LOSSES, Nodes
from orchestrator.lifecycle.states import TrialState
from orchestrator.lifecycle.workers import Call, Worker

MAX_IDLE_LOSSES = 3
"""Workers that may be lost in a row, per worker, without having been given anything, before the run is broken."""


PLACE_TOLD_S = 15.0
"""Once workers have waited this long for a CPU, the user is told."""

PLACE_PATIENCE_S = 60.0
"""Once nobody has had a CPU for this long, nodes that were to be avoided are used all the same."""


class Machine:
    """Decides what is run where, and what a loss means.

    Args:
        stacks: trial ids to be trained together, in the order in which they are to be started.
        num_workers: how many workers are kept alive.
        max_attempts: how often a trial that loses its worker is tried.
        max_failed_trials: stop once more trials than this have failed; None: never.
        num_failed_before: trials of earlier runs that count towards it.
        trial_timeout_s: a call that takes longer than this, times its trials, hangs; None: calls may take any time.
        new_attempt_id: makes ids for attempts.
    """

    def __init__(
        self,
        *,
        stacks: Sequence[Sequence[str]],
        num_workers: int,
        max_attempts: int,
        max_failed_trials: int | None,
        num_failed_before: int = 0,
        trial_timeout_s: float | None = None,
        new_attempt_id: Callable[[], str],
    ) -> None:
        self._queue: deque[tuple[str, ...]] = deque(tuple(stack) for stack in stacks)
        self._alone: deque[str] = deque()
        self._states = {trial_id: TrialState.PENDING for stack in stacks for trial_id in stack}
        assert len(self._states) == sum(len(stack) for stack in stacks), "a trial is run once"
        self._counts = Counter(self._states.values())
        self._num_workers = num_workers
        self._max_attempts = max_attempts
        self._max_failed_trials = max_failed_trials
        self._num_failed_before = num_failed_before
        self._trial_timeout_s = trial_timeout_s
        self._new_attempt_id = new_attempt_id
        self._workers: dict[int, Worker] = {}
        self._asked: dict[int, tuple[Worker, WorkerLost]] = {}
        self._nodes = Nodes()
        self._lost_on: defaultdict[str, set[str]] = defaultdict(set)
        self._has_told_of_waiting = False
        self._num_lost: Counter[str] = Counter()
        self._causes: set[str] = set()
        self._next_worker_id = 0
        self._next_stack_id = 0
        self._num_idle_losses = 0
        self._stop_reason: str | None = None
        self._finished: Finish | None = None

    @property
    def is_finished(self) -> bool:
        """Whether `Finish` has been instructed."""
        return self._finished is not None

    def counts(self) -> dict[TrialState, int]:
        """How many trials are in each state."""
        return {state: self._counts[state] for state in TrialState}

    def state_of(self, trial_id: str) -> TrialState:
        """The state of one trial."""
        return self._states[trial_id]

    def start(self) -> list[Instruction]:
        """The first instructions."""
        if not self._states:
            return self._finish(Finish())
        return [self._start_worker() for _ in range(min(self._num_workers, len(self._queue)))]

    def handle(self, event: Event) -> list[Instruction]:
        """What to do about an event. Events about workers and stacks that are gone change nothing."""
        if self._finished is not None:
            return []
        match event:
            case TimePassed():
                instructions = self._time_passed(event)
            case WorkerPlaced():
                instructions = self._worker_placed(event)
            case WorkerStarted():
                instructions = self._worker_started(event)
            case StackTrained():
                instructions = self._stack_trained(event)
            case StackRaised():
                instructions = self._stack_raised(event)
            case StackSkipped():
                instructions = self._stack_skipped(event)
            case Flushed():
                instructions = self._flushed(event)
            case WorkerLost():
                instructions = self._worker_lost(event)
            case StoreAnswered():
                instructions = self._store_answered(event)
            case StoreFailed():
                instructions = self._finish(Finish(reason=event.cause, broken=True))
            case StopRequested():
                instructions = self._stop_requested(event)
        return instructions + self._next()

    # Events

    def _time_passed(self, event: TimePassed) -> list[Instruction]:
        instructions: list[Instruction] = []
        for worker_id, worker in self._workers.items():
            worker.note_time(event.now_s)
            if (cause := worker.overdue(event.now_s, self._trial_timeout_s)) is not None:
                worker.stop_cause = cause
                instructions.append(StopWorker(worker_id=worker_id))
        return instructions + self._look_for_places(event.now_s)

    def _look_for_places(self, now_s: float) -> list[Instruction]:
        instructions: list[Instruction] = []
        waits_s = {worker_id: worker.waits_for_a_place_s(now_s) for worker_id, worker in self._workers.items()}
        num_waiting = sum(wait_s >= PLACE_TOLD_S for wait_s in waits_s.values())
        if num_waiting and not self._has_told_of_waiting:
            self._has_told_of_waiting = True
            text = (
                f"{num_waiting} of {self._num_workers} workers have been waiting for a free CPU for {PLACE_TOLD_S:g} s"
            )
            instructions.append(Tell(text=text))
        if not any(worker.is_placed for worker in self._workers.values()):
            for worker_id, worker in self._workers.items():
                if worker.avoids and worker.stop_cause is None and waits_s[worker_id] >= PLACE_PATIENCE_S:
                    self._nodes.forgive()
                    self._lost_on.clear()
                    worker.stop_cause = "it found no other node"
                    instructions.append(StopWorker(worker_id=worker_id))
        return instructions

    def _worker_placed(self, event: WorkerPlaced) -> list[Instruction]:
        worker = self._workers.get(event.worker_id)
        if worker is not None:
            worker.host, worker.node = event.host, event.node
            worker.is_placed = True
            worker.since_s = None  # its start begins
        return []

    def _worker_started(self, event: WorkerStarted) -> list[Instruction]:
        worker = self._workers.get(event.worker_id)
        if worker is not None:
            worker.is_ready = True
        return []

    def _stack_trained(self, event: StackTrained) -> list[Instruction]:
        worker, stack = self._landed(event.worker_id, event.stack_id)
        if worker is None:
            return []
        if stack is not None:
            worker.last_duration_s = event.duration_s
            self._nodes.trained(worker.node)
            self._trained(worker, stack.attempts)
        self._published(worker, event.published)
        return []

    def _stack_raised(self, event: StackRaised) -> list[Instruction]:
        worker, stack = self._landed(event.worker_id, event.stack_id)
        if worker is None:
            return []
        instructions: list[Instruction] = []
        if stack is not None:
            self._trained(worker, [a for a in stack.attempts if a.attempt_id in event.finished])
            failed = [attempt for attempt in stack.attempts if attempt.attempt_id not in event.finished]
            for attempt in failed:
                gave_up = len(stack.attempts) == 1
                instructions.append(
                    self._failure(attempt, "raised", worker.host, event.cause, event.traceback, stack, gave_up)
                )
                self._give_up(attempt.trial_id) if gave_up else self._retry_alone(attempt.trial_id)
            if not failed:  # raised after its last trial was finished: they count, and the error is told
                last = stack.attempts[-1]
                instructions.append(
                    self._failure(last, "raised", worker.host, event.cause, event.traceback, stack, gave_up=False)
                )
        self._published(worker, event.published)
        return instructions

    def _stack_skipped(self, event: StackSkipped) -> list[Instruction]:
        _, stack = self._landed(event.worker_id, event.stack_id)
        if stack is not None:
            self._requeue(stack)
        return []

    def _flushed(self, event: Flushed) -> list[Instruction]:
        worker = self._workers.get(event.worker_id)
        if worker is None:
            return []
        worker.is_flushing, worker.flush_begun_s = False, None
        self._published(worker, event.published)
        unpublished, worker.unpublished = worker.unpublished, {}
        instructions: list[Instruction] = []
        for attempt in unpublished.values():  # trained, flushed, and not in the store: a fault of ours, but bounded
            self._num_lost[attempt.trial_id] += 1
            told = WorkerLost(worker_id=event.worker_id, cause="its worker could not publish it")
            instructions += self._lost(attempt, worker, told, None, frozenset())
        return instructions

    def _worker_lost(self, event: WorkerLost) -> list[Instruction]:
        worker = self._workers.pop(event.worker_id, None)
        if worker is None:
            return []
        if worker.stop_cause is not None:
            event = replace(event, cause=worker.stop_cause)
        attempts = [attempt for stack in worker.in_flight for attempt in stack.attempts]
        attempts += worker.unpublished.values()
        if attempts:
            self._asked[event.worker_id] = (worker, event)
            return [AskStore(worker_id=event.worker_id, attempts=tuple(attempts))]
        if worker.stop_cause is not None and (worker.is_ready or not worker.is_placed):
            return []  # its last reply came after all, or it is to be placed elsewhere
        self._num_idle_losses += 1
        if self._num_idle_losses > MAX_IDLE_LOSSES * self._num_workers:
            return self._finish(Finish(reason=f"workers keep dying before they begin: {event.cause}", broken=True))
        return [] if worker.is_ready else self._node_lost(worker, ())

    def _node_lost(self, worker: Worker, trial_ids: Iterable[str]) -> list[Instruction]:
        """A worker was lost while it trained these trials; what that says of its node."""
        if not self._nodes.lost(worker.node, trial_ids):
            return []
        node = f"{worker.host} (node {worker.node[:8]})"
        text = (
            f"{node} lost {MAX_LOSSES} workers with different trials in a row: "
            "new ones go to other nodes, if there are any"
        )
        return [Tell(text=text)]

    def _store_answered(self, event: StoreAnswered) -> list[Instruction]:
        asked = self._asked.pop(event.worker_id, None)
        if asked is None:
            return []
        worker, lost = asked
        instructions: list[Instruction] = []
        for attempt in worker.unpublished.values():
            instructions += self._lost(attempt, worker, lost, None, event.published)
        suspects = []
        for call in (call.stacks for call in worker.calls):
            if all(attempt.attempt_id in event.published for stack in call for attempt in stack.attempts):
                for attempt in (attempt for stack in call for attempt in stack.attempts):
                    self._move(attempt.trial_id, TrialState.PUBLISHED)
            else:
                suspects.append(call)
        if suspects:
            is_certain = len(suspects) == 1 or worker.stop_cause is not None  # a call that hangs has been waited for
            instructions += self._blame(suspects[0], worker, lost, event.published, is_certain=is_certain)
        for stack in reversed([stack for call in suspects[1:] for stack in call]):
            self._requeue(stack, event.published)
        return instructions

    def _blame(
        self, call: Sequence[Stack], worker: Worker, lost: WorkerLost, published: frozenset[str], *, is_certain: bool
    ) -> list[Instruction]:
        """The first call that is not wholly published was the one that ran.

        Where another was behind it that is not certain: its worker may have died before its last reply had left it.
        """
        guilty = [attempt for stack in call for attempt in stack.attempts if attempt.attempt_id not in published]
        instructions = self._node_lost(worker, [attempt.trial_id for attempt in guilty])
        if is_certain and len(call) == len(call[0].attempts) == 1:
            self._num_lost[guilty[0].trial_id] += 1
        for stack in call:
            for attempt in stack.attempts:
                instructions += self._lost(attempt, worker, lost, stack, published)
        return instructions

    def _stop_requested(self, event: StopRequested) -> list[Instruction]:
        was_stopping = self._stop_reason is not None
        self._stop_reason = self._stop_reason or event.reason
        if event.at_once:
            return self._finish(Finish(reason=event.reason))
        return [] if was_stopping else [CancelQueued()]

    # Trials

    def _lost(
        self, attempt: Attempt, worker: Worker, lost: WorkerLost, stack: Stack | None, published: frozenset[str]
    ) -> list[Instruction]:
        """An attempt whose worker is gone; `stack` is None for one that was trained but not yet published."""
        if attempt.attempt_id in published:
            self._move(attempt.trial_id, TrialState.PUBLISHED)
            return []
        self._lost_on[attempt.trial_id].add(worker.node)
        gave_up = self._num_lost[attempt.trial_id] >= self._max_attempts
        failure = self._failure(attempt, "lost", worker.host, lost.cause, lost.details, stack, gave_up)
        self._give_up(attempt.trial_id) if gave_up else self._retry_alone(attempt.trial_id)
        return [failure]

    def _failure(
        self,
        attempt: Attempt,
        kind: str,
        host: str,
        cause: str,
        traceback: str,
        stack: Stack | None,
        gave_up: bool,
    ) -> RecordFailure:
        is_new = cause not in self._causes
        self._causes.add(cause)
        return RecordFailure(
            attempt=attempt,
            kind="lost" if kind == "lost" else "raised",
            host=host,
            cause=cause,
            traceback=traceback,
            stack_size=1 if stack is None else len(stack.attempts),
            gave_up=gave_up,
            is_new=is_new,
        )

    def _trained(self, worker: Worker, attempts: Iterable[Attempt]) -> None:
        self._num_idle_losses = 0
        for attempt in attempts:
            worker.unpublished[attempt.attempt_id] = attempt
            self._move(attempt.trial_id, TrialState.TRAINED)

    def _published(self, worker: Worker, attempt_ids: Iterable[str]) -> None:
        for attempt_id in attempt_ids:
            attempt = worker.unpublished.pop(attempt_id, None)
            if attempt is not None:
                self._move(attempt.trial_id, TrialState.PUBLISHED)

    def _retry_alone(self, trial_id: str) -> None:
        self._move(trial_id, TrialState.PENDING)
        self._alone.append(trial_id)

    def _give_up(self, trial_id: str) -> None:
        self._move(trial_id, TrialState.FAILED)

    def _requeue(self, stack: Stack, published: frozenset[str] = frozenset()) -> None:
        """A stack that never began goes back as it was, without what is in the store all the same."""
        for attempt in stack.attempts:
            is_published = attempt.attempt_id in published
            self._move(attempt.trial_id, TrialState.PUBLISHED if is_published else TrialState.PENDING)
        trial_ids = tuple(attempt.trial_id for attempt in stack.attempts if attempt.attempt_id not in published)
        if stack.alone:
            self._alone.extendleft(trial_ids)
        elif trial_ids:
            self._queue.appendleft(trial_ids)

    def _move(self, trial_id: str, state: TrialState) -> None:
        self._counts[self._states[trial_id]] -= 1
        self._counts[state] += 1
        self._states[trial_id] = state

    # What comes next

    def _next(self) -> list[Instruction]:
        if self._finished is not None:
            return []
        instructions: list[Instruction] = []
        num_failed = self._num_failed_before + self._counts[TrialState.FAILED]
        if self._max_failed_trials is not None and num_failed > self._max_failed_trials and self._stop_reason is None:
            self._stop_reason = f"{num_failed} trials failed; the study allows {self._max_failed_trials}"
            instructions.append(CancelQueued())
        if self._stop_reason is None:
            instructions += self._replace_workers()
            instructions += self._dispatch()
        instructions += self._flush_idle()
        if self._is_complete():
            instructions += self._finish(Finish())
        elif self._is_stopped():
            instructions += self._finish(Finish(reason=self._stop_reason))
        return instructions

    def _is_complete(self) -> bool:
        return self._counts[TrialState.PUBLISHED] + self._counts[TrialState.FAILED] == len(self._states)

    def _is_stopped(self) -> bool:
        is_idle = not self._asked and not any(w.calls or w.unpublished for w in self._workers.values())
        return self._stop_reason is not None and is_idle

    def _replace_workers(self) -> list[Instruction]:
        if self._asked:
            return []  # first it has to be known what was lost, and where
        num_waiting = len(self._queue) + len(self._alone)
        num_starting = sum(not worker.is_ready and worker.stop_cause is None for worker in self._workers.values())
        num_missing = min(self._num_workers - len(self._workers), num_waiting - num_starting)
        return [self._start_worker() for _ in range(num_missing)]

    def _start_worker(self) -> StartWorker:
        worker_id = self._next_worker_id
        self._next_worker_id += 1
        avoid = self._nodes.avoided()
        if self._alone and not any(worker.is_placed for worker in self._workers.values()):
            avoid |= self._lost_on[self._alone[0]] - {""}
        self._workers[worker_id] = Worker(avoids=avoid)
        return StartWorker(worker_id=worker_id, avoid=avoid)

    def _dispatch(self) -> list[Instruction]:
        """Gives every worker with room a call, the emptiest first, until nothing fits any more."""
        instructions: list[Instruction] = []
        while True:
            free = sorted((len(w.calls), worker_id) for worker_id, w in self._workers.items() if w.has_room())
            sent = next((run for _, worker_id in free if (run := self._send(worker_id)) is not None), None)
            if sent is None:
                return instructions
            instructions.append(sent)

    def _send(self, worker_id: int) -> RunStacks | None:
        worker = self._workers[worker_id]
        trial_id = next((trial_id for trial_id in self._alone if self._may_try(worker, trial_id)), None)
        if trial_id is not None:
            if worker.calls or worker.unpublished:
                return None  # flushed first (`_flush_idle`); the others keep working
            self._alone.remove(trial_id)
            stacks = [self._new_stack((trial_id,), alone=True)]
        else:
            num_stacks = min(worker.num_stacks_per_call(), len(self._queue))
            stacks = [self._new_stack(self._queue.popleft(), alone=False) for _ in range(num_stacks)]
        if not stacks:
            return None
        sizes = [len(stack.attempts) for stack in stacks]
        worker.calls.append(Call(stacks=stacks, num_trials=sum(sizes), largest_stack=max(sizes)))
        return RunStacks(worker_id=worker_id, stacks=tuple(stacks))

    def _may_try(self, worker: Worker, trial_id: str) -> bool:
        """A trial is tried again on another node than those that lost it, as long as there is a worker on one."""
        nodes = self._lost_on[trial_id]
        return worker.node not in nodes or all(
            other.node in nodes for other in self._workers.values() if other.is_placed
        )

    def _new_stack(self, trial_ids: tuple[str, ...], *, alone: bool) -> Stack:
        for trial_id in trial_ids:
            self._move(trial_id, TrialState.RUNNING)
        attempts = tuple(Attempt(attempt_id=self._new_attempt_id(), trial_id=trial_id) for trial_id in trial_ids)
        stack = Stack(stack_id=self._next_stack_id, attempts=attempts, alone=alone)
        self._next_stack_id += 1
        return stack

    def _flush_idle(self) -> list[Instruction]:
        """A worker with nothing left in flight publishes what it holds."""
        instructions: list[Instruction] = []
        for worker_id, worker in self._workers.items():
            if worker.unpublished and not worker.calls and not worker.is_flushing and worker.stop_cause is None:
                worker.is_flushing = True
                instructions.append(Flush(worker_id=worker_id))
        return instructions

    def _landed(self, worker_id: int, stack_id: int) -> tuple[Worker | None, Stack | None]:
        worker = self._workers.get(worker_id)
        return worker, None if worker is None else worker.take(stack_id)

    def _finish(self, finish: Finish) -> list[Instruction]:
        self._finished = finish
        return [finish]
