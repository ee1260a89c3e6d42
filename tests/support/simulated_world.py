"""A simulated clock, store, executor and its workers, with faults drawn from one generator; see `simulation.py`."""

import heapq
import itertools
import signal
from collections import Counter
from dataclasses import dataclass

from orchestrator.driver.signals import StopSignals
from orchestrator.lifecycle.events import (
    Flushed,
    StackRaised,
    StackSkipped,
    StackTrained,
    StoreFailed,
    WorkerLost,
    WorkerPlaced,
    WorkerStarted,
)
from results_store import StoreError
from results_store.records import FailureRecord

MAX_POLLS = 20_000
KILL_TAKES_S = 1.0
WARM_START_S = 0.01


class DriverKilled(BaseException):
    """kill -9 of the driver."""


@dataclass(kw_only=True)
class Faults:
    """How often what happens, drawn once per schedule."""

    death: float = 0.0  # per stack, at any moment of it
    start: float = 0.0  # a worker dies, or hangs, before it is ready; one that rests may die in the pause
    hang: float = 0.0  # a stack that hangs though its trials are innocent
    flaky: float = 0.0  # a stack that raises though its trials are innocent
    late: float = 0.0  # replies that take seconds
    zombie: float = 0.0  # a worker is said to be lost, and lives on
    skip: float = 0.0  # stacks of a call that are given back
    store: float = 0.0  # publishing or asking fails
    busy: float = 0.0  # workers that wait long for a CPU

    @property
    def are_few(self):
        """Whether nothing happens by chance: then every innocent trial has to come through."""
        return not (self.death or self.start or self.hang or self.flaky or self.store or self.zombie or self.late)


class World:
    """Time, and what is going to happen."""

    def __init__(self, rng):
        self.rng = rng
        self.now_s = 0.0
        self.injected = Counter()
        self._agenda = []
        self._order = itertools.count()

    def after(self, delay_s, action):
        self.at(self.now_s + delay_s, action)

    def at(self, time_s, action):
        heapq.heappush(self._agenda, (time_s, next(self._order), action))

    def step(self, until_s):
        """Does the next thing that happens until then; False if there is none."""
        if not self._agenda or self._agenda[0][0] > until_s:
            return False
        self.now_s, _, action = heapq.heappop(self._agenda)
        action()
        return True

    def happens(self, rate, name):
        if rate and self.rng.random() < rate:
            self.injected[name] += 1
            return True
        return False


class SimulatedStore:
    """Rows by attempt; writing and reading fail as the schedule says. Either all records of a call are kept or none."""

    def __init__(self, world):
        self.world, self.faults = world, Faults()
        self.rows, self.failures = {}, []
        self.never_lost = set()  # attempts that stood here when somebody asked

    def publish(self, records):
        fails = self.world.happens(self.faults.store, "publishing fails")
        keeps = not fails or self.world.rng.random() < 0.5  # it may be durable, and still be told as an error
        for record in records if keeps else ():
            if isinstance(record, FailureRecord):
                self.failures.append(record)
            else:
                self.rows[record.attempt_id] = record
        if fails:
            raise StoreError("no space left on device")

    def published(self, attempt_ids):
        if self.world.happens(self.faults.store, "asking fails"):
            raise StoreError("input/output error")
        return {attempt_id for attempt_id in attempt_ids if attempt_id in self.rows}

    def finished(self, trial_ids):
        done = {row.trial_id for row in self.rows.values()}
        return {trial_id: "completed" for trial_id in trial_ids if trial_id in done}

    def rows_of(self, trial_id):
        return [row for row in self.rows.values() if row.trial_id == trial_id]


