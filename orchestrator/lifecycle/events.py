"""What happens to a run: everything that the state machine is told."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TimePassed:
    """What time it is: told again and again, after the events that happened until then.

    Attributes:
        now_s: seconds since some fixed moment.
    """

    now_s: float


@dataclass(frozen=True, kw_only=True)
class WorkerPlaced:
    """A worker has been given its CPU and its process runs; now it loads the trainable.

    Attributes:
        host: the machine's name.
        node: the executor's name of the node; empty where there are no nodes.
    """

    worker_id: int
    host: str
    node: str


@dataclass(frozen=True, kw_only=True)
class WorkerStarted:
    """A worker is ready to train."""

    worker_id: int


@dataclass(frozen=True, kw_only=True)
class WorkerLost:
    """A worker, or its node, is gone, with everything that it had not published.

    Attributes:
        cause: what happened, in one line.
        details: all that is known about it.
    """

    worker_id: int
    cause: str
    details: str = ""


@dataclass(frozen=True, kw_only=True)
class StackTrained:
    """A worker has trained a stack.

    Attributes:
        published: ids of attempts, of any stack, that this worker has published since its last reply.
        duration_s: how long the stack took.
    """

    worker_id: int
    stack_id: int
    published: tuple[str, ...]
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class StackRaised:
    """The trainable raised.

    Attributes:
        finished: ids of attempts of the stack that were finished before.
        published: as in `StackTrained`.
        cause: the exception in one line.
        traceback: its traceback.
    """

    worker_id: int
    stack_id: int
    finished: tuple[str, ...]
    published: tuple[str, ...]
    cause: str
    traceback: str


@dataclass(frozen=True, kw_only=True)
class StackSkipped:
    """A stack that had not begun was taken back: after `CancelQueued`, or because its call had taken long enough."""

    worker_id: int
    stack_id: int


@dataclass(frozen=True, kw_only=True)
class Flushed:
    """A worker has published all that it had trained."""

    worker_id: int
    published: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoreAnswered:
    """Which of a lost worker's attempts stand in the store."""

    worker_id: int
    published: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class StoreFailed:
    """The store cannot be written or read; nothing that is trained from now on could be kept."""

    cause: str


@dataclass(frozen=True, kw_only=True)
class StopRequested:
    """Somebody, or a limit, asks to stop.

    Attributes:
        at_once: give up what runs; otherwise it is finished and published first.
        reason: why, in words for the user.
    """

    at_once: bool
    reason: str


Event = (
    TimePassed
    | WorkerPlaced
    | WorkerStarted
    | WorkerLost
    | StackTrained
    | StackRaised
    | StackSkipped
    | Flushed
    | StoreAnswered
    | StoreFailed
    | StopRequested
)
