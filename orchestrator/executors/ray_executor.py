"""Workers as Ray actors: one CPU and one process each, kept warm between stacks and, if told to, between runs."""

import contextlib
import signal
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayError, RayTaskError, TaskCancelledError

from orchestrator.errors import ExecutionError
from orchestrator.executors.capacity import Capacity
from orchestrator.executors.causes import cause_of, details_of
from orchestrator.executors.ray_cluster import RayCluster
from orchestrator.executors.replies import flush_event, stack_event
from orchestrator.lifecycle.events import Event, StackSkipped, WorkerLost, WorkerPlaced, WorkerStarted
from orchestrator.worker.assignment import Assignment, Reply, WorkerSetup
from orchestrator.worker.provenance import host_name
from orchestrator.worker.worker import Worker
from results_store import FolderStore

DYING_S = 1.0
"""Ray says that an actor is dead up to a tenth of a second before its process is; until then it may publish."""

CHECK_INTERVAL_S = 1.0
"""How often we look whether the cluster is still there."""


class _RemoteWorker:
    """What runs in the actor's process."""

    def __init__(self, setup: WorkerSetup, store_path: str) -> None:
        self._setup = setup
        self._store_path = store_path
        self._worker: Worker | None = None

    def place(self) -> tuple[str, str]:
        return host_name(), ray.get_runtime_context().get_node_id()

    def start(self) -> None:
        # Ray would raise SystemExit in the middle of a training, which looks like an error of the trainable.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self._worker is None:  # else it served another run before
            self._worker = Worker(self._setup, FolderStore(self._store_path))

    def run(self, assignments: Sequence[Assignment]) -> list[Reply]:
        assert self._worker is not None, "start comes first"
        return self._worker.run_all(assignments)

    def flush(self) -> Reply:
        assert self._worker is not None, "start comes first"
        return self._worker.flush()


class _Method(Enum):
    PLACE = "place"
    START = "start"
    RUN = "run"
    FLUSH = "flush"


@dataclass(kw_only=True)
class _Call:
    """A call in flight."""

    worker_id: int
    method: _Method
    stack_ids: tuple[int, ...] = ()


@dataclass(kw_only=True)
class _Actor:
    """The actor of a worker.

    Attributes:
        refs: its calls in flight.
        place: its host and node, once it has said so.
    """

    handle: Any
    refs: list[Any] = field(default_factory=list)
    place: tuple[str, str] | None = None


@dataclass(kw_only=True, eq=False)
class _Parked:
    """An actor between two runs, which is nobody's worker.

    Attributes:
        place: its host and node, if it has said so.
        starting: the calls of its start that nobody has heard of yet.
    """

    handle: Any
    place: tuple[str, str] | None
    starting: dict[Any, _Method]

    def may_serve(self, avoid: Collection[str]) -> bool:
        """Whether it is known not to be on one of these nodes."""
        return not avoid or (self.place is not None and self.place[1] not in avoid)


