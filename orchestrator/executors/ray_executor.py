"""Workers as Ray actors: one CPU and one process each, kept warm between stacks."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError

from orchestrator.errors import ExecutionError
from orchestrator.executors.capacity import Capacity
from orchestrator.executors.ray_cluster import RayCluster
from orchestrator.executors.replies import flush_event, stack_event
from orchestrator.lifecycle.events import Event, StackSkipped, WorkerLost, WorkerStarted
from orchestrator.worker.assignment import Assignment, Reply, WorkerSetup
from orchestrator.worker.worker import Worker
from results_store import FolderStore

MAX_CAUSE = 300


class _RemoteWorker:
    """What runs in the actor's process."""

    def __init__(self, setup: WorkerSetup, store_path: str) -> None:
        self._worker = Worker(setup, FolderStore(store_path))

    def host(self) -> str:
        return self._worker.host

    def run(self, assignments: Sequence[Assignment]) -> list[Reply]:
        return self._worker.run_all(assignments)

    def flush(self) -> Reply:
        return self._worker.flush()


@dataclass(kw_only=True)
class _Call:
    """A call in flight: of `run` if it has stacks, of `host` while the worker starts, else of `flush`."""

    worker_id: int
    stack_ids: tuple[int, ...] = ()
    is_start: bool = False


@dataclass(kw_only=True)
class _Actor:
    handle: Any
    refs: list[Any] = field(default_factory=list)


class RayExecutor:
    """The `Executor` on Ray. Ray's own retries are off: the driver counts attempts."""

    def __init__(self, store_path: str, *, address: str | None = None, num_workers: int | None = None) -> None:
        self._store_path = store_path
        self._cluster = RayCluster(address, num_workers)
        self._setup: Any = None
        self._actors: dict[int, _Actor] = {}
        self._calls: dict[Any, _Call] = {}
        self._actor_class: Any = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_RemoteWorker)

    def open(self, setup: WorkerSetup, num_workers: int | None) -> Capacity:
        """Connects to Ray, if that has not been done; as many workers as there are CPUs, unless told otherwise."""
        self._cluster.connect()
        self._setup = ray.put(setup)
        return self._cluster.capacity(num_workers)

    def start_worker(self, worker_id: int) -> None:
        """Creates an actor."""
        handle = self._actor_class.remote(self._setup, self._store_path)
        self._actors[worker_id] = _Actor(handle=handle)
        self._track(handle.host.remote(), _Call(worker_id=worker_id, is_start=True))

    def run(self, worker_id: int, assignments: Sequence[Assignment]) -> None:
        """Calls the actor; it keeps calls in order."""
        actor = self._actors.get(worker_id)
        if actor is not None:
            stack_ids = tuple(assignment.stack_id for assignment in assignments)
            self._track(actor.handle.run.remote(assignments), _Call(worker_id=worker_id, stack_ids=stack_ids))

    def flush(self, worker_id: int) -> None:
        """Calls the actor."""
        actor = self._actors.get(worker_id)
        if actor is not None:
            self._track(actor.handle.flush.remote(), _Call(worker_id=worker_id))

    def cancel_queued(self) -> None:
        """Cancels the calls behind each actor's first; Ray leaves those alone that run."""
        for actor in self._actors.values():
            runs = [ref for ref in actor.refs if self._calls[ref].stack_ids]
            for ref in runs[1:]:
                ray.cancel(ref)

    def poll(self, timeout_s: float) -> list[Event]:
        """Collects the replies of all calls that have returned."""
        if not self._calls:
            return []
        ready, _ = ray.wait(list(self._calls), num_returns=1, timeout=timeout_s)
        if ready and len(self._calls) > 1:
            ready, _ = ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0)
        return [event for ref in ready if ref in self._calls for event in self._collect(ref)]

    def release(self) -> None:
        """Kills the actors."""
        for actor in self._actors.values():
            with contextlib.suppress(RayError):
                ray.kill(actor.handle)
        self._actors.clear()
        self._calls.clear()

    def close(self) -> None:
        """Kills the actors and leaves the cluster."""
        if ray.is_initialized():
            self.release()
        self._cluster.close()

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
        except RayTaskError as error:  # a fault of ours: what a trainable raises comes as a reply
            raise ExecutionError(f"worker {call.worker_id}: {_cause(error)}") from error
        except RayError as error:  # its process, its node or its memory is gone
            return [self._lose(call.worker_id, _cause(error))]
        if call.is_start:
            return [WorkerStarted(worker_id=call.worker_id, host=reply)]
        if not call.stack_ids:
            return [flush_event(call.worker_id, reply)]
        replies = zip(call.stack_ids, reply, strict=True)
        return [stack_event(call.worker_id, stack_id, reply_of_stack) for stack_id, reply_of_stack in replies]

    def _lose(self, worker_id: int, cause: str) -> Event:
        actor = self._actors.pop(worker_id)
        with contextlib.suppress(RayError):
            ray.kill(actor.handle)
        for ref in actor.refs:
            self._calls.pop(ref, None)
        return WorkerLost(worker_id=worker_id, cause=cause)


def _cause(error: Exception) -> str:
    """What Ray's long messages say, on one line."""
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "its worker process has died" in text:
        found = re.search(r"Worker exit detail: (.*?)\.? Some common causes", " ".join(lines))
        return f"its process died ({found[1] if found else type(error).__name__})"
    last = lines[-1] if lines else type(error).__name__
    return last if len(last) <= MAX_CAUSE else f"{last[: MAX_CAUSE - 1]}…"
