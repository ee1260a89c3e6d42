"""What travels between the driver and a worker: plain, picklable data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.identity.identifiers import Pins

MAX_CALL_S = 1.0
"""Once a call has taken this long, what it has not begun goes back: it may be others' idle time."""


@dataclass(frozen=True, kw_only=True)
class WorkerSetup:
    """What a worker needs to know once.

    Attributes:
        trainable: its reference, as in the study file.
        pins: the study's pinned streams.
        git_commit: the commit of the trainable's source, or None outside a repository.
        git_dirty: whether that source had uncommitted changes, or None.
    """

    trainable: str
    pins: Pins
    git_commit: str | None
    git_dirty: bool | None


@dataclass(frozen=True, kw_only=True)
class AttemptTask:
    """One attempt to be executed.

    Attributes:
        config: the resolved configuration as JSON data.
        stop_after_epoch: the attempt ends, as pruned, with the first epoch reported that has this number or a greater
            one, also if it would have been the last; None: it ends when the trainable says so. No part of the trial's
            identity: where an attempt is cut off changes none of the numbers before.
        save_weights: whether the trained weights are to be kept.
    """

    attempt_id: str
    trial_id: str
    config: Mapping[str, Any]
    seed: int
    stop_after_epoch: int | None = None
    save_weights: bool = False


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A stack to be trained.

    Attributes:
        publish_at_once: the worker replies only when the stack stands in the store.
    """

    stack_id: int
    tasks: tuple[AttemptTask, ...]
    publish_at_once: bool = False


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An exception of the trainable: in one line, and as a traceback; attempts that were finished before it."""

    cause: str
    traceback: str
    finished: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a worker says after a stack.

    Attributes:
        published: ids of attempts that were published since the last reply.
        duration_s: how long the stack took.
        was_skipped: the stack was not begun, because its call had taken long enough.
        raised: what the trainable raised, if it did.
        store_error: why rows could not be published, if they could not.
    """

    published: tuple[str, ...] = ()
    duration_s: float = 0.0
    was_skipped: bool = False
    raised: Raised | None = None
    store_error: str | None = None