class RayExecutor:
    """The `Executor` on Ray. Ray's own retries are off: the driver counts attempts."""

    def __init__(self, store_path: str, *, address: str | None = None, num_workers: int | None = None) -> None:
        self._store_path = store_path
        self._cluster = RayCluster(address, num_workers)
        self._setup: WorkerSetup | None = None
        self._setup_ref: Any = None
        self._actors: dict[int, _Actor] = {}
        self._parked: list[_Parked] = []
        self._calls: dict[Any, _Call] = {}
        self._told: list[Event] = []
        self._dying: list[tuple[float, WorkerLost]] = []
        self._checked_s = time.monotonic()
        self._actor_class: Any = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_RemoteWorker)

    def open(self, setup: WorkerSetup, num_workers: int | None) -> Capacity:
        """Connects to Ray, if that has not been done; as many workers as there are CPUs, unless told otherwise."""
        self._cluster.connect()
        if setup != self._setup:
            self._end_parked()
        self._setup = setup
        self._setup_ref = ray.put(setup)
        return self._cluster.capacity(num_workers)

    @property
    def can_stop_workers(self) -> bool:
        """A process can be killed."""
        return True

    def start_worker(self, worker_id: int, avoid: Collection[str] = ()) -> None:
        """Takes over a parked actor or creates one; first it says where it is, which it can as soon as it has a CPU."""
        placement = self._cluster.placement(avoid) if avoid else {}
        parked = self._unpark(avoid if placement else ())
        if parked is None:
            handle = self._actor_class.options(**placement).remote(self._setup_ref, self._store_path)
            parked = _Parked(handle=handle, place=None, starting={})
        self._actors[worker_id] = _Actor(handle=parked.handle, place=parked.place)
        if not parked.starting:
            # Also one that has started is asked again: an actor that has died since then is found out here.
            self._track(parked.handle.place.remote(), _Call(worker_id=worker_id, method=_Method.PLACE))
            self._track(parked.handle.start.remote(), _Call(worker_id=worker_id, method=_Method.START))
            return
        # Asked again it would answer behind its start only, and one that hangs would seem to wait for a CPU.
        if parked.place is not None:
            host, node = parked.place
            self._told.append(WorkerPlaced(worker_id=worker_id, host=host, node=node))
        for ref, method in parked.starting.items():
            self._track(ref, _Call(worker_id=worker_id, method=method))

    def stop_worker(self, worker_id: int) -> None:
        """Kills the actor's process, which Ray does with SIGKILL; replies on their way are dropped."""
        if worker_id in self._actors:
            details = "its process was killed by the driver; where it was then is not known"
            lost = WorkerLost(worker_id=worker_id, cause="killed by the driver", details=details)
            self._kill(worker_id)
            self._tell_when_gone(lost)

    def run(self, worker_id: int, assignments: Sequence[Assignment]) -> None:
        """Calls the actor; it keeps calls in order."""
        actor = self._actors.get(worker_id)
        if actor is not None:
            stack_ids = tuple(assignment.stack_id for assignment in assignments)
            call = _Call(worker_id=worker_id, method=_Method.RUN, stack_ids=stack_ids)
            self._track(actor.handle.run.remote(assignments), call)

    def flush(self, worker_id: int) -> None:
        """Calls the actor."""
        actor = self._actors.get(worker_id)
        if actor is not None:
            self._track(actor.handle.flush.remote(), _Call(worker_id=worker_id, method=_Method.FLUSH))

    def cancel_queued(self) -> None:
        """Cancels the calls behind each actor's first; Ray leaves those alone that run."""
        for actor in self._actors.values():
            runs = [ref for ref in actor.refs if self._calls[ref].stack_ids]
            for ref in runs[1:]:
                ray.cancel(ref)

    def poll(self, timeout_s: float) -> list[Event]:
        """Collects the replies of all calls that have returned."""
        self._check()
        told, self._told = self._told, []
        events = told + self._buried()
        if not self._calls:
            if not events and self._dying:
                time.sleep(timeout_s)
            return events
        ready, _ = ray.wait(list(self._calls), num_returns=1, timeout=0 if events else timeout_s)
        if ready and len(self._calls) > 1:
            ready, _ = ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0)
        return events + [event for ref in ready if ref in self._calls for event in self._collect(ref)]

    def rest(self) -> None:
        """Parks the actors that train and publish nothing, also those that are still starting; kills the others."""
        for actor in self._actors.values():
            calls = {ref: self._calls[ref].method for ref in actor.refs}
            if {_Method.RUN, _Method.FLUSH} & set(calls.values()):
                _end(actor.handle)
            else:
                self._parked.append(_Parked(handle=actor.handle, place=actor.place, starting=calls))
        self._forget()

    def release(self) -> None:
        """Kills the actors, also the parked ones."""
        self._end_parked()
        for actor in self._actors.values():
            _end(actor.handle)
        self._forget()

    def close(self) -> None:
        """Kills the actors and leaves the cluster."""
        if ray.is_initialized():
            self.release()
        self._cluster.close()

    def _forget(self) -> None:
        """Of the workers up to now nothing more is heard."""
        self._actors.clear()
        self._calls.clear()
        self._told.clear()
        self._dying.clear()

    def _end_parked(self) -> None:
        for parked in self._parked:
            _end(parked.handle)
        self._parked.clear()

    def _unpark(self, avoid: Collection[str]) -> _Parked | None:
        """The parked actor that is ready soonest; None if none may be used, and a new one has a CPU to go to."""
        chosen = min(
            (parked for parked in self._parked if parked.may_serve(avoid)),
            key=lambda parked: len(parked.starting),
            default=None,
        )
        if chosen is not None:
            self._parked.remove(chosen)
        elif self._parked:
            _end(self._parked.pop(0).handle)  # all parked ones hold a CPU; a new one might wait for ever
        return chosen

    def _track(self, ref: Any, call: _Call) -> None:
        self._calls[ref] = call
        self._actors[call.worker_id].refs.append(ref)

    def _collect(self, ref: Any) -> list[Event]:
        call = self._calls.pop(ref)
        actor = self._actors[call.worker_id]
        actor.refs.remove(ref)
        try:
            reply = ray.get(ref)
        except TaskCancelledError:
            return [StackSkipped(worker_id=call.worker_id, stack_id=stack_id) for stack_id in call.stack_ids]
        except RayError as error:  # its process, its node or its memory is gone
            if isinstance(error, RayTaskError) and call.method is not _Method.START:
                # A fault of ours: what a trainable raises comes as a reply.
                raise ExecutionError(f"worker {call.worker_id}: {cause_of(error)}") from error
            lost = WorkerLost(worker_id=call.worker_id, cause=cause_of(error), details=details_of(error))
            self._kill(call.worker_id)
            if isinstance(error, ActorDiedError):
                return [lost]
            self._tell_when_gone(lost)  # it may have lived, and published, until it was killed
            return []
        match call.method:
            case _Method.PLACE:
                actor.place = host, node = reply
                return [WorkerPlaced(worker_id=call.worker_id, host=host, node=node)]
            case _Method.START:
                return [WorkerStarted(worker_id=call.worker_id)]
            case _Method.FLUSH:
                return [flush_event(call.worker_id, reply)]
            case _Method.RUN:
                replies = zip(call.stack_ids, reply, strict=True)
                return [stack_event(call.worker_id, stack_id, of_stack) for stack_id, of_stack in replies]

    def _kill(self, worker_id: int) -> None:
        """Kills an actor; nothing more is heard of its calls."""
        actor = self._actors.pop(worker_id)
        _end(actor.handle)
        for ref in actor.refs:
            self._calls.pop(ref, None)

    def _tell_when_gone(self, lost: WorkerLost) -> None:
        """Lets `poll` tell of a loss once the process must be gone."""
        self._dying.append((time.monotonic() + DYING_S, lost))

    def _buried(self) -> list[Event]:
        now_s = time.monotonic()
        gone: list[Event] = [lost for due_s, lost in self._dying if due_s <= now_s]
        self._dying = [(due_s, lost) for due_s, lost in self._dying if due_s > now_s]
        return gone

    def _check(self) -> None:
        if time.monotonic() - self._checked_s >= CHECK_INTERVAL_S:
            self._checked_s = time.monotonic()
            self._cluster.check()


def _end(handle: Any) -> None:
    """Kills an actor's process, if it lives."""
    with contextlib.suppress(RayError):
        ray.kill(handle)