class SimulatedWorker:
    """One process: trains, publishes, and dies. Tells an executor, unless that has been told that it is lost."""

    def __init__(self, worker_id, executor):
        self.worker_id, self.executor = worker_id, executor
        self.world, self.store, self.plot = executor.world, executor.store, executor.plot
        self.node = "?"
        self.is_told_of = False
        self.due_s = 0.0  # when all that it has told will have been heard
        self.is_alive, self.is_known, self.is_busy, self.is_ready = True, True, True, False
        self.calls, self.buffer, self.unreported = [], [], []

    # Its life

    def place(self, node):
        if self.is_alive:
            self.node = node
            self.tell(WorkerPlaced(worker_id=self.worker_id, host=f"host-of-{node}", node=node))
            if self.world.happens(self.plot.faults.start, "start dies"):
                self.world.after(1.0, lambda: self.die("no such module"))
            elif not self.world.happens(self.plot.faults.start / 3, "start hangs"):
                self.world.after(self.world.rng.uniform(0.1, 3.0), self.ready)

    def ready(self):
        if self.is_alive:
            self.is_busy, self.is_ready = False, True
            self.tell(WorkerStarted(worker_id=self.worker_id))
            self.go_on()

    def die(self, cause="killed"):
        if self.is_alive:
            self.is_alive = False
            self.lose(cause)

    def lose(self, cause):
        if self.is_known:
            self.tell(WorkerLost(worker_id=self.worker_id, cause=cause, details="all that is known"))
            self.is_known = False

    def tell(self, *events):
        if not self.is_known:
            return
        rng, executor = self.world.rng, self.executor
        delay_s = rng.uniform(1.0, 30.0) if self.world.happens(self.plot.faults.late, "late reply") else 0.001
        self.due_s = max(self.due_s, self.world.now_s + delay_s)  # replies keep their order
        self.world.at(self.due_s, lambda: executor.receive(self, events))

    def kill(self):
        """SIGKILL from outside; until it takes effect the publisher may still be at work."""
        if self.buffer and self.is_alive and self.world.rng.random() < 0.3:
            self.publish()
        self.is_alive = self.is_known = False

    # Its work

    def give(self, call):
        self.calls.append(call)
        self.go_on()

    def go_on(self):
        if self.is_alive and not self.is_busy and self.calls:
            self.is_busy = True
            call = self.calls.pop(0)
            self.world.after(0.001, self.flush if call is None else lambda: self.next_stack(list(call), []))

    def flush(self):
        if not self.is_alive:
            return
        if self.world.happens(self.plot.faults.death / 3, "dies before flush"):
            self.die()
        elif not self.publish():
            self.reply(StoreFailed(cause="no space left on device"))
        elif self.world.happens(self.plot.faults.death / 3, "dies after flush"):
            self.die()
        else:
            self.reply(Flushed(worker_id=self.worker_id, published=self.report()))

    def next_stack(self, stacks, events):
        if not self.is_alive:
            return
        if not stacks:
            self.reply(*events)
            return
        stack = stacks.pop(0)
        if events and self.world.happens(self.plot.faults.skip, "skipped"):
            events.append(StackSkipped(worker_id=self.worker_id, stack_id=stack.stack_id))
            self.next_stack(stacks, events)
            return
        self.plot.executed(self.executor, stack)
        lasts_s = self.plot.duration_s * len(stack.tasks) * self.world.rng.uniform(0.5, 1.0)
        trial_ids = {task.trial_id for task in stack.tasks}
        faults, happens = self.plot.faults, self.world.happens
        if self.node in self.plot.bad_nodes:
            self.world.injected["bad node kills"] += 1
            self.world.after(lasts_s / 2, self.die)
        elif trial_ids & self.plot.poisonous or happens(faults.death, "killed while training"):
            self.world.after(lasts_s * self.world.rng.random(), self.die)
        elif trial_ids & self.plot.hanging or happens(faults.hang, "hangs"):
            pass  # for ever
        elif happens(faults.zombie, "lost, and lives on"):
            self.lose("its node does not answer")
            self.world.after(lasts_s, lambda: self.trained(stack, stacks, events, lasts_s))
        else:
            self.world.after(lasts_s, lambda: self.trained(stack, stacks, events, lasts_s))

    def trained(self, stack, stacks, events, lasts_s):
        if not self.is_alive:
            return
        faults, happens = self.plot.faults, self.world.happens
        tasks = list(stack.tasks)
        raises = {task.trial_id for task in tasks} & self.plot.raising or happens(faults.flaky, "raises")
        if raises:
            innocent = list(itertools.takewhile(lambda task: task.trial_id not in self.plot.raising, tasks))
            tasks = innocent[: self.world.rng.randint(0, len(innocent))]
        self.buffer += tasks
        is_published = True
        if stack.publish_at_once or self.world.rng.random() < 0.4:
            is_published = self.publish()
        if happens(faults.death / 3, "dies before its reply"):
            self.die()
            return
        if not is_published:
            events.append(StoreFailed(cause="no space left on device"))
        elif raises:
            finished = tuple(task.attempt_id for task in tasks)
            events.append(
                StackRaised(
                    worker_id=self.worker_id,
                    stack_id=stack.stack_id,
                    finished=finished,
                    published=self.report(),
                    cause="ValueError: no",
                    traceback="Traceback",
                )
            )
        else:
            events.append(
                StackTrained(
                    worker_id=self.worker_id, stack_id=stack.stack_id, published=self.report(), duration_s=lasts_s
                )
            )
        self.next_stack(stacks, events)

    def publish(self):
        """What its thread does, or a flush."""
        records = [self.plot.record(task) for task in self.buffer]
        try:
            self.store.publish(records)
        except StoreError:
            return False
        self.unreported += [record.attempt_id for record in records]
        self.buffer = []
        return True

    def report(self):
        published, self.unreported = tuple(self.unreported), []
        return published

    def reply(self, *events):
        self.tell(*events)
        self.is_busy = False
        if self.buffer and self.world.rng.random() < 0.5:
            self.world.after(0.5, lambda: self.is_alive and self.publish())
        self.go_on()


