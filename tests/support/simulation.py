"""The whole driver under a simulated clock, executor and store: one random schedule of faults per seed.

`run_schedule(seed)` draws everything from one generator: trials, workers, nodes, durations, and every fault. It raises
AssertionError where a promise is broken: the run does not end, a trial is lost or computed without need, attempts are
not bounded, what the driver says is not what the store holds. The same seed is the same schedule, always.
"""

import heapq
import itertools
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from orchestrator.driver.driver import Driver
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
from orchestrator.lifecycle.states import TrialState
from orchestrator.study.schema import Limits
from orchestrator.study.study import Trial
from results_store import StoreError
from results_store.records import FailureRecord, Provenance, TrialRecord

MAX_POLLS = 20_000
KILL_TAKES_S = 1.0
CELL = SimpleNamespace(config=SimpleNamespace(model_dump=lambda mode: {}))
BIRTH = datetime(2026, 1, 1, tzinfo=UTC)


class DriverKilled(BaseException):
    """kill -9 of the driver."""


@dataclass(kw_only=True)
class Outcome:
    """What came of a schedule, for tables of what was tried."""

    num_trials: int
    num_drivers: int
    num_published: int
    num_failed: int
    num_rows: int
    injected: Counter = field(default_factory=Counter)


@dataclass(kw_only=True)
class Faults:
    """How often what happens, drawn once per schedule."""

    death: float = 0.0  # per stack, at any moment of it
    start: float = 0.0  # a worker dies, or hangs, before it is ready
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
        heapq.heappush(self._agenda, (self.now_s + delay_s, next(self._order), action))

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
        self.due_s = max(getattr(self, "due_s", 0.0), self.world.now_s + delay_s)  # replies keep their order
        self.world.after(self.due_s - self.world.now_s, lambda: executor.receive(self.worker_id, events))

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
        self.lost = set()
        self.placed = {}  # nodes of workers of which the driver knew them before its last poll
        self.kill_in = None  # how many more calls the driver lives
        self.interlude = None
        self.num_polls = 0

    def receive(self, worker_id, events):
        if worker_id not in self.lost:  # nothing is heard of a worker after its loss
            self.inbox += events
            if any(isinstance(event, WorkerLost) for event in events):
                self.lost.add(worker_id)

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
            self.world.after(KILL_TAKES_S, lambda: self.receive(worker_id, [lost]))

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

    def release(self):
        for worker in self.workers.values():
            worker.kill()


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


