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
    """Start a worker; answered by `WorkerStarted` or `WorkerLost`."""

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
class Finish:
    """The run is over.

    Attributes:
        reason: why it was stopped early, or None.
        broken: it could not go on; the reason is an error.
    """

    reason: str | None = None
    broken: bool = False


Instruction = StartWorker | RunStacks | Flush | AskStore | RecordFailure | CancelQueued | Finish