class SimulatedExecutor:
    """Workers of one driver, on a few nodes."""

    can_stop_workers = True

    def __init__(self, world, store, plot, watcher):
        self.world, self.store, self.plot, self.watcher = world, store, plot, watcher
        self.workers, self.inbox = {}, []
        self.rested = []
        self.lost = set()
        self.placed = {}  # nodes of workers of which the driver knew them before its last poll
        self.kill_in = None  # how many more calls the driver lives
        self.interlude = None
        self.num_polls = 0

    def receive(self, worker, events):
        # Nothing is heard of a worker after its loss, or after the run that it worked for.
        if self.workers.get(worker.worker_id) is worker and worker.worker_id not in self.lost:
            self.inbox += events
            if any(isinstance(event, WorkerLost) for event in events):
                self.lost.add(worker.worker_id)

    def mortal(self):
        """Every call is a moment at which the driver may be killed."""
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in <= 0:
                self.world.injected["driver killed"] += 1
                raise DriverKilled

    def start_worker(self, worker_id, avoid=()):
        self.mortal()
        assert worker_id not in self.workers, "a worker is started once"
        if not self.plot.faults.busy:  # else there may be nowhere to go for so long that bad nodes are forgiven
            told = {node for node in self.plot.bad_nodes for notice in self.watcher.notices if f"of-{node} " in notice}
            assert told <= set(avoid), "a node that the user is told of is avoided"
        worker = self.workers[worker_id] = SimulatedWorker(worker_id, self)
        warm = next((rested for rested in self.rested if rested.node not in avoid), None)
        if warm is not None:
            self.take_over(worker, warm)
            return
        others = [node for node in self.plot.nodes if node not in avoid] or self.plot.nodes
        is_busy = self.world.happens(self.plot.faults.busy, "waits for a CPU")
        delay_s = self.world.rng.uniform(10.0, 100.0) if is_busy else 0.1
        self.world.after(delay_s, lambda: worker.place(self.world.rng.choice(others)))

    def stop_worker(self, worker_id):
        self.mortal()
        worker = self.workers[worker_id]
        self.world.injected["stopped"] += 1
        if worker.is_known:
            worker.kill()
            lost = WorkerLost(worker_id=worker_id, cause="stopped", details="all that is known")
            self.world.after(KILL_TAKES_S, lambda: self.receive(worker, [lost]))

    def run(self, worker_id, assignments):
        self.mortal()
        worker = self.workers[worker_id]
        assert worker.is_ready or not worker.is_alive, "nothing is given to a worker that is not ready"
        for assignment in assignments:
            if assignment.publish_at_once and not self.plot.faults.busy:
                self.check_node(worker, assignment.tasks[0].trial_id)
        worker.give(tuple(assignments))

    def check_node(self, worker, trial_id):
        lost_on = self.watcher.nodes_that_lost(trial_id)
        others = {node for worker_id, node in self.placed.items() if worker_id not in self.lost}
        if worker.node in lost_on:
            assert others <= lost_on, "a trial is tried again on another node, if there is a worker on one"

    def flush(self, worker_id):
        self.mortal()
        self.workers[worker_id].give(None)

    def cancel_queued(self):
        self.mortal()
        for worker in self.workers.values():
            for call in [call for call in worker.calls if call is not None]:
                if worker.is_known and self.world.rng.random() < 0.8:
                    worker.calls.remove(call)
                    skipped = [StackSkipped(worker_id=worker.worker_id, stack_id=stack.stack_id) for stack in call]
                    worker.tell(*skipped)

    def poll(self, timeout_s):
        self.mortal()
        self.num_polls += 1
        assert self.num_polls < MAX_POLLS, "the run does not end"
        if self.interlude is not None and self.num_polls >= self.interlude[0]:
            _, act = self.interlude
            self.interlude = None
            act()
        self.placed = {id_: worker.node for id_, worker in self.workers.items() if worker.is_told_of}
        # Now and then the driver is slow, or paused.
        until_s = self.world.now_s + (timeout_s if self.world.rng.random() < 0.8 else self.world.rng.uniform(0, 60.0))
        while not self.inbox:
            if not self.world.step(until_s):
                self.world.now_s = max(self.world.now_s, until_s)
                break
        events, self.inbox = self.inbox, []
        for event in events:
            if isinstance(event, WorkerPlaced):
                self.workers[event.worker_id].is_told_of = True
        return events

    def take_over(self, worker, warm):
        self.world.injected["taken over"] += 1
        self.rested.remove(warm)
        if self.world.happens(self.plot.faults.start, "died at rest"):
            self.world.after(WARM_START_S, worker.die)
            return
        worker.node = warm.node
        worker.tell(WorkerPlaced(worker_id=worker.worker_id, host=f"host-of-{warm.node}", node=warm.node))
        self.world.after(WARM_START_S, worker.ready)

    def rest(self):
        """Those that are ready rest; one that is starting might as well, which is of no use to a simulation."""
        self.mortal()
        for worker in self.workers.values():
            is_idle = worker.is_ready and not worker.is_busy and not worker.calls
            if worker.is_alive and worker.is_known and is_idle:
                assert not worker.buffer, "a worker at rest holds nothing that is not published"
                self.rested.append(worker)
            else:
                worker.kill()
        self.workers, self.inbox, self.lost, self.placed = {}, [], set(), {}

    def release(self):
        for worker in [*self.workers.values(), *self.rested]:
            worker.kill()
        self.rested = []


class SimulatedSignals(StopSignals):
    """Ctrl-C at given moments."""

    def __init__(self, world, moments_s):
        super().__init__(leaves_training=False)
        self._world, self._moments_s = world, sorted(moments_s)

    def take(self):
        while self._moments_s and self._world.now_s >= self._moments_s[0]:
            self._moments_s.pop(0)
            self._world.injected["Ctrl-C"] += 1
            if not self.was_interrupted or self._num_interrupts < 2:
                self._received(signal.SIGINT, None)
        return super().take()
