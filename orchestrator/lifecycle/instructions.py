"""What the state machine wants done."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One execution of a trial."""

    attempt_id: str
    trial_id: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Attempts that are trained together.

    Attributes:
        alone: a stack of one, tried again after a loss: nothing else is in flight on its worker, and it is published
            before the worker replies, so that a further loss is this attempt's own.
    """

    stack_id: int
    attempts: tuple[Attempt, ...]
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class StartWorker:
    """Start a worker; answered by `WorkerPlaced` and then `WorkerStarted`, or by `WorkerLost`.

    Attributes:
        avoid: nodes on which it is not to be placed, as long as there is any other.
    """

    worker_id: int
    avoid: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class StopWorker:
    """Kill a worker, whatever it is doing; answered by `WorkerLost` when it can publish nothing more."""

    worker_id: int


@dataclass(frozen=True, kw_only=True)
class RunStacks:
    """Train stacks, one after another, in one call.

    Each is answered by `StackTrained`, `StackRaised` or `StackSkipped`, all of them at once; or all by `WorkerLost`.
    """

    worker_id: int
    stacks: tuple[Stack, ...]


@dataclass(frozen=True, kw_only=True)
class Flush:
    """Publish what the worker has trained; answered by `Flushed` or `WorkerLost`."""

    worker_id: int


@dataclass(frozen=True, kw_only=True)
class AskStore:
    """Ask which of a lost worker's attempts were published; answered by `StoreAnswered`."""

    worker_id: int
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, kw_only=True)
class RecordFailure:
    """Record a lost or failed attempt.

    Attributes:
        traceback: of the exception; for a lost worker all that is known about its end.
        gave_up: the trial is not tried again in this submit.
        is_new: no attempt has failed with this cause before in this submit; it is shown to the user.
    """

    attempt: Attempt
    kind: Literal["lost", "raised"]
    host: str
    cause: str
    traceback: str
    stack_size: int
    gave_up: bool
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class CancelQueued:
    """Take back the stacks that have not begun; each is answered by `StackSkipped`, or trained after all."""


@dataclass(frozen=True, kw_only=True)
class Tell:
    """Tell the user something that is no failure of a trial."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The run is over.

    Attributes:
        reason: why it was stopped early, or None.
        broken: it could not go on; the reason is an error.
    """

    reason: str | None = None
    broken: bool = False


Instruction = StartWorker | StopWorker | RunStacks | Flush | AskStore | RecordFailure | CancelQueued | Tell | Finish
