"""What the driver needs of whatever runs its workers."""

from collections.abc import Collection, Sequence
from typing import Protocol

from orchestrator.executors.capacity import Capacity
from orchestrator.lifecycle.events import Event
from orchestrator.worker.assignment import Assignment, WorkerSetup


class Executor(Protocol):
    """Runs workers and tells what happens to them.

    Every call returns at once; what came of it arrives as events from `poll`. A worker trains its assignments in the
    order given, one at a time. After `WorkerLost` nothing more is heard of that worker. Exceptions of a trainable are
    events, never exceptions of the executor. One thread calls; implementations need not be thread-safe.
    """

    def open(self, setup: WorkerSetup, num_workers: int | None) -> Capacity:
        """Prepares for workers of this setup; says how many to start (as asked for, or what fits), and their memory.

        Workers that rest are kept if they are of an equal setup, and ended if not.
        """

    @property
    def can_stop_workers(self) -> bool:
        """Whether `stop_worker` ends a worker that is training."""

    def start_worker(self, worker_id: int, avoid: Collection[str] = ()) -> None:
        """Starts a worker: `WorkerPlaced` and `WorkerStarted`, or `WorkerLost`.

        It is not placed on a node that is to be avoided as long as the executor has any other. Where a worker rests
        that may be used, it is taken over.
        """

    def stop_worker(self, worker_id: int) -> None:
        """Kills a worker, whatever it is doing: `WorkerLost`, once it can publish nothing more."""

    def run(self, worker_id: int, assignments: Sequence[Assignment]) -> None:
        """Gives a worker stacks in one call: for each `StackTrained`, `StackRaised`, `StackSkipped`; or `WorkerLost`.

        Their events may come together when the last of them is done. Once a call has taken `MAX_CALL_S`, what
        it has not begun may be skipped: the driver can give it to a worker that is idle.
        """

    def flush(self, worker_id: int) -> None:
        """Makes a worker publish all that it has trained: `Flushed`, `StoreFailed` or `WorkerLost`."""

    def cancel_queued(self) -> None:
        """Takes back assignments that have not begun: `StackSkipped` for each that could be."""

    def poll(self, timeout_s: float) -> list[Event]:
        """What has happened since the last call; waits at most this long for something to happen.

        Raises:
            ExecutionError: nothing can happen any more.
        """

    def rest(self) -> None:
        """Between two runs of one setup: workers that have nothing to do stay warm; the others are ended.

        Called only when every trial of the run stands in the store or has failed for good, so that nobody holds rows
        that somebody waits for. Nothing more is heard of the workers of that run, and their ids are free again. The
        next `start_worker` takes one over: it is placed and started like a new one, only sooner. If it has died
        meanwhile, that is `WorkerLost` of the worker that took it over. An executor whose workers cost nothing to start
        may end them all.
        """

    def release(self) -> None:
        """Ends the workers of this setup, also those at rest; what they have not published is lost.

        `open` may be called again.
        """

    def close(self) -> None:
        """Ends everything that this executor has started."""