class Plot:
    """The trials, who among them is bad, and the rest of what a schedule is made of."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world
        self.trials = [Trial(trial_id=f"t{index}", cell=CELL, seed=index) for index in range(rng.randint(1, 16))]
        ids = [trial.trial_id for trial in self.trials]
        chosen = iter(rng.sample(ids, len(ids)))
        self.max_attempts = rng.choice([1, 2, 3])
        self.has_timeout = rng.random() < 0.6
        self.poisonous = set(itertools.islice(chosen, rng.choice([0, 0, 1, 2])))
        self.raising = set(itertools.islice(chosen, rng.choice([0, 0, 1, 2])))
        self.hanging = set(itertools.islice(chosen, rng.choice([0, 0, 1]) if self.has_timeout else 0))
        self.duration_s = rng.choice([0.001, 0.01, 0.3, 20.0])
        self.nodes = [f"node{index}" for index in range(rng.choice([1, 1, 2, 3]))]
        self.bad_nodes = {self.nodes[0]} if len(self.nodes) > 1 and rng.random() < 0.3 else set()
        self.faults = Faults()
        self.executions = {}  # by executor: (trial_id, is_alone) of everything that began
        self.attempts = set()
        self.num_attempts = itertools.count()
        self.num_records = itertools.count()

    @property
    def guilty(self):
        return self.poisonous | self.raising | self.hanging

    def draw_faults(self):
        rng = self.rng
        rates = [0.0, 0.0, 0.05, 0.3]
        names = ["death", "start", "flaky", "late", "zombie", "skip", "busy"]
        faults = Faults(**{name: rng.choice(rates) for name in names}) if rng.random() < 0.8 else Faults()
        if faults.death and self.has_timeout:
            faults.hang = rng.choice([0.0, 0.1])
        if rng.random() < 0.15:
            faults.store = 0.05
        return faults

    def new_attempt_id(self):
        attempt_id = f"a{next(self.num_attempts)}"
        self.attempts.add(attempt_id)
        return attempt_id

    def executed(self, executor, stack):
        for task in stack.tasks:
            self.executions.setdefault(executor, []).append((task.trial_id, stack.publish_at_once))

    def record(self, task):
        return TrialRecord(
            trial_id=task.trial_id,
            attempt_id=task.attempt_id,
            trainable="simulated",
            trainable_version=1,
            seed=task.seed,
            status="completed",
            config={},
            metrics={},
            duration_s=1.0,
            stack_size=1,
            provenance=Provenance(
                git_commit=None,
                git_dirty=None,
                source_hash="",
                versions={},
                host="host",
                cpu="cpu",
                threads=1,
                finished_at=BIRTH + timedelta(seconds=next(self.num_records)),
            ),
        )


class Watcher:
    """An observer; keeps what the driver says."""

    def __init__(self):
        self.failures, self.notices = [], []

    def update(self, counts):
        assert all(number >= 0 for number in counts.values())

    def failure(self, failure):
        self.failures.append(failure)

    def notice(self, text):
        self.notices.append(text)

    def nodes_that_lost(self, trial_id):
        lost = [failure for failure in self.failures if failure.kind == "lost"]
        return {failure.host.removeprefix("host-of-") for failure in lost if failure.attempt.trial_id == trial_id}


class Schedule:
    """One story: drivers, one after another and sometimes two at once, until the study is done."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.world = World(self.rng)
        self.store = SimulatedStore(self.world)
        self.plot = Plot(self.rng, self.world)
        self.num_drivers = 0
        self.may_run_twice = False
        self.num_failed = 0

    def run(self):
        for round_ in range(6):
            is_last = round_ == 5
            faults = Faults() if is_last else self.plot.draw_faults()
            self.plot.faults = self.store.faults = faults
            if is_last:
                self.plot.bad_nodes = set()
            outcome = self.drive(faults, disturbed=not is_last, may_have_guest=not is_last)
            if outcome is not None and outcome.stop_reason is None and self.missing() <= self.plot.guilty:
                break
        ids = {trial.trial_id for trial in self.plot.trials}
        stored = {row.trial_id for row in self.store.rows.values()}
        assert ids - self.plot.guilty == stored, f"lost: {ids - self.plot.guilty - stored}, or appeared from nowhere"
        assert self.store.rows.keys() <= self.plot.attempts
        return Outcome(
            num_trials=len(ids),
            num_drivers=self.num_drivers,
            num_published=len(stored),
            num_failed=self.num_failed,
            num_rows=len(self.store.rows),
            injected=self.world.injected,
        )

    def missing(self):
        return {trial.trial_id for trial in self.plot.trials} - {row.trial_id for row in self.store.rows.values()}

    def drive(self, faults, *, disturbed, may_have_guest):
        """One submit; None if its driver was killed."""
        rng = self.rng
        self.num_drivers += 1
        done = self.store.finished(trial.trial_id for trial in self.plot.trials)
        to_run = [trial for trial in self.plot.trials if trial.trial_id not in done]
        cuts = sorted(rng.sample(range(1, len(to_run)), rng.randrange(len(to_run)))) if to_run else []
        stacks = [to_run[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)] if to_run else []
        watcher = Watcher()
        executor = SimulatedExecutor(self.world, self.store, self.plot, watcher)
        moments_s = []
        limits = {"max_attempts": self.plot.max_attempts}
        if self.plot.has_timeout:
            limits["trial_timeout_s"] = self.plot.duration_s * 2
        if disturbed and rng.random() < 0.5:
            match rng.choice(["kill", "guest", "interrupt", "budget", "max_failed"]):
                case "kill":
                    executor.kill_in = rng.randint(1, 60)
                case "guest" if may_have_guest:
                    executor.interlude = (rng.randint(1, 40), self.guest)
                case "interrupt":
                    moments_s = [self.world.now_s + rng.uniform(0, 60) for _ in range(rng.choice([1, 2]))]
                case "budget":
                    limits["time_budget_s"] = rng.uniform(0.1, 60.0)
                case "max_failed":
                    limits["max_failed_trials"] = rng.randint(0, 2)
        driver = Driver(
            store=self.store,
            executor=executor,
            observer=watcher,
            signals=SimulatedSignals(self.world, moments_s),
            clock=SimpleNamespace(now_s=lambda: self.world.now_s),
            attempt_ids=self.plot.new_attempt_id,
        )
        rows_before = len(self.store.rows)
        num_failures_before = len(self.store.failures)
        try:
            outcome = driver.run(stacks, limits=Limits(**limits), num_workers=rng.randint(1, 4))
        except DriverKilled:
            self.may_run_twice = True  # what its workers publish while they die nobody notices
            self.check_executions(executor)
            return None
        if faults.zombie or faults.store or outcome.stop_reason is not None or self.num_guests:
            self.may_run_twice = True
        self.check_executions(executor)
        self.check(outcome, watcher, to_run, self.store.failures[num_failures_before:], limits)
        assert len(self.store.rows) >= rows_before
        return outcome

    num_guests = 0

    def guest(self):
        """A second driver on the same store, while the first stands still."""
        self.num_guests += 1
        self.world.injected["two drivers"] += 1
        self.may_run_twice = True
        self.drive(self.plot.faults, disturbed=True, may_have_guest=False)

    def check_executions(self, executor):
        executions = self.plot.executions.get(executor, [])
        alone = Counter(trial_id for trial_id, is_alone in executions if is_alone)
        shared = Counter(trial_id for trial_id, is_alone in executions if not is_alone)
        assert all(number <= self.plot.max_attempts for number in alone.values()), f"attempts are bounded: {alone}"
        assert all(number <= 3 for number in shared.values()), f"stacks are not repeated for ever: {shared}"

    def check(self, outcome, watcher, to_run, recorded, limits):
        counts, num_rows = outcome.counts, Counter(row.trial_id for row in self.store.rows.values())
        assert sum(counts.values()) == len(to_run), "every trial has one state"
        missing = [trial.trial_id for trial in to_run if not num_rows[trial.trial_id]]
        given_up = [failure.attempt.trial_id for failure in watcher.failures if failure.gave_up]
        self.num_failed += len(given_up)
        assert len(given_up) == len(set(given_up)) == counts[TrialState.FAILED], "who has failed is told once"
        assert counts[TrialState.PUBLISHED] <= len(to_run) - len(missing), "what counts as done is in the store"
        for failure in watcher.failures:
            assert failure.host.startswith("host-of-"), f"where it happened is known: {failure}"
            assert failure.cause
            assert failure.traceback, f"all that is known is recorded: {failure}"
        if outcome.stop_reason is None:
            assert counts[TrialState.PUBLISHED] + counts[TrialState.FAILED] == len(to_run), "no trial is forgotten"
            assert set(missing) <= set(given_up), "what is not in the store has failed"
            told = {failure.attempt.attempt_id for failure in watcher.failures}
            assert {record.attempt_id for record in recorded} >= told or self.num_guests, "failures are recorded"
            if self.plot.faults.are_few and not self.plot.bad_nodes:
                assert set(given_up) <= self.plot.guilty, "no innocent trial fails for its neighbours"
            if self.plot.faults.are_few and not (self.plot.bad_nodes or self.plot.poisonous or self.plot.hanging):
                assert {failure.kind for failure in watcher.failures} <= {"raised"}, "no worker is lost without a cause"
        elif outcome.stop_reason == "interrupted" or "budget" in outcome.stop_reason or "allows" in outcome.stop_reason:
            assert not outcome.is_broken
        else:
            assert outcome.is_broken, outcome.stop_reason
            assert self.plot.faults.store or self.plot.faults.start, outcome.stop_reason
        if not self.may_run_twice:
            assert all(number == 1 for number in num_rows.values()), "nothing in the store is run again"
            lost = {failure.attempt.attempt_id for failure in watcher.failures if failure.kind == "lost"}
            assert not lost & self.store.rows.keys(), "what is in the store is not lost"
            assert counts[TrialState.PUBLISHED] == len(to_run) - len(missing), "what is in the store counts"
        if "max_failed_trials" in limits and outcome.stop_reason is None:
            assert counts[TrialState.FAILED] <= limits["max_failed_trials"] or not (
                counts[TrialState.PENDING] + counts[TrialState.RUNNING]
            )


def run_schedule(seed: int) -> Outcome:
    """Lives through one random schedule of faults; raises AssertionError where a promise is broken."""
    return Schedule(seed).run()
