"""Everything in this process, one stack after another: for debugging, tests and single trials."""

from collections import deque
from collections.abc import Callable, Collection, Sequence

from orchestrator.errors import one_line
from orchestrator.executors.capacity import Capacity, one_process
from orchestrator.executors.replies import flush_event, stack_event
from orchestrator.lifecycle.events import Event, StackSkipped, WorkerLost, WorkerPlaced, WorkerStarted
from orchestrator.worker.assignment import Assignment, WorkerSetup
from orchestrator.worker.worker import Worker
from results_store import Store


class InlineExecutor:
    """The `Executor` without processes: `poll` does the work. A breakpoint in a trainable works."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._setup: WorkerSetup | None = None
        self._workers: dict[int, Worker] = {}
        self._work: deque[tuple[int, Assignment | None]] = deque()
        self._events: list[Event] = []

    def open(self, setup: WorkerSetup, num_workers: int | None) -> Capacity:
        """One worker unless a test asks for more; one trains at a time, so each may use the memory of all."""
        self._setup = setup
        return one_process(num_workers)

    @property
    def can_stop_workers(self) -> bool:
        """Nothing can be killed in one process."""
        return False

    def start_worker(self, worker_id: int, avoid: Collection[str] = ()) -> None:  # noqa: ARG002  there are no nodes
        """Creates the worker in this process."""
        assert self._setup is not None, "open() comes first"
        try:
            worker = Worker(self._setup, self._open_store())
        except Exception as error:  # whatever a trainable does when its worker is prepared
            self._events.append(WorkerLost(worker_id=worker_id, cause=one_line(error)))
            return
        self._workers[worker_id] = worker
        self._events.append(WorkerPlaced(worker_id=worker_id, host=worker.host, node=""))
        self._events.append(WorkerStarted(worker_id=worker_id))

    def stop_worker(self, worker_id: int) -> None:
        """Drops a worker between two stacks, with what it has not published."""
        worker = self._workers.pop(worker_id, None)
        if worker is not None:
            worker.close()
            self._work = deque(item for item in self._work if item[0] != worker_id)
            self._events.append(WorkerLost(worker_id=worker_id, cause="stopped"))

    def run(self, worker_id: int, assignments: Sequence[Assignment]) -> None:
        """Queues the stacks; `poll` trains them, one at a time."""
        if worker_id in self._workers:
            self._work.extend((worker_id, assignment) for assignment in assignments)

    def flush(self, worker_id: int) -> None:
        """Queues the flush behind the stacks given before."""
        if worker_id in self._workers:
            self._work.append((worker_id, None))

    def cancel_queued(self) -> None:
        """Skips every stack that `poll` has not come to."""
        for worker_id, assignment in self._work:
            if assignment is not None:
                self._events.append(StackSkipped(worker_id=worker_id, stack_id=assignment.stack_id))
        self._work = deque(item for item in self._work if item[1] is None)

    def poll(self, timeout_s: float) -> list[Event]:  # noqa: ARG002  nothing happens while nobody polls
        """Trains the next stack, if nothing else has happened."""
        if not self._events and self._work:
            worker_id, assignment = self._work.popleft()
            worker = self._workers[worker_id]
            if assignment is None:
                self._events.append(flush_event(worker_id, worker.flush()))
            else:
                self._events.append(stack_event(worker_id, assignment.stack_id, worker.run(assignment)))
        events, self._events = self._events, []
        return events

    def rest(self) -> None:
        """The same as `release`: what is dear to start, imports and data, stays warm with this process."""
        self.release()

    def release(self) -> None:
        """Drops the workers and what they had queued."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
        self._work.clear()
        self._events.clear()

    def close(self) -> None:
        """The same as `release`: there is nothing else."""
        self.release()
