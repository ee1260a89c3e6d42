"""Points at which a process kills itself: functions of amor are wrapped from outside, and none of it knows."""

import functools
import os
import pkgutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.lifecycle.events import Flushed, StackTrained
from results_store import Kind
from results_store.records import (
    CandidateEvent,
    EpochRecord,
    FailureRecord,
    SubmissionRecord,
    TrialRecord,
)

KINDS = {kind.value for kind in Kind}
PUBLISH = "results_store.stores.folder:FolderStore.publish"


@dataclass(frozen=True, kw_only=True)
class KillPoint:
    """A moment before or after a call of a function, where its arguments are what is meant.

    Attributes:
        target: `module:attribute`, as it is looked up by whoever calls it.
        moment: before the call, or after it has returned.
        applies: whether a call with these arguments is meant.
    """

    target: str
    moment: Literal["before", "after"]
    applies: Callable[..., bool] = lambda *args, **kwargs: True


def _publishes(kind: type) -> Callable[..., bool]:
    return lambda store, records: bool(records) and isinstance(records[0], kind)


def _records(event: CandidateEvent) -> Callable[..., bool]:
    return lambda store, records: bool(records) and getattr(records[0], "event", None) == event


def _tells_of_published(machine: Any, event: Any) -> bool:
    return isinstance(event, StackTrained | Flushed) and bool(event.published)


def _links_trials(source: Any, target: Any) -> bool:
    return target.parent.name == Kind.TRIALS.value


def _is_file_of_rows(path: Any, **kwargs: Any) -> bool:
    return path.parent.name in KINDS


def _around(name: str, target: str, applies: Callable[..., bool] | None = None) -> dict[str, KillPoint]:
    options = {} if applies is None else {"applies": applies}
    return {
        f"before {name}": KillPoint(target=target, moment="before", **options),
        f"after {name}": KillPoint(target=target, moment="after", **options),
    }


WORKER_POINTS = {
    "in training": KillPoint(target="chaotic:pause", moment="after"),
    **_around("publishing epochs", PUBLISH, _publishes(EpochRecord)),
    **_around("publishing weights", f"{PUBLISH}_weights"),
    **_around("publishing trials", PUBLISH, _publishes(TrialRecord)),
    **_around("linking a file of trials", "os:link", _links_trials),
}
"""In the process that trains: with the inline executor the driver's own."""

DRIVER_POINTS = {
    **_around("planning", "orchestrator.driver.submit:plan_study"),
    **_around("the submission record", PUBLISH, _publishes(SubmissionRecord)),
    **_around("a failure record", PUBLISH, _publishes(FailureRecord)),
    **_around("noticing", "orchestrator.lifecycle.machine:Machine.handle", _tells_of_published),
    "after the last trial": KillPoint(target="orchestrator.driver.driver:Driver.run", moment="after"),
}

LOSS_POINTS = _around("asking the store", "orchestrator.driver.driver:Driver._ask")
"""In a driver that has lost a worker."""

COMPACTION_POINTS = {
    **_around("publishing a merged file", "results_store.compaction.compaction:publish_merged"),
    **_around("the new generation", "results_store.compaction.compaction:renew_generation"),
    **_around("deleting a file", "pathlib:Path.unlink", _is_file_of_rows),
}

SEARCH_POINTS = {
    **_around("proposing", "orchestrator.search.course:propose"),
    **_around("recording what is asked", PUBLISH, _records(CandidateEvent.ASKED)),
    "in training": WORKER_POINTS["in training"],
    **_around("a round's training", "orchestrator.driver.study_run:StudyRun.train"),
    **_around("recording what is told", PUBLISH, _records(CandidateEvent.TOLD)),
    **_around("recording winners", PUBLISH, _records(CandidateEvent.CONFIRMED)),
}
"""In a driver that runs a search in its own process."""

MEASURING_POINTS = {
    **_around("planning", "orchestrator.driver.submit:plan_study"),
    **_around("the submission record", PUBLISH, _publishes(SubmissionRecord)),
    **_around("recording what is known now", "orchestrator.driver.study_run:StudyRun.grow"),
    **_around("publishing trials", PUBLISH, _publishes(TrialRecord)),
    **_around("training", "orchestrator.driver.study_run:StudyRun.train"),
}
"""In a driver that trains in its own process what it needs to measure, and then what waits for it."""

ALL_POINTS = WORKER_POINTS | DRIVER_POINTS | LOSS_POINTS | COMPACTION_POINTS | SEARCH_POINTS | MEASURING_POINTS


def arm(point: KillPoint, may_strike: Callable[[], bool]) -> None:
    """From now on this process dies by SIGKILL at the point, at the first passage that `may_strike` allows."""
    module_name, _, path = point.target.partition(":")
    owner_path, _, attribute = path.rpartition(".")
    owner = pkgutil.resolve_name(f"{module_name}:{owner_path}" if owner_path else module_name)
    do = getattr(owner, attribute)

    @functools.wraps(do)
    def deadly(*args: Any, **kwargs: Any) -> Any:
        is_meant = point.applies(*args, **kwargs)
        if is_meant and point.moment == "before" and may_strike():
            os.kill(os.getpid(), signal.SIGKILL)
        result = do(*args, **kwargs)
        if is_meant and point.moment == "after" and may_strike():
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, attribute, deadly)


def at_passage(number: int) -> Callable[[], bool]:
    """Strikes at the passage of this number, counted from 1."""
    num_left = [number]

    def may_strike() -> bool:
        num_left[0] -= 1
        return not num_left[0]

    return may_strike
